/* Behaviours of adversaries that are shared objects, ./mine.so: world/adversary.h says what is in
 * one. It runs in the simulator's process with all that the simulator may do, so only load what you
 * would run as a program. */
#ifndef SKAD_SIM_PROGRAM_OBJECTS_H
#define SKAD_SIM_PROGRAM_OBJECTS_H

#include "src/sim/scenario/behaviours.h"

/* A skad_sim_behaviour_loader. The object stays loaded until the program ends. */
bool skad_sim_object_load(const char *path, uint64_t *out,
                          char reason[static SKAD_SIM_REASON_BYTES]);

#endif
