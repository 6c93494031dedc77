/* Identities that adversaries grind: keys are drawn until their IDs lie where they are wanted. The
 * world has real identities of these IDs, so each is really drawn; the price is computed. */
#ifndef SKAD_SIM_WORLD_GRINDING_H
#define SKAD_SIM_WORLD_GRINDING_H

#include "src/sim/world/placement.h"
#include "src/sim/world/world.h"

typedef struct skad_grinding {
    bool near_key; /* else nothing is ground */
    skad_id key;
    uint64_t *finds; /* which draw of each adversary lies where it is wanted */
    double draws;    /* in all: counted, or expected where there are zones */
    skad_sim_zones zones;
} skad_grinding;

/* Draws the key, unless the scenario says which it is, and grinds. */
void skad_grinding_init(skad_grinding *grinding, const skad_world *world, skad_prng *prng);
void skad_grinding_free(skad_grinding *grinding);

/* The key that identities are ground for; NULL: none. */
const skad_id *skad_grinding_key(const skad_grinding *grinding);

/* Turns the seed of a ground identity into the one that was found; leaves others as they are. */
void skad_grinding_seed(const skad_grinding *grinding, const skad_world *world, uint32_t node,
                        uint8_t seed[static 32]);

#endif
