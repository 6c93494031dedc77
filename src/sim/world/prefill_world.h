/* Tables that are filled at once, as they would be if all nodes had been up for long: each bucket
 * is full if there are enough nodes for it, with a random choice of those in its range; the sibling
 * list is complete; there are replacements as far as there are places; liveness checks are spread
 * evenly. */
#ifndef SKAD_SIM_WORLD_PREFILL_WORLD_H
#define SKAD_SIM_WORLD_PREFILL_WORLD_H

#include "src/sim/world/world.h"

/* Fills the tables of all nodes that are up with those that are up. */
void skad_sim_prefill(skad_world *world);

#endif
