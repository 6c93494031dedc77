/* The routing table: k-buckets with replacement caches, and the sibling list.
 *
 * The tree of buckets is Kademlia's (section 2.4): only the bucket that covers our own ID splits,
 * so its shape is a list, bucket i holding the peers that share exactly i leading bits with us and
 * the last one all that share more. What the paper's unbalanced trees are for, knowing everyone
 * around us, the sibling list does: the eta * s verified peers closest to our ID, whatever their
 * bucket holds (S/Kademlia, section 4.2).
 *
 * Rules:
 * - A peer enters only by a verified answer to a request of ours (skad_table_answered).
 * - A bucket's order is least recently seen first. A full bucket keeps its members; a newcomer
 * waits in the replacement cache (newest last, the oldest gives way), and takes the place of a
 * member that fell silent.
 * - A silent peer without a replacement stays, unused, and is asked again with back-off, since its
 *   silence may be our fault; after SKAD_TABLE_FAILURES_MAX it goes.
 * - When the pool has no free slot, some bucket's oldest replacement gives way; when there is none,
 *   the newcomer is refused.
 * - Address diversity: of one address group (diversity.h) only so many may be in a bucket, its
 *   replacements included, and in the whole table. Counted among those admitted; a newcomer or a
 *   further endpoint beyond it is refused.
 * - A peer of both families is silent only when neither endpoint answers; one that stays silent
 * alone is forgotten.
 * - Where memory comes as it is needed and there is none, a newcomer is refused, and a bucket does
 * not split.
 * - A peer has at most one verified endpoint of each family. An answer from another endpoint
 *   replaces a verified one only once that has failed, so nobody can move a living peer. */
#ifndef SKAD_ROUTING_TABLE_H
#define SKAD_ROUTING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/routing/endpoints.h"
#include "src/core/routing/liveness.h"
#include "src/core/routing/peers.h"

#define SKAD_BUCKETS_MAX          64 /* a network of 2^60 nodes fills 60 */
#define SKAD_SIBLINGS_MAX         80 /* eta = 5 times s = 16; see docs/design.md for eta */
#define SKAD_SIBLINGS_ETA         5
#define SKAD_NEIGHBOURS           16 /* siblings whose coming shows that we know too few near us */
#define SKAD_TABLE_FAILURES_MAX   8
#define SKAD_TABLE_VIOLATIONS_MAX 3 /* answers that break the replier's duties */

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
    skad_peer_slot *runs;    /* 2 k of each bucket: its members, then its cache */
    size_t buckets_count;    /* >= 1 */
    size_t buckets_capacity; /* that there is memory for; SKAD_BUCKETS_MAX unless lazy_allocation */
    skad_peer_slot siblings[SKAD_SIBLINGS_MAX]; /* ascending distance to self */
    size_t siblings_count;
    uint32_t neighbours_came; /* to its first SKAD_NEIGHBOURS places, or while it had room; wraps */
} skad_table;

/* siblings: places of the sibling list, 0..SKAD_SIBLINGS_MAX. */
SKAD_MUST_CHECK skad_status skad_table_init(skad_table *table, const skad_id *self, size_t k,
                                            size_t siblings, const skad_peers_plan *plan);
void skad_table_free(skad_table *table);

/* A bucket's members, least recently seen first, and its replacement cache, oldest first. */
static inline skad_peer_slot *skad_table_members(const skad_table *table, size_t bucket)
{
    return &table->runs[2 * table->k * bucket];
}

static inline skad_peer_slot *skad_table_cache(const skad_table *table, size_t bucket)
{
    return &table->runs[2 * table->k * bucket + table->k];
}

/* A verified answer came from this peer at this endpoint. Admits or refreshes it. Returns its slot,
 * or SKAD_PEER_NONE if there was no place for it. */
skad_peer_slot skad_table_answered(skad_table *table, const skad_id *id,
                                   const skad_address *address, uint64_t rtt_us, uint64_t now_us);

/* The same where it was looked for already: `slot` is what skad_peers_find says. */
skad_peer_slot skad_table_answered_at(skad_table *table, skad_peer_slot slot, const skad_id *id,
                                      const skad_address *address, uint64_t rtt_us,
                                      uint64_t now_us);

/* A request to this peer at this endpoint stayed without an answer. Harms the peer only if that is
 * the endpoint that it was verified at. */
void skad_table_failed(skad_table *table, const skad_id *id, const skad_address *address,
                       uint64_t now_us);

/* An answer of this peer broke the rules (reply_validation.h): after SKAD_TABLE_VIOLATIONS_MAX it
 * loses its place and has to come in anew. Returns whether it did. */
bool skad_table_violation(skad_table *table, const skad_id *id, uint64_t now_us);

/* Whether a peer that we do not know yet would get a place better than the replacement cache's
 * last: the test before a candidate is worth a ping. */
bool skad_table_wants(const skad_table *table, const skad_id *id, const skad_address *address);

/* The index of the bucket in whose range an ID lies. */
size_t skad_table_bucket_of(const skad_table *table, const skad_id *id);

/* Verified peers that are not silent and have a usable place. */
size_t skad_table_living(const skad_table *table);

/* Whether there is any of them. */
bool skad_table_has_living(const skad_table *table);

/* The verified endpoints of a peer as a contact. */
void skad_table_contact(const skad_table *table, skad_peer_slot slot, skad_contact *out);

#endif
