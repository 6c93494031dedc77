/* The k-buckets of a table with their replacement caches, and the slots that each of them lists.
 * The rules by which peers come and go are the table's (table.h). The caller that takes a peer out
 * of its last list releases the slot. */
#ifndef SKAD_ROUTING_BUCKETS_H
#define SKAD_ROUTING_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/routing/table.h"

#define SKAD_BUCKETS_STEP 4 /* buckets that memory grows by with lazy allocation */

SKAD_MUST_CHECK skad_status skad_buckets_reserve(skad_table *table, size_t count);

/* Puts a new peer into the bucket of its ID's range, which is split as far as that makes room: as a
 * member, or as a member in place of an unresponsive one, or else in the cache. Returns the
 * replaced member, which the caller has to release. */
skad_peer_slot skad_buckets_place(skad_table *table, skad_peer_slot slot);

/* Takes a peer out of its bucket or cache. Returns the replacement that moved up, or
 * SKAD_PEER_NONE. */
skad_peer_slot skad_buckets_remove(skad_table *table, skad_peer_slot slot);

/* Moves a member to the end, where the most recently seen one stands. */
void skad_buckets_touch(skad_table *table, skad_peer_slot slot);
/* Sorts all members into the order in which they were seen, after that was set from outside. */
void skad_buckets_order(skad_table *table);

/* Returns the position of the first unresponsive member of a bucket; its members' count if there is
 * none. */
size_t skad_buckets_unresponsive(const skad_table *table, size_t bucket);
/* Returns the position in a cache of its oldest peer without any other role; the cache's count if
 * there is none. */
size_t skad_buckets_oldest_spare(const skad_table *table, size_t bucket);
/* Returns the bucket with the fullest of the caches that can spare a peer; buckets_count if none
 * can. */
size_t skad_buckets_fullest_cache(const skad_table *table);

/* Frees a slot by dropping the oldest spare replacement of the fullest cache that has one. */
bool skad_buckets_make_room(skad_table *table);

#endif
