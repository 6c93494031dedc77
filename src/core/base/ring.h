/* Rings whose memory grows as they fill: what they all do then. */
#ifndef SKAD_BASE_RING_H
#define SKAD_BASE_RING_H

#include <stddef.h>

/* The items of a full ring of `capacity` places, the first of them at `first`, moved to the
 * beginning of a new array of at most `limit` places, whose number is then in *capacity; the old
 * array is freed. NULL, and nothing has changed, without memory. `items` may be NULL where capacity
 * is 0. */
void *skad_ring_grow(void *items, size_t size, size_t first, size_t limit, size_t *capacity);

#endif
