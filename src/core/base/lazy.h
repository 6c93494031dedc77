/* Arrays that are allocated with their first use. A daemon's node takes all of its memory at the
 * start, so that none is missing under attack; a simulator's many nodes take it when they need it.
 * tests/node/test_memory.c has each allocation fail once. */
#ifndef SKAD_BASE_LAZY_H
#define SKAD_BASE_LAZY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "skad/status.h"

/* What an array begins as: NULL if it comes later, else `count` zeroed elements or NULL without
 * memory. The caller frees it. */
static inline void *skad_lazy_begin(bool later, size_t count, size_t size)
{
    return later ? NULL : calloc(count, size);
}

/* Whether an array that began so is what it should be. */
static inline skad_status skad_lazy_begun(bool later, const void *array)
{
    return later || array != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

/* The array, allocated now if it was not before; NULL without memory. */
static inline void *skad_lazy_use(void *array, size_t count, size_t size)
{
    return array != NULL ? array : calloc(count, size);
}

#endif
