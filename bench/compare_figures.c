#include "bench/compare_figures.h"

#include <stdlib.h>

#define DRAWS    2000
#define ALL_EACH 4096 /* figures of a sample; more are not drawn from */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double compare_quantile(double *figures, size_t count, double share)
{
    if (count == 0) {
        return 0;
    }
    qsort(figures, count, sizeof *figures, compare);
    size_t i = (size_t)(share * (double)count);
    return figures[i < count ? i : count - 1];
}

/* The median of a sample of sorted figures drawn anew: of as many random places the middle one. */
static double draw_median(const double *sorted, size_t count, skad_random *random)
{
    static unsigned drawn[ALL_EACH];
    size_t places = count < ALL_EACH ? count : ALL_EACH;
    for (size_t i = 0; i < places; i++) {
        drawn[i] = 0;
    }
    for (size_t i = 0; i < places; i++) {
        drawn[skad_random_below(random, places)]++;
    }
    size_t place = 0;
    for (size_t below = drawn[0]; below <= places / 2; below += drawn[place]) {
        place++;
    }
    return sorted[place];
}

compare_ratio compare_ratio_of(const double *first, size_t first_count, const double *second,
                               size_t second_count, skad_random *random)
{
    static double ratios[DRAWS];
    if (first_count == 0 || second_count == 0) {
        return (compare_ratio){0, 0, 0};
    }
    for (size_t i = 0; i < DRAWS; i++) {
        ratios[i] =
            draw_median(first, first_count, random) / draw_median(second, second_count, random);
    }
    return (compare_ratio){
        .median = first[first_count / 2] / second[second_count / 2],
        .low = compare_quantile(ratios, DRAWS, 0.025),
        .high = compare_quantile(ratios, DRAWS, 0.975),
    };
}
