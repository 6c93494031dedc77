/* Lists of peer slots, as buckets, replacement caches and the sibling list keep them. */
#ifndef SKAD_ROUTING_SLOT_LIST_H
#define SKAD_ROUTING_SLOT_LIST_H

#include <stddef.h>
#include <string.h>

#include "src/core/routing/peers.h"

/* Returns the position of a slot; count if it is not in the list. */
static inline size_t skad_slot_list_find(const skad_peer_slot *slots, size_t count,
                                         skad_peer_slot slot)
{
    size_t at = 0;
    while (at < count && slots[at] != slot) {
        at++;
    }
    return at;
}

/* Removes the slot at a position and closes the gap. */
static inline void skad_slot_list_remove(skad_peer_slot *slots, size_t *count, size_t at)
{
    memmove(&slots[at], &slots[at + 1], (*count - at - 1) * sizeof *slots);
    (*count)--;
}

#endif
