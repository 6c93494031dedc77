/* The positions in a ring of jobs that two threads share: one pushes jobs and takes back what came
 * of them, the other works on them in between, all in their places and in order.
 *
 *   pushed >= worked >= taken >= pushed - slots
 *
 *   [taken, worked)   done; the pusher looks at what came of them
 *   [worked, pushed)  wait, or are being worked on
 *   the others        free; the pusher fills them
 *
 * Each position is written by one thread only. Who moves one hands over what lies before it: a
 * release, met by the acquire of whoever reads it. So the jobs themselves need no lock. */
#ifndef SKAD_DAEMON_NET_LANE_H
#define SKAD_DAEMON_NET_LANE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SKAD_CACHE_LINE_BYTES 64

typedef struct skad_lane {
    size_t slots; /* a power of two */
    size_t taken; /* of the pusher alone */
    _Alignas(SKAD_CACHE_LINE_BYTES) atomic_size_t pushed;
    _Alignas(SKAD_CACHE_LINE_BYTES) atomic_size_t worked;
} skad_lane;

void skad_lane_init(skad_lane *lane, size_t slots);

/* The pusher's. Each of the first two finds a slot, if there is one; what follows makes it count.
 */
bool skad_lane_free_slot(const skad_lane *lane, size_t *slot);
void skad_lane_push(skad_lane *lane);
bool skad_lane_done_slot(const skad_lane *lane, size_t *slot);
void skad_lane_take(skad_lane *lane);
size_t skad_lane_fill(const skad_lane *lane); /* slots that are not free */

/* The worker's. */
bool skad_lane_waiting_slot(const skad_lane *lane, size_t *slot);
void skad_lane_finish(skad_lane *lane);

#endif
