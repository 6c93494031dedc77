#include "src/core/base/ring.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 2

void *skad_ring_grow(void *items, size_t size, size_t first, size_t limit, size_t *capacity)
{
    size_t wanted = *capacity == 0 ? CAPACITY_FIRST : 2 * *capacity;
    wanted = wanted < limit ? wanted : limit;
    uint8_t *grown = calloc(wanted, size);
    if (grown == NULL) {
        return NULL;
    }
    if (items != NULL) {
        size_t behind = (*capacity - first) * size;
        memcpy(grown, (const uint8_t *)items + first * size, behind);
        memcpy(grown + behind, items, first * size);
    }
    free(items);
    *capacity = wanted;
    return grown;
}
