/* The little statistics that reports need. */
#ifndef SKAD_SIM_REPORT_STATS_H
#define SKAD_SIM_REPORT_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "src/sim/experiment/outcome.h"

typedef struct skad_sim_interval {
    double low;
    double high;
} skad_sim_interval;

/* A share, and its 95 % interval (Wilson, 1927); 0 to 1 where there was no trial. */
double skad_sim_share(uint64_t part, uint64_t all);
skad_sim_interval skad_sim_wilson(uint64_t part, uint64_t all);

/* The mean of independent samples and its 95 % interval by Student's t, within 0 to 1: 0 to 1 for a
 * single sample. Gets of one world are not independent, so a world is one sample. Where all samples
 * agree the interval has no width; that many agree by chance is as likely as 3 / n. */
double skad_sim_mean(const double *samples, size_t count);
skad_sim_interval skad_sim_t_interval(const double *samples, size_t count);

/* S/Kademlia's model of d disjoint paths when a share m of the nodes is hostile: the chance that
 * one of them is clean, P = sum of h_i (1 - (1 - (1-m)^i)^d) over path lengths i, whose measured
 * distribution is h (Baumgart and Mies, 2007, section 5.1). */
double skad_sim_path_model(const uint64_t hops[static SKAD_SIM_HOPS], double m, unsigned d);

#endif
