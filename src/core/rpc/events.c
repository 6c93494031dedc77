#include "src/core/rpc/events.h"

#include <stdlib.h>

#include "src/core/base/ring.h"

skad_status skad_events_init(skad_event_ring *ring, size_t slots, bool later)
{
    *ring = (skad_event_ring){.slots = slots};
    if (later) {
        return SKAD_OK;
    }
    ring->room = slots;
    ring->events = calloc(slots, sizeof *ring->events);
    return ring->events == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_events_free(skad_event_ring *ring)
{
    free(ring->events);
    *ring = (skad_event_ring){0};
}

void skad_events_emit(skad_event_ring *ring, const skad_event *event)
{
    if (ring->count == ring->room && ring->room < ring->slots) {
        skad_event *grown =
            skad_ring_grow(ring->events, sizeof *grown, ring->first, ring->slots, &ring->room);
        ring->first = grown != NULL ? 0 : ring->first;
        ring->events = grown != NULL ? grown : ring->events;
    }
    if (ring->room == 0) {
        return;
    }
    if (ring->count == ring->room) {
        ring->first = (ring->first + 1) % ring->room;
        ring->count--;
    }
    ring->events[(ring->first + ring->count) % ring->room] = *event;
    ring->count++;
}

bool skad_events_poll(skad_event_ring *ring, skad_event *out)
{
    if (ring->count == 0) {
        return false;
    }
    *out = ring->events[ring->first];
    ring->first = (ring->first + 1) % ring->room;
    ring->count--;
    return true;
}
