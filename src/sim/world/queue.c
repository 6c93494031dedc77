#include "src/sim/world/queue.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "src/sim/base/memory.h"

#define ROOM_MIN  16
#define ROOM_IDLE 65536 /* an empty bucket keeps no more than this */
/* In an event's kind: the number of stages at which it was announced. */
#define TOLD_SHIFT 28
#define TOLD_MASK  (UINT32_MAX << TOLD_SHIFT)

void skad_sim_queue_free(skad_sim_queue *queue)
{
    for (size_t i = 0; i < SKAD_SIM_BUCKETS; i++) {
        free(queue->buckets[i].events);
    }
    *queue = (skad_sim_queue){0};
}

static size_t bucket_of(const skad_sim_queue *queue, uint64_t due_us)
{
    uint64_t differs = due_us ^ queue->last_us;
    return differs == 0 ? 0 : 64 - (size_t)__builtin_clzll(differs);
}

static void append(skad_sim_queue *queue, size_t at, skad_sim_event event)
{
    skad_sim_bucket *bucket = &queue->buckets[at];
    if (bucket->count == bucket->room) {
        bucket->room = bucket->room == 0 ? ROOM_MIN : 2 * bucket->room;
        bucket->events = skad_sim_grow(bucket->events, bucket->room, sizeof *bucket->events);
    }
    bucket->events[bucket->count++] = event;
    if (at > 0) {
        queue->filled |= UINT64_C(1) << (at - 1);
    }
}

void skad_sim_queue_put(skad_sim_queue *queue, skad_sim_event event)
{
    SKAD_ASSERT(event.due_us >= queue->last_us);
    append(queue, bucket_of(queue, event.due_us), event);
    queue->count++;
}

static void empty(skad_sim_bucket *bucket)
{
    bucket->first = 0;
    bucket->count = 0;
    if (bucket->room > ROOM_IDLE) {
        free(bucket->events);
        bucket->events = NULL;
        bucket->room = 0;
    }
}

static uint64_t earliest(const skad_sim_bucket *bucket)
{
    uint64_t least_us = UINT64_MAX;
    for (size_t i = 0; i < bucket->count; i++) {
        least_us = bucket->events[i].due_us < least_us ? bucket->events[i].due_us : least_us;
    }
    return least_us;
}

/* Announces the events of a bucket that were not announced at this stage yet. */
static void foretell(const skad_sim_queue *queue, skad_sim_bucket *bucket, unsigned stage)
{
    skad_sim_event news[SKAD_SIM_SOON_MAX];
    size_t count = 0;
    for (size_t i = 0; i < bucket->count; i++) {
        skad_sim_event *event = &bucket->events[i];
        if (event->kind >> TOLD_SHIFT == stage) {
            event->kind += UINT32_C(1) << TOLD_SHIFT;
            news[count] = *event;
            news[count++].kind &= ~TOLD_MASK;
        }
    }
    if (count > 0) {
        queue->soon(queue->soon_user, news, count, stage);
    }
}

/* Hands down the lowest bucket that is not empty: the events that are due first go to the bottom.
 * False, with nothing changed, if they are due later than end_us. */
static bool hand_down(skad_sim_queue *queue, uint64_t end_us)
{
    static const size_t soon[SKAD_SIM_STAGES] = SKAD_SIM_SOON;
    size_t at = 1 + (size_t)__builtin_ctzll(queue->filled);
    skad_sim_bucket *bucket = &queue->buckets[at];
    uint64_t next_us = earliest(bucket);
    if (next_us > end_us) {
        return false;
    }
    queue->last_us = next_us;
    for (unsigned stage = 0; queue->soon != NULL && stage < SKAD_SIM_STAGES; stage++) {
        if (bucket->count <= soon[stage]) { /* buckets get smaller as their events come nearer */
            foretell(queue, bucket, stage);
        }
    }
    queue->filled &= ~(UINT64_C(1) << (at - 1));
    for (size_t i = 0; i < bucket->count; i++) {
        append(queue, bucket_of(queue, bucket->events[i].due_us), bucket->events[i]);
    }
    empty(bucket);
    return true;
}

bool skad_sim_queue_take(skad_sim_queue *queue, uint64_t end_us, skad_sim_event *out)
{
    skad_sim_bucket *bottom = &queue->buckets[0];
    if (bottom->first == bottom->count) {
        empty(bottom);
        if (queue->filled == 0 || !hand_down(queue, end_us)) {
            return false;
        }
    }
    if (queue->last_us > end_us) {
        return false;
    }
    *out = bottom->events[bottom->first++];
    out->kind &= ~TOLD_MASK;
    queue->count--;
    return true;
}
