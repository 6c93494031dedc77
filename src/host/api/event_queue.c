#include "src/host/api/event_queue.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"

struct skad_queued_event {
    skad_queued_event *next;
    skad_event event;
    _Alignas(max_align_t) uint8_t pieces[]; /* what the event points to */
};

/* ---- Copying ---- */

/* Where pieces go. Without a place it only measures, so that both walks are the same. */
typedef struct placer {
    uint8_t *at; /* NULL: measure */
    size_t used;
} placer;

/* Copies a piece, and returns its new address; NULL for an empty piece. */
static void *place(placer *to, const void *piece, size_t bytes)
{
    if (piece == NULL || bytes == 0) {
        return NULL;
    }
    const size_t align = _Alignof(max_align_t);
    const size_t begin = (to->used + align - 1) / align * align;
    to->used = begin + bytes;
    return to->at == NULL ? NULL : memcpy(to->at + begin, piece, bytes);
}

static void place_lookup(placer *to, skad_lookup_report *report)
{
    report->closest = place(to, report->closest, report->closest_count * sizeof report->closest[0]);
    report->steps = place(to, report->steps, report->steps_count * sizeof report->steps[0]);
}

static void place_get(placer *to, skad_get_report *report)
{
    const skad_provider *before = report->providers;
    report->value = place(to, report->value, report->len);
    report->publisher = place(to, report->publisher, SKAD_PUBLIC_KEY_BYTES);
    skad_provider *providers =
        place(to, before, report->providers_count * sizeof report->providers[0]);
    for (size_t i = 0; before != NULL && i < report->providers_count; i++) {
        const uint8_t *metadata = place(to, before[i].metadata, before[i].metadata_len);
        if (providers != NULL) {
            providers[i].metadata = metadata;
        }
    }
    report->providers = providers;
}

/* Has the copy of an event point to copies. */
static void place_pieces(placer *to, skad_event *event)
{
    switch (event->kind) {
    case SKAD_EVENT_LOOKUP:
        place_lookup(to, &event->u.lookup.report);
        break;
    case SKAD_EVENT_GET:
    case SKAD_EVENT_CHANGED:
        place_get(to, &event->u.get);
        break;
    case SKAD_EVENT_JOINED:
    case SKAD_EVENT_ISOLATED:
    case SKAD_EVENT_STEP:
    case SKAD_EVENT_PING:
    case SKAD_EVENT_PUT:
    case SKAD_EVENT_ADOPTED:
    case SKAD_EVENT_TWIN:
    case SKAD_EVENT_PUZZLE_NEEDED:
    case SKAD_EVENT_REACHABILITY:
        break;
    }
}

static skad_queued_event *copy(const skad_event *event)
{
    skad_event measured = *event;
    placer to = {.at = NULL};
    place_pieces(&to, &measured);
    const size_t bytes = to.used;
    skad_queued_event *made = malloc(sizeof *made + bytes);
    if (made != NULL) {
        made->next = NULL;
        made->event = *event;
        to = (placer){.at = made->pieces};
        place_pieces(&to, &made->event);
        SKAD_ASSERT(to.used == bytes);
    }
    return made;
}

/* ---- The queue ---- */

/* Takes out the one behind `before`; NULL: the first. */
static skad_queued_event *unlink_after(skad_event_queue *queue, skad_queued_event *before)
{
    skad_queued_event *taken = before == NULL ? queue->first : before->next;
    if (before == NULL) {
        queue->first = taken->next;
    } else {
        before->next = taken->next;
    }
    if (queue->last == taken) {
        queue->last = before;
    }
    queue->count--;
    return taken;
}

void skad_event_queue_add(skad_event_queue *queue, const skad_event *event)
{
    skad_queued_event *made = copy(event);
    if (made == NULL) {
        queue->lost++;
        return;
    }
    if (queue->count == SKAD_EVENT_QUEUE_MAX) {
        free(unlink_after(queue, NULL));
        queue->lost++;
    }
    if (queue->last == NULL) {
        queue->first = made;
    } else {
        queue->last->next = made;
    }
    queue->last = made;
    queue->count++;
}

bool skad_event_queue_take(skad_event_queue *queue, skad_op op, skad_event *out)
{
    skad_queued_event *before = NULL;
    skad_queued_event *one = queue->first;
    while (one != NULL && op != 0 && one->event.op != op) {
        before = one;
        one = one->next;
    }
    if (one == NULL) {
        return false;
    }
    free(queue->lent);
    queue->lent = unlink_after(queue, before);
    *out = queue->lent->event;
    return true;
}

void skad_event_queue_free(skad_event_queue *queue)
{
    while (queue->first != NULL) {
        free(unlink_after(queue, NULL));
    }
    free(queue->lent);
    *queue = (skad_event_queue){.first = NULL};
}
