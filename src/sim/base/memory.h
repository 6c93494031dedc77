/* Allocation that succeeds or ends the program with one clear line: a simulation that runs out of
 * memory halfway cannot go on in any useful way. */
#ifndef SKAD_SIM_BASE_MEMORY_H
#define SKAD_SIM_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed. */
void *skad_sim_alloc(size_t count, size_t bytes);
void *skad_sim_grow(void *old, size_t count, size_t bytes);

/* Ends the program if `memory`, which another function allocated, is NULL; else returns it. */
void *skad_sim_must(void *memory);

#endif
