/* A ring of a single producer and a single consumer (SPSC), or rather its positions: one thread
 * pushes jobs and takes back what came of them, the other works on them in between, all in their
 * places and in order.
 *
 *   pushed >= worked >= taken >= pushed - slots
 *
 *   [taken, worked)   done; the pusher looks at what came of them
 *   [worked, pushed)  wait, or are being worked on
 *   the others        free; the pusher fills them
 *
 * Each position is written by one thread only. Who moves one hands over what lies before it: a
 * release, met by the acquire of whoever reads it. So the jobs themselves need no lock. */
#ifndef SKAD_DAEMON_NET_SPSC_RING_H
#define SKAD_DAEMON_NET_SPSC_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SKAD_CACHE_LINE_BYTES 64

typedef struct skad_spsc_ring {
    size_t slots; /* a power of two */
    size_t taken; /* of the pusher alone */
    _Alignas(SKAD_CACHE_LINE_BYTES) atomic_size_t pushed;
    _Alignas(SKAD_CACHE_LINE_BYTES) atomic_size_t worked;
} skad_spsc_ring;

void skad_spsc_ring_init(skad_spsc_ring *ring, size_t slots);

/* The pusher's. Each of the first two finds a slot, if there is one; what follows makes it count.
 */
bool skad_spsc_ring_free_slot(const skad_spsc_ring *ring, size_t *slot);
void skad_spsc_ring_push(skad_spsc_ring *ring);
bool skad_spsc_ring_done_slot(const skad_spsc_ring *ring, size_t *slot);
void skad_spsc_ring_take(skad_spsc_ring *ring);
size_t skad_spsc_ring_used(const skad_spsc_ring *ring); /* slots that are not free */

/* The worker's. */
bool skad_spsc_ring_waiting_slot(const skad_spsc_ring *ring, size_t *slot);
void skad_spsc_ring_finish(skad_spsc_ring *ring);

#endif
