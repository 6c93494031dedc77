/* The detector of Sridhar et al. (NDSS 2024), to be compared with ours: how the closest nodes of a
 * lookup are distributed over lengths of the prefix that they share with its target, against what
 * chance makes of so large a network. The distance of the two is that of Kullback and Leibler.
 *
 * Of N random IDs some Poisson number of mean N / 2^x share x bits or more with a target; of the k
 * closest that is so for min(k, that many). */
#ifndef SKAD_SIM_EXPERIMENT_DIVERGENCE_H
#define SKAD_SIM_EXPERIMENT_DIVERGENCE_H

#include <stddef.h>

#include "skad/types.h"

#define SKAD_SIM_DIVERGENCE_THRESHOLD 0.94 /* of the paper, in nats, for twenty nodes */

/* In nats. 0 without nodes, or where the size of the network is not known. */
double skad_sim_divergence(const skad_id *target, const skad_contact *closest, size_t count,
                           double network_size);

#endif
