/* Whether a network recovers: all faults end, and after a while lookups and gets must work as if
 * there had been none. */
#ifndef SKAD_SIM_EXPERIMENT_RECOVERY_H
#define SKAD_SIM_EXPERIMENT_RECOVERY_H

#include "src/sim/experiment/course.h"

/* Ends the faults and lets the scenario's settle_s pass; without settle_s it does nothing. A failed
 * check counts as a broken invariant of the world. */
void skad_sim_recovery_prove(skad_sim_course *self);

#endif
