/* The k-buckets of a table with their replacement caches: who has which place in them. The rules by
 * which peers come and go are the table's (table.h); slots are released by whoever takes a peer's
 * last place away. */
#ifndef SKAD_ROUTING_BUCKETS_H
#define SKAD_ROUTING_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/routing/table.h"

#define SKAD_BUCKETS_STEP 4 /* that memory grows by with lazy allocation */

SKAD_MUST_CHECK skad_status skad_buckets_reserve(skad_table *table, size_t count);

/* Gives a new peer a place in the bucket of its ID's range, split as far as that makes room: as a
 * member, instead of a silent one, which is returned and to be released, or else in the cache. */
skad_peer_slot skad_buckets_place(skad_table *table, skad_peer_slot slot);

/* Takes a peer out of its bucket or cache. Returns the replacement that moved up, or
 * SKAD_PEER_NONE. */
skad_peer_slot skad_buckets_remove(skad_table *table, skad_peer_slot slot);

/* The most recently seen member stands last. */
void skad_buckets_touch(skad_table *table, skad_peer_slot slot);
/* Puts all members in the order in which they were seen, where that was set from outside. */
void skad_buckets_order(skad_table *table);

/* Where the first silent member of a bucket stands; its members' count if none is. */
size_t skad_buckets_unresponsive(const skad_table *table, size_t bucket);
/* Where in a cache its oldest peer without any other place stands; the cache's count if there is
 * none. */
size_t skad_buckets_oldest_spare(const skad_table *table, size_t bucket);
/* The bucket with the fullest of the caches that can spare a peer; buckets_count if none can. */
size_t skad_buckets_fullest_cache(const skad_table *table);

/* Frees a slot by letting the oldest replacement of the fullest cache that has one go. */
bool skad_buckets_make_room(skad_table *table);

#endif
