/* Tables that are filled at once, as they would be after all nodes had been there for long: each
 * bucket full where there are enough for it, a random choice of those in its range, the sibling
 * list complete, replacements as far as there are places. Liveness checks are due evenly spread. */
#ifndef SKAD_SIM_WORLD_PREFILL_WORLD_H
#define SKAD_SIM_WORLD_PREFILL_WORLD_H

#include "src/sim/world/world.h"

/* Fills the tables of all nodes that are up with those that are up. */
void skad_sim_prefill(skad_world *world);

#endif
