#include "src/sim/base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *skad_sim_must(void *memory)
{
    if (memory == NULL) {
        (void)fflush(stdout);
        (void)fputs("skad sim: out of memory: simulate fewer nodes, or use fewer --jobs\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

void *skad_sim_alloc(size_t count, size_t bytes)
{
    return skad_sim_must(calloc(count == 0 ? 1 : count, bytes));
}

void *skad_sim_grow(void *old, size_t count, size_t bytes)
{
    return skad_sim_must(count > SIZE_MAX / bytes ? NULL : realloc(old, count * bytes));
}
