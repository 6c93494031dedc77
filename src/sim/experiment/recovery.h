/* Whether a network recovers: all faults end, and after a while lookups and gets must work as if
 * there had been none. */
#ifndef SKAD_SIM_EXPERIMENT_RECOVERY_H
#define SKAD_SIM_EXPERIMENT_RECOVERY_H

#include "src/sim/experiment/course.h"

/* Ends the faults and lets the scenario's settle_s go by; without settle_s nothing is done. What
 * does not hold then breaks the world, as an invariant does. */
void skad_sim_recovery_prove(skad_sim_course *self);

#endif
