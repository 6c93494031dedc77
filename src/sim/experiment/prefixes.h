/* The population of each prefix of the key space: as many bits as leave about four honest nodes
 * under each, a quarter of a region, at most ten. Random IDs fill them as a Poisson distribution
 * says; identities that are ground to lie around a key stand out. Four times the mean is where the
 * density check begins to notice (core/routing/density.h): s nodes where a quarter of them is
 * usual. */
#ifndef SKAD_SIM_EXPERIMENT_PREFIXES_H
#define SKAD_SIM_EXPERIMENT_PREFIXES_H

#include "src/sim/world/world.h"

#define SKAD_SIM_PREFIX_BITS_MAX 10
#define SKAD_SIM_PREFIXES_MAX    (1U << SKAD_SIM_PREFIX_BITS_MAX)

typedef struct skad_sim_prefixes {
    uint64_t bits;
    uint16_t honest[SKAD_SIM_PREFIXES_MAX]; /* nodes that are up, by prefix; at most 65,535 */
    uint16_t adverse[SKAD_SIM_PREFIXES_MAX];
} skad_sim_prefixes;

void skad_sim_prefixes_count(skad_sim_prefixes *prefixes, const skad_world *world);

#endif
