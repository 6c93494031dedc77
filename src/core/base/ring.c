#include "src/core/base/ring.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 2

void *skad_ring_grow(void *items, size_t size, size_t first, size_t slots, size_t *room)
{
    size_t wanted = *room == 0 ? ROOM_FIRST : 2 * *room;
    wanted = wanted < slots ? wanted : slots;
    uint8_t *grown = calloc(wanted, size);
    if (grown == NULL) {
        return NULL;
    }
    if (items != NULL) {
        size_t behind = (*room - first) * size;
        memcpy(grown, (const uint8_t *)items + first * size, behind);
        memcpy(grown + behind, items, first * size);
    }
    free(items);
    *room = wanted;
    return grown;
}
