/* Growth of the rings whose memory grows as they fill. */
#ifndef SKAD_BASE_RING_H
#define SKAD_BASE_RING_H

#include <stddef.h>

/* Moves the items of a full ring of `capacity` slots, the first of them at `first`, to the
 * beginning of a new array of at most `limit` slots. Sets *capacity to the new number and frees the
 * old array. Returns NULL without memory, and then nothing has changed. `items` may be NULL where
 * capacity is 0. */
void *skad_ring_grow(void *items, size_t size, size_t first, size_t limit, size_t *capacity);

#endif
