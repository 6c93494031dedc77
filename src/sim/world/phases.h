/* The phases of an adversary's plan: when its nodes come, leave and return, and when a joiner that
 * they aim at joins. Times are counted from the beginning of the measured time.
 *
 *   arrival_per_s   down at first; one after the other starts and joins, from arrive_from_s on
 *   leave_at_s      all that are up crash at once
 *   return_at_s     all start and join again
 *   aim = joiner    the victim is down at first, and joins at the very beginning, through its seed
 */
#ifndef SKAD_SIM_WORLD_PHASES_H
#define SKAD_SIM_WORLD_PHASES_H

#include "src/sim/world/world.h"

/* Called before tables are filled: takes down the nodes that come later. */
void skad_phases_prepare(skad_world *world);
/* Plans all that is to come; a joiner joins now. */
void skad_phases_begin(skad_world *world);
/* Carries out what is due: the index of a PHASE event. */
void skad_phases_due(skad_world *world, uint32_t index);

/* Whether adversaries do what honest nodes do for now. */
bool skad_phases_honest(const skad_world *world);

#endif
