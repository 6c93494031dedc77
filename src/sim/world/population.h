/* The nodes of a world: their identities, limits, clocks and NATs, their birth and death. */
#ifndef SKAD_SIM_WORLD_POPULATION_H
#define SKAD_SIM_WORLD_POPULATION_H

#include "src/sim/world/world.h"

/* Makes all nodes of world->scenario, and the index of their IDs. */
void skad_population_init(skad_world *world);
void skad_population_free(skad_world *world);

/* The name of the first invariant that a node breaks, or NULL. */
const char *skad_population_broken(const skad_world *world, uint32_t node);

/* Heap bytes in use by the whole program. */
size_t skad_population_bytes(void);

#endif
