/* The queue of events, a radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, 1990). Simulated time never
 * goes back, so events may be sorted by the highest bit in which their time differs from that of
 * the last event taken. Putting an event in is an append. Each event moves at most 64 times, to
 * ever lower buckets, before it is taken. All of this works on runs of memory and compares no two
 * events.
 *
 * Events of equal time leave in the order in which they came in: they are always in one bucket, and
 * a bucket keeps its order when it is handed down. */
#ifndef SKAD_SIM_WORLD_QUEUE_H
#define SKAD_SIM_WORLD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum skad_sim_event_kind {
    SKAD_SIM_DELIVER, /* index: a flight (flights.h) */
    SKAD_SIM_WAKE,    /* index: the node whose deadline it may be */
    SKAD_SIM_CHANGE,  /* index: a node that comes or goes */
    SKAD_SIM_WORK,    /* index: the experiment's own */
    SKAD_SIM_ATTACK,  /* index: the league of adversaries whose turn it is (leagues.h) */
    SKAD_SIM_PHASE,   /* index: which part of their plan (phases.h) */
} skad_sim_event_kind;

typedef struct skad_sim_event {
    uint64_t due_us;
    uint32_t kind;
    uint32_t index;
} skad_sim_event;

#define SKAD_SIM_BUCKETS 65 /* equal to the last event's time; differing first in bit 0..63 */

typedef struct skad_sim_bucket {
    skad_sim_event *events;
    size_t first; /* those before have been taken; other buckets than the lowest begin at 0 */
    size_t count; /* end of those that wait */
    size_t room;
} skad_sim_bucket;

/* At each stage, the most events that come before the announced ones. */
#define SKAD_SIM_STAGES   4
#define SKAD_SIM_SOON_MAX 256
#define SKAD_SIM_SOON                                                                              \
    {                                                                                              \
        SKAD_SIM_SOON_MAX, 128, 48, 16                                                             \
    }

/* Called with each event once at each stage (0 first), as it comes nearer. A hint for prefetching:
 * memory that is requested at one stage is in the cache at the next. */
typedef void (*skad_sim_soon)(const void *user, const skad_sim_event *events, size_t count,
                              unsigned stage);

typedef struct skad_sim_queue {
    skad_sim_bucket buckets[SKAD_SIM_BUCKETS];
    uint64_t filled; /* bit b: bucket b + 1 is not empty */
    uint64_t last_us;
    size_t count;
    skad_sim_soon soon; /* NULL: none */
    const void *soon_user;
} skad_sim_queue;

void skad_sim_queue_free(skad_sim_queue *queue);

/* due_us must not lie before the event taken last. */
void skad_sim_queue_put(skad_sim_queue *queue, skad_sim_event event);

/* Takes the next event that is due by end_us; false if there is none. */
bool skad_sim_queue_take(skad_sim_queue *queue, uint64_t end_us, skad_sim_event *out);

#endif
