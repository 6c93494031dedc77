/* The routing table: k-buckets with replacement caches, and the sibling list.
 *
 * The tree of buckets is Kademlia's (section 2.4). Only the bucket that covers our own ID splits,
 * so the tree is a list: bucket i holds the peers that share exactly i leading bits with us, and
 * the last one holds all that share more. The paper's unbalanced trees serve to know all nodes
 * around us. Here the sibling list does that: the eta * s verified peers closest to our ID,
 * whatever their bucket holds (S/Kademlia, section 4.2).
 *
 * Rules:
 *
 * - A peer enters only by a verified answer to a request of ours (skad_table_answered).
 *
 * - A bucket is ordered by last answer, the least recent first. A full bucket keeps its members. A
 *   newcomer waits in the replacement cache (newest last; it displaces the oldest), and replaces a
 *   member that becomes unresponsive.
 *
 * - An unresponsive peer without a replacement stays, unused, and is asked again with back-off,
 *   since the fault may be ours. After SKAD_TABLE_FAILURES_MAX failures it goes.
 *
 * - When the pool has no free slot, the oldest replacement of some bucket is dropped. When there is
 *   none, the newcomer is refused.
 *
 * - Address diversity: only so many peers of one address group (diversity.h) may be in a bucket,
 *   its replacements included, and in the whole table. The count is over admitted peers; a newcomer
 *   or a further endpoint beyond it is refused.
 *
 * - A peer of both families is unresponsive only when neither endpoint answers. A single endpoint
 *   that stays unresponsive is forgotten.
 *
 * - With lazy allocation and no memory left, a newcomer is refused, and a bucket does not split.
 *
 * - A peer has at most one verified endpoint of each family. An answer from another endpoint
 *   replaces a verified one only after that one has failed, so a third party cannot move a
 *   responsive peer. */
#ifndef SKAD_ROUTING_TABLE_H
#define SKAD_ROUTING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/routing/endpoints.h"
#include "src/core/routing/liveness.h"
#include "src/core/routing/peers.h"
#include "src/core/routing/places.h"

#define SKAD_BUCKETS_MAX          64 /* a network of 2^60 nodes fills 60 */
#define SKAD_SIBLINGS_MAX         80 /* eta = 5 times s = 16; see docs/core/routing.md */
#define SKAD_SIBLINGS_ETA         5
#define SKAD_NEIGHBOURS           16 /* a new one among them shows that we know too few near us */
#define SKAD_TABLE_FAILURES_MAX   8
#define SKAD_TABLE_VIOLATIONS_MAX 3    /* answers that break the replier's duties */
#define SKAD_TABLE_VIOLATIONS_S   3600 /* an hour without one, and all are forgiven */

#define SKAD_REFRESH_INTERVAL_US (3600 * SKAD_US_PER_S) /* Kademlia, section 2.3 */

typedef struct skad_bucket {
    uint64_t refresh_us; /* when a lookup in its range is due */
    uint8_t members_count;
    uint8_t cache_count;
} skad_bucket;

typedef struct skad_table {
    skad_id self;
    size_t k;
    size_t siblings_max;
    size_t group_bucket_max; /* 0: no limit, which is what skad_table_init sets */
    size_t group_table_max;
    skad_peers peers;
    skad_bucket *buckets;
    skad_peer_slot *runs;    /* 2 k for each bucket: its members, then its cache */
    size_t buckets_count;    /* >= 1 */
    size_t buckets_capacity; /* memory for so many; SKAD_BUCKETS_MAX unless lazy_allocation */
    skad_peer_slot siblings[SKAD_SIBLINGS_MAX]; /* ascending distance to self */
    size_t siblings_count;
    skad_places places;       /* elsewhere, as our lookups found them */
    uint32_t neighbours_came; /* new among the first SKAD_NEIGHBOURS, or while it had room; wraps */
} skad_table;

/* siblings: length of the sibling list, 0..SKAD_SIBLINGS_MAX. */
SKAD_MUST_CHECK skad_status skad_table_init(skad_table *table, const skad_id *self, size_t k,
                                            size_t siblings, const skad_peers_plan *plan);
void skad_table_free(skad_table *table);

/* Returns a bucket's members, least recently seen first, or its replacement cache, oldest first. */
static inline skad_peer_slot *skad_table_members(const skad_table *table, size_t bucket)
{
    return &table->runs[2 * table->k * bucket];
}

static inline skad_peer_slot *skad_table_cache(const skad_table *table, size_t bucket)
{
    return &table->runs[2 * table->k * bucket + table->k];
}

/* A verified answer came from this peer at this endpoint. Admits or refreshes the peer. Returns its
 * slot, or SKAD_PEER_NONE if there was no room for it. */
skad_peer_slot skad_table_answered(skad_table *table, const skad_id *id,
                                   const skad_address *address, uint64_t rtt_us, uint64_t now_us);

/* Does the same after a search: `slot` is what skad_peers_find returned. */
skad_peer_slot skad_table_answered_at(skad_table *table, skad_peer_slot slot, const skad_id *id,
                                      const skad_address *address, uint64_t rtt_us,
                                      uint64_t now_us);

/* A request to this peer at this endpoint was not answered. Harms the peer only if it was verified
 * at that endpoint. */
void skad_table_failed(skad_table *table, const skad_id *id, const skad_address *address,
                       uint64_t now_us);

/* An answer of this peer broke the rules (reply_validation.h). After SKAD_TABLE_VIOLATIONS_MAX
 * violations, none more than an hour after the one before, the peer is evicted and has to be
 * admitted anew. Returns whether it was. */
bool skad_table_violation(skad_table *table, const skad_id *id, uint64_t now_us);

/* This peer says that it cannot be reached at this endpoint, so that others cannot use it, although
 * it answers us: forgets the endpoint, and the peer unless it has another one. Returns whether it
 * was verified there. */
bool skad_table_unlist(skad_table *table, const skad_id *id, const skad_address *address,
                       uint64_t now_us);

/* Whether an unknown peer would be listed better than at the end of a replacement cache. The test
 * decides whether it is worth a ping. */
bool skad_table_wants(const skad_table *table, const skad_id *id, const skad_address *address);

/* Returns the index of the bucket in whose range an ID lies. */
size_t skad_table_bucket_of(const skad_table *table, const skad_id *id);

/* Counts the verified peers that are usable and not unresponsive. */
size_t skad_table_living(const skad_table *table);

/* Whether there is any such peer. */
bool skad_table_has_living(const skad_table *table);

/* Returns the verified endpoints of a peer as a contact. */
void skad_table_contact(const skad_table *table, skad_peer_slot slot, skad_contact *out);

#endif
