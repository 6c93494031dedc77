/* Arrays that are allocated with their first use. A daemon's node takes all of its memory at the
 * start, so that none is missing under attack; a simulator's many nodes take it when they need it.
 * tests/node/test_memory.c has each allocation fail once. */
#ifndef SKAD_BASE_LAZY_H
#define SKAD_BASE_LAZY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "skad/status.h"

/* Returns the initial value of an array: NULL if it is allocated later, otherwise `count` zeroed
 * elements, or NULL without memory. The caller frees it. */
static inline void *skad_lazy_begin(bool later, size_t count, size_t size)
{
    return later ? NULL : calloc(count, size);
}

/* Whether skad_lazy_begin succeeded, as a status. */
static inline skad_status skad_lazy_begun(bool later, const void *array)
{
    return later || array != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

/* Returns the array, and allocates it if it was not there before; NULL without memory. */
static inline void *skad_lazy_use(void *array, size_t count, size_t size)
{
    return array != NULL ? array : calloc(count, size);
}

#endif
