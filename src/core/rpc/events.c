#include "src/core/rpc/events.h"

#include <stdlib.h>

#include "src/core/base/ring.h"

skad_status skad_events_init(skad_event_ring *ring, size_t limit, bool later)
{
    *ring = (skad_event_ring){.limit = limit};
    if (later) {
        return SKAD_OK;
    }
    ring->capacity = limit;
    ring->events = calloc(limit, sizeof *ring->events);
    return ring->events == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_events_free(skad_event_ring *ring)
{
    free(ring->events);
    *ring = (skad_event_ring){0};
}

void skad_events_emit(skad_event_ring *ring, const skad_event *event)
{
    if (ring->count == ring->capacity && ring->capacity < ring->limit) {
        skad_event *grown =
            skad_ring_grow(ring->events, sizeof *grown, ring->first, ring->limit, &ring->capacity);
        ring->first = grown != NULL ? 0 : ring->first;
        ring->events = grown != NULL ? grown : ring->events;
    }
    if (ring->capacity == 0) {
        return;
    }
    if (ring->count == ring->capacity) {
        ring->first = (ring->first + 1) % ring->capacity;
        ring->count--;
    }
    ring->events[(ring->first + ring->count) % ring->capacity] = *event;
    ring->count++;
}

bool skad_events_poll(skad_event_ring *ring, skad_event *out)
{
    if (ring->count == 0) {
        return false;
    }
    *out = ring->events[ring->first];
    ring->first = (ring->first + 1) % ring->capacity;
    ring->count--;
    return true;
}
