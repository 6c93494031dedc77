/* The positions of a ring with a single producer and a single consumer (SPSC). One thread pushes
 * jobs and takes back their results; the other works on them in between. All jobs stay in their
 * slots and in order.
 *
 *   pushed >= worked >= taken >= pushed - slots
 *
 *   [taken, worked)   done; the pusher reads their results
 *   [worked, pushed)  wait, or are being worked on
 *   the others        free; the pusher fills them
 *
 * Only one thread writes each position. Moving a position hands over the slots before it: the
 * writer releases, and the reader acquires. So the jobs themselves need no lock.
 *
 * An empty ring starts over at its first slot, so that light traffic stays within a few slots: the
 * others take no memory, and these are in the cache. The pusher moves the base while the ring is
 * empty, and the worker reads it only while it is not. */
#ifndef SKAD_HOST_NET_SPSC_RING_H
#define SKAD_HOST_NET_SPSC_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SKAD_CACHE_LINE_BYTES 64

typedef struct skad_spsc_ring {
    size_t slots; /* a power of two */
    size_t taken; /* only the pusher uses it */
    size_t base;  /* the position of the first slot; all that are in use are at most `slots` on */
    _Alignas(SKAD_CACHE_LINE_BYTES) atomic_size_t pushed;
    _Alignas(SKAD_CACHE_LINE_BYTES) atomic_size_t worked;
} skad_spsc_ring;

void skad_spsc_ring_init(skad_spsc_ring *ring, size_t slots);

/* For the pusher. Each of the first two finds a slot, if there is one; the call after it makes it
 * count. */
bool skad_spsc_ring_free_slot(const skad_spsc_ring *ring, size_t *slot);
void skad_spsc_ring_push(skad_spsc_ring *ring);
bool skad_spsc_ring_done_slot(const skad_spsc_ring *ring, size_t *slot);
void skad_spsc_ring_take(skad_spsc_ring *ring);
size_t skad_spsc_ring_used(const skad_spsc_ring *ring); /* slots that are not free */

/* For the worker. */
bool skad_spsc_ring_waiting_slot(const skad_spsc_ring *ring, size_t *slot);
void skad_spsc_ring_finish(skad_spsc_ring *ring);

#endif
