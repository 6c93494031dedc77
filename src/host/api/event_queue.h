/* Events that wait for a program that polls. A node's events borrow from the node, so the queue has
 * copies, with all that they point to, each in one piece of memory. */
#ifndef SKAD_HOST_API_EVENT_QUEUE_H
#define SKAD_HOST_API_EVENT_QUEUE_H

#include "skad/event.h"

#define SKAD_EVENT_QUEUE_MAX 1024

typedef struct skad_queued_event skad_queued_event;

typedef struct skad_event_queue {
    skad_queued_event *first;
    skad_queued_event *last;
    size_t count;
    uint64_t lost;           /* for lack of room, the oldest first, or of memory */
    skad_queued_event *lent; /* the one that was taken last */
} skad_event_queue;          /* all zero: an empty one */

void skad_event_queue_add(skad_event_queue *queue, const skad_event *event);
/* Takes the first event, or the first of this name if op is not 0; false if there is none. What it
 * points to is borrowed until the next call. */
bool skad_event_queue_take(skad_event_queue *queue, skad_op op, skad_event *out);
void skad_event_queue_free(skad_event_queue *queue);

#endif
