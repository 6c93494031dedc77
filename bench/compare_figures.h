/* Quantiles of measured times, and how sure the ratio of two medians is. */
#ifndef SKAD_BENCH_COMPARE_FIGURES_H
#define SKAD_BENCH_COMPARE_FIGURES_H

#include <stddef.h>

#include "crypto/random.h"

typedef struct compare_ratio {
    double median; /* of the first's medians to the second's */
    double low;    /* 95 % of the resampled ratios lie between these two */
    double high;
} compare_ratio;

/* The figure below which a share of all lies; sorts them. 0 of none. */
double compare_quantile(double *figures, size_t count, double share);

/* Of two samples, sorted; bootstrap (Efron, 1979): each is drawn anew from itself, with
 * replacement. All zero if one of them is empty. */
compare_ratio compare_ratio_of(const double *first, size_t first_count, const double *second,
                               size_t second_count, skad_random *random);

#endif
