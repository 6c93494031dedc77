/* Runs of peer slots, as buckets, replacement caches and the sibling list keep them. */
#ifndef SKAD_ROUTING_RUN_H
#define SKAD_ROUTING_RUN_H

#include <stddef.h>
#include <string.h>

#include "src/core/routing/peers.h"

/* Where a slot stands; count if nowhere. */
static inline size_t skad_run_find(const skad_peer_slot *run, size_t count, skad_peer_slot slot)
{
    size_t at = 0;
    while (at < count && run[at] != slot) {
        at++;
    }
    return at;
}

/* Closes the gap that the slot at a place leaves. */
static inline void skad_run_remove(skad_peer_slot *run, size_t *count, size_t at)
{
    memmove(&run[at], &run[at + 1], (*count - at - 1) * sizeof *run);
    (*count)--;
}

#endif
