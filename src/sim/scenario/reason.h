/* Why a scenario does not work: one line for its author. */
#ifndef SKAD_SIM_SCENARIO_REASON_H
#define SKAD_SIM_SCENARIO_REASON_H

#include <stdbool.h>

#define SKAD_SIM_REASON_BYTES 384

/* Fills in the line (cut if it is too long) and returns false, for `return skad_sim_reason()`. */
__attribute__((format(printf, 2, 3))) bool
skad_sim_reason(char reason[static SKAD_SIM_REASON_BYTES], const char *format, ...);

#endif
