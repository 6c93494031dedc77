/* Memory that is there or ends the program with one clear line: a simulation that ran out of memory
 * halfway has nothing useful to go on with. */
#ifndef SKAD_SIM_BASE_MEMORY_H
#define SKAD_SIM_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed. */
void *skad_sim_alloc(size_t count, size_t bytes);
void *skad_sim_grow(void *old, size_t count, size_t bytes);

/* Ends the program where `memory`, which somebody else allocated, is NULL; else returns it. */
void *skad_sim_must(void *memory);

#endif
