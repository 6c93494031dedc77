/* Events that belong to no operation, in the order in which they happened: a ring that the driver
 * polls. When it is full, the newest event replaces the oldest. */
#ifndef SKAD_RPC_EVENTS_H
#define SKAD_RPC_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "skad/event.h"
#include "skad/status.h"

typedef struct skad_event_ring {
    skad_event *events;
    size_t limit;
    size_t capacity; /* memory for so many: all, unless lazy_allocation */
    size_t first;
    size_t count;
} skad_event_ring;

/* Makes a ring of so many events; `later`: its memory grows with its contents. */
SKAD_MUST_CHECK skad_status skad_events_init(skad_event_ring *ring, size_t limit, bool later);
void skad_events_free(skad_event_ring *ring);

/* Puts a copy of an event into the ring. Without any memory the event is lost. */
void skad_events_emit(skad_event_ring *ring, const skad_event *event);

/* Takes the oldest event out; false if there is none. */
bool skad_events_poll(skad_event_ring *ring, skad_event *out);

#endif
