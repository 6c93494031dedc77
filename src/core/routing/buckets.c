#include "src/core/routing/buckets.h"

#include <stdlib.h>

#include "src/core/base/instant.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/slot_list.h"

skad_status skad_buckets_reserve(skad_table *table, size_t count)
{
    skad_bucket *buckets = reallocarray(table->buckets, count, sizeof *buckets);
    table->buckets = buckets != NULL ? buckets : table->buckets;
    skad_peer_slot *runs = reallocarray(table->runs, count, 2 * table->k * sizeof *runs);
    table->runs = runs != NULL ? runs : table->runs;
    if (buckets == NULL || runs == NULL) {
        return SKAD_ERR_MEMORY;
    }
    table->buckets_capacity = count;
    return SKAD_OK;
}

size_t skad_table_bucket_of(const skad_table *table, const skad_id *id)
{
    size_t shared = skad_common_prefix(&table->self, id);
    return shared < table->buckets_count ? shared : table->buckets_count - 1;
}

static skad_peer *peer_at(const skad_table *table, skad_peer_slot slot)
{
    return &table->peers.peers[slot];
}

/* ---- Members and caches ---- */

/* One of a bucket's two rows of peers. */
typedef struct row {
    skad_peer_slot *slots;
    uint8_t *count;
    uint8_t role; /* the skad_peer_role bit of the peers in it */
} row;

static row members_of(const skad_table *table, size_t bucket)
{
    return (row){skad_table_members(table, bucket), &table->buckets[bucket].members_count,
                 SKAD_PEER_IN_BUCKET};
}

static row cache_of(const skad_table *table, size_t bucket)
{
    return (row){skad_table_cache(table, bucket), &table->buckets[bucket].cache_count,
                 SKAD_PEER_IN_CACHE};
}

static void row_remove(const skad_table *table, row from, size_t at)
{
    size_t count = *from.count;
    peer_at(table, from.slots[at])->roles &= (uint8_t)~from.role;
    skad_slot_list_remove(from.slots, &count, at);
    *from.count = (uint8_t)count;
}

static void row_add(const skad_table *table, row to, skad_peer_slot slot)
{
    to.slots[(*to.count)++] = slot;
    peer_at(table, slot)->roles |= to.role;
}

/* ---- Buckets ---- */

/* Moves the peers that share more than `far` bits with us to the nearer bucket. */
static void move_near(const skad_table *table, row from, row to, size_t far)
{
    for (size_t i = 0; i < *from.count;) {
        skad_peer_slot slot = from.slots[i];
        if (skad_common_prefix(&table->self, &peer_at(table, slot)->id) > far) {
            row_remove(table, from, i);
            row_add(table, to, slot);
        } else {
            i++;
        }
    }
}

/* Splits the last bucket, which covers our own ID, once. Returns false without memory. */
static bool split_last(skad_table *table)
{
    size_t far = table->buckets_count - 1; /* keeps the peers that share exactly so many bits */
    size_t near = table->buckets_count;
    if (near == table->buckets_capacity &&
        skad_buckets_reserve(table, table->buckets_capacity + SKAD_BUCKETS_STEP) != SKAD_OK) {
        return false;
    }
    table->buckets[near] = (skad_bucket){.refresh_us = table->buckets[far].refresh_us};
    table->buckets_count++;
    move_near(table, members_of(table, far), members_of(table, near), far);
    move_near(table, cache_of(table, far), cache_of(table, near), far);
    return true;
}

/* Whether replacement a moves up before b. The one known longer does, because a peer that has been
 * there for long is likely to stay (Kademlia, section 2.1); of two known within one second, the
 * faster one does. */
static bool preferred(const skad_peer *a, const skad_peer *b)
{
    int32_t later = skad_second_later(a->first_seen, b->first_seen);
    if (later != 0) {
        return later < 0;
    }
    return a->rtt.smoothed_us <= b->rtt.smoothed_us;
}

/* Moves replacements up while there is room. */
static void promote(skad_table *table, size_t bucket)
{
    const skad_peer_slot *cache = skad_table_cache(table, bucket);
    const skad_bucket *counts = &table->buckets[bucket];
    while (counts->members_count < table->k && counts->cache_count > 0) {
        size_t best = 0;
        for (size_t i = 1; i < counts->cache_count; i++) {
            if (preferred(peer_at(table, cache[i]), peer_at(table, cache[best]))) {
                best = i;
            }
        }
        skad_peer_slot slot = cache[best];
        row_remove(table, cache_of(table, bucket), best);
        row_add(table, members_of(table, bucket), slot);
    }
}

/* Returns the bucket for an ID, after splitting as far as that makes room. */
static size_t bucket_with_room(skad_table *table, const skad_id *id)
{
    for (;;) {
        size_t bucket = skad_table_bucket_of(table, id);
        if (table->buckets[bucket].members_count < table->k || bucket + 1 < table->buckets_count ||
            table->buckets_count == SKAD_BUCKETS_MAX || !split_last(table)) {
            return bucket;
        }
        promote(table, table->buckets_count - 2);
        promote(table, table->buckets_count - 1);
    }
}

size_t skad_buckets_unresponsive(const skad_table *table, size_t bucket)
{
    const skad_peer_slot *members = skad_table_members(table, bucket);
    size_t count = table->buckets[bucket].members_count;
    size_t at = table->peers.unresponsive == 0 ? count : 0;
    while (at < count && !skad_peer_unresponsive(peer_at(table, members[at]))) {
        at++;
    }
    return at;
}

/* Puts a peer into a cache, in which it displaces the oldest when there is no room. */
static void cache_newcomer(skad_table *table, size_t bucket, skad_peer_slot slot)
{
    if (table->buckets[bucket].cache_count == table->k) {
        skad_peer_slot oldest = skad_table_cache(table, bucket)[0];
        row_remove(table, cache_of(table, bucket), 0);
        skad_peers_release(&table->peers, oldest);
    }
    row_add(table, cache_of(table, bucket), slot);
}

size_t skad_buckets_oldest_spare(const skad_table *table, size_t bucket)
{
    const skad_peer_slot *cache = skad_table_cache(table, bucket);
    size_t at = 0;
    while (at < table->buckets[bucket].cache_count &&
           peer_at(table, cache[at])->roles != SKAD_PEER_IN_CACHE) {
        at++;
    }
    return at;
}

size_t skad_buckets_fullest_cache(const skad_table *table)
{
    size_t fullest = table->buckets_count;
    for (size_t i = 0; i < table->buckets_count; i++) {
        size_t count = table->buckets[i].cache_count;
        size_t most = fullest == table->buckets_count ? 0 : table->buckets[fullest].cache_count;
        if (count > most && skad_buckets_oldest_spare(table, i) < count) {
            fullest = i;
        }
    }
    return fullest;
}

bool skad_buckets_make_room(skad_table *table)
{
    size_t fullest = skad_buckets_fullest_cache(table);
    if (fullest == table->buckets_count) {
        return false;
    }
    size_t at = skad_buckets_oldest_spare(table, fullest);
    skad_peer_slot slot = skad_table_cache(table, fullest)[at];
    row_remove(table, cache_of(table, fullest), at);
    skad_peers_release(&table->peers, slot);
    return true;
}

skad_peer_slot skad_buckets_place(skad_table *table, skad_peer_slot slot)
{
    size_t bucket = bucket_with_room(table, &peer_at(table, slot)->id);
    skad_peer_slot gone = SKAD_PEER_NONE;
    if (table->buckets[bucket].members_count < table->k) {
        row_add(table, members_of(table, bucket), slot);
        return gone;
    }
    size_t unresponsive = skad_buckets_unresponsive(table, bucket);
    if (unresponsive < table->buckets[bucket].members_count) {
        gone = skad_table_members(table, bucket)[unresponsive];
        row_remove(table, members_of(table, bucket), unresponsive);
        row_add(table, members_of(table, bucket), slot);
    } else {
        cache_newcomer(table, bucket, slot);
    }
    return gone;
}

skad_peer_slot skad_buckets_remove(skad_table *table, skad_peer_slot slot)
{
    size_t bucket = skad_table_bucket_of(table, &peer_at(table, slot)->id);
    const skad_bucket *counts = &table->buckets[bucket];
    size_t at = skad_slot_list_find(skad_table_members(table, bucket), counts->members_count, slot);
    if (at < counts->members_count) {
        row_remove(table, members_of(table, bucket), at);
    }
    at = skad_slot_list_find(skad_table_cache(table, bucket), counts->cache_count, slot);
    if (at < counts->cache_count) {
        row_remove(table, cache_of(table, bucket), at);
    }
    size_t left = counts->members_count;
    promote(table, bucket);
    return counts->members_count > left ? skad_table_members(table, bucket)[left] : SKAD_PEER_NONE;
}

void skad_buckets_touch(skad_table *table, skad_peer_slot slot)
{
    size_t bucket = skad_table_bucket_of(table, &peer_at(table, slot)->id);
    size_t count = table->buckets[bucket].members_count;
    size_t at = skad_slot_list_find(skad_table_members(table, bucket), count, slot);
    if (at < count) {
        row_remove(table, members_of(table, bucket), at);
        row_add(table, members_of(table, bucket), slot);
    }
}

void skad_buckets_order(skad_table *table)
{
    for (size_t bucket = 0; bucket < table->buckets_count; bucket++) {
        skad_peer_slot *members = skad_table_members(table, bucket);
        for (size_t i = 1; i < table->buckets[bucket].members_count; i++) {
            skad_peer_slot slot = members[i];
            skad_instant last_seen = peer_at(table, slot)->last_seen;
            size_t at = i;
            while (at > 0 &&
                   skad_instant_later(peer_at(table, members[at - 1])->last_seen, last_seen) > 0) {
                members[at] = members[at - 1];
                at--;
            }
            members[at] = slot;
        }
    }
}
