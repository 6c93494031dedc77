#include "src/core/table.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/distance.h"
#include "src/core/diversity.h"
#include "src/core/instant.h"
#include "src/core/liveness.h"
#include "src/core/run.h"
#include "src/core/siblings.h"

#define BUCKETS_STEP 4 /* that memory grows by in a frugal table */

static skad_status reserve_buckets(skad_table *table, size_t count)
{
    skad_bucket *buckets = reallocarray(table->buckets, count, sizeof *buckets);
    table->buckets = buckets != NULL ? buckets : table->buckets;
    skad_peer_slot *runs = reallocarray(table->runs, count, 2 * table->k * sizeof *runs);
    table->runs = runs != NULL ? runs : table->runs;
    if (buckets == NULL || runs == NULL) {
        return SKAD_ERR_MEMORY;
    }
    table->buckets_room = count;
    return SKAD_OK;
}

skad_status skad_table_init(skad_table *table, const skad_id *self, size_t k, size_t siblings,
                            const skad_peers_plan *plan)
{
    SKAD_ASSERT(k >= 1 && k <= SKAD_K_MAX);
    *table = (skad_table){.self = *self, .k = k, .buckets_count = 1};
    table->siblings_max = siblings;
    SKAD_ASSERT(table->siblings_max <= SKAD_SIBLINGS_MAX);
    skad_status status = reserve_buckets(table, plan->frugal ? BUCKETS_STEP : SKAD_BUCKETS_MAX);
    if (status == SKAD_OK) {
        table->buckets[0] = (skad_bucket){0};
        status = skad_peers_init(&table->peers, plan);
    }
    return status;
}

void skad_table_free(skad_table *table)
{
    skad_peers_free(&table->peers);
    free(table->buckets);
    free(table->runs);
    *table = (skad_table){0};
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

static void members_remove(skad_table *table, size_t bucket, size_t at)
{
    skad_peer_slot *members = skad_table_members(table, bucket);
    size_t count = table->buckets[bucket].members_count;
    peer_at(table, members[at])->places &= (uint8_t)~SKAD_PEER_IN_BUCKET;
    skad_run_remove(members, &count, at);
    table->buckets[bucket].members_count = (uint8_t)count;
}

static void cache_remove(skad_table *table, size_t bucket, size_t at)
{
    skad_peer_slot *cache = skad_table_cache(table, bucket);
    size_t count = table->buckets[bucket].cache_count;
    peer_at(table, cache[at])->places &= (uint8_t)~SKAD_PEER_IN_CACHE;
    skad_run_remove(cache, &count, at);
    table->buckets[bucket].cache_count = (uint8_t)count;
}

static void members_add(skad_table *table, size_t bucket, skad_peer_slot slot)
{
    skad_table_members(table, bucket)[table->buckets[bucket].members_count++] = slot;
    peer_at(table, slot)->places |= SKAD_PEER_IN_BUCKET;
}

static void cache_add(skad_table *table, size_t bucket, skad_peer_slot slot)
{
    skad_table_cache(table, bucket)[table->buckets[bucket].cache_count++] = slot;
    peer_at(table, slot)->places |= SKAD_PEER_IN_CACHE;
}

/* ---- Buckets ---- */

/* Splits the last bucket, the one that covers our own ID, once. False without memory. */
static bool split_last(skad_table *table)
{
    size_t far = table->buckets_count - 1; /* keeps those that share exactly so many bits */
    size_t near = table->buckets_count;
    if (near == table->buckets_room &&
        reserve_buckets(table, table->buckets_room + BUCKETS_STEP) != SKAD_OK) {
        return false;
    }
    table->buckets[near] = (skad_bucket){.refresh_us = table->buckets[far].refresh_us};
    table->buckets_count++;
    for (size_t i = 0; i < table->buckets[far].members_count;) {
        skad_peer_slot slot = skad_table_members(table, far)[i];
        if (skad_common_prefix(&table->self, &peer_at(table, slot)->id) > far) {
            members_remove(table, far, i);
            members_add(table, near, slot);
        } else {
            i++;
        }
    }
    for (size_t i = 0; i < table->buckets[far].cache_count;) {
        skad_peer_slot slot = skad_table_cache(table, far)[i];
        if (skad_common_prefix(&table->self, &peer_at(table, slot)->id) > far) {
            cache_remove(table, far, i);
            cache_add(table, near, slot);
        } else {
            i++;
        }
    }
    return true;
}

/* Which of two replacements is to move up: the one known longer, for who has been there for long is
 * likely to stay (Kademlia, section 2.1); of those known within one second the faster one. */
static bool preferred(const skad_peer *a, const skad_peer *b)
{
    int32_t later = skad_instant_later(a->known_s, b->known_s);
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
        cache_remove(table, bucket, best);
        members_add(table, bucket, slot);
    }
}

/* The bucket for an ID, split as far as that makes room. */
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

/* Where the first silent member stands; the members' count if none is. */
static size_t silent_member(const skad_table *table, size_t bucket)
{
    const skad_peer_slot *members = skad_table_members(table, bucket);
    size_t count = table->buckets[bucket].members_count;
    size_t at = table->peers.silent == 0 ? count : 0;
    while (at < count && !skad_peer_silent(peer_at(table, members[at]))) {
        at++;
    }
    return at;
}

/* Puts a peer into a cache, from which the oldest gives way. */
static void cache_newcomer(skad_table *table, size_t bucket, skad_peer_slot slot)
{
    if (table->buckets[bucket].cache_count == table->k) {
        skad_peer_slot oldest = skad_table_cache(table, bucket)[0];
        cache_remove(table, bucket, 0);
        skad_peers_release(&table->peers, oldest);
    }
    cache_add(table, bucket, slot);
}

/* Gives a newly verified peer its place. */
static void place(skad_table *table, skad_peer_slot slot)
{
    size_t bucket = bucket_with_room(table, &peer_at(table, slot)->id);
    if (table->buckets[bucket].members_count < table->k) {
        members_add(table, bucket, slot);
    } else {
        size_t silent = silent_member(table, bucket);
        if (silent < table->buckets[bucket].members_count) {
            skad_peer_slot gone = skad_table_members(table, bucket)[silent];
            members_remove(table, bucket, silent);
            skad_siblings_remove(table, gone);
            skad_peers_release(&table->peers, gone);
            members_add(table, bucket, slot);
        } else {
            cache_newcomer(table, bucket, slot);
        }
    }
    skad_siblings_add(table, slot);
}

/* Where in a cache its oldest peer without any other place stands; the cache's count if there is
 * none. */
static size_t oldest_spare(const skad_table *table, size_t bucket)
{
    const skad_peer_slot *cache = skad_table_cache(table, bucket);
    size_t at = 0;
    while (at < table->buckets[bucket].cache_count &&
           peer_at(table, cache[at])->places != SKAD_PEER_IN_CACHE) {
        at++;
    }
    return at;
}

/* The bucket with the fullest of the caches that can spare a peer; buckets_count if none can. */
static size_t fullest_cache(const skad_table *table)
{
    size_t fullest = table->buckets_count;
    for (size_t i = 0; i < table->buckets_count; i++) {
        size_t count = table->buckets[i].cache_count;
        size_t most = fullest == table->buckets_count ? 0 : table->buckets[fullest].cache_count;
        if (count > most && oldest_spare(table, i) < count) {
            fullest = i;
        }
    }
    return fullest;
}

/* Frees a pool slot by letting the oldest replacement of the fullest cache that has one go. */
static bool make_room(skad_table *table)
{
    size_t fullest = fullest_cache(table);
    if (fullest == table->buckets_count) {
        return false;
    }
    size_t at = oldest_spare(table, fullest);
    skad_peer_slot slot = skad_table_cache(table, fullest)[at];
    cache_remove(table, fullest, at);
    skad_peers_release(&table->peers, slot);
    return true;
}

/* Takes a peer out of every place. Who moves up for it may not have been asked for long. */
static void evict(skad_table *table, skad_peer_slot slot, uint64_t now_us)
{
    size_t bucket = skad_table_bucket_of(table, &peer_at(table, slot)->id);
    const skad_bucket *counts = &table->buckets[bucket];
    size_t at = skad_run_find(skad_table_members(table, bucket), counts->members_count, slot);
    if (at < counts->members_count) {
        members_remove(table, bucket, at);
    }
    at = skad_run_find(skad_table_cache(table, bucket), counts->cache_count, slot);
    if (at < counts->cache_count) {
        cache_remove(table, bucket, at);
    }
    skad_siblings_remove(table, slot);
    skad_peers_release(&table->peers, slot);
    size_t left = counts->members_count;
    promote(table, bucket);
    for (size_t i = left; i < counts->members_count; i++) {
        skad_liveness_by(&table->peers, skad_table_members(table, bucket)[i],
                         now_us + SKAD_CHECK_INTERVAL_US);
    }
}

/* The most recently seen member stands last. */
static void touch(skad_table *table, skad_peer_slot slot)
{
    size_t bucket = skad_table_bucket_of(table, &peer_at(table, slot)->id);
    size_t count = table->buckets[bucket].members_count;
    size_t at = skad_run_find(skad_table_members(table, bucket), count, slot);
    if (at < count) {
        members_remove(table, bucket, at);
        members_add(table, bucket, slot);
    }
}

void skad_table_order(skad_table *table)
{
    for (size_t bucket = 0; bucket < table->buckets_count; bucket++) {
        skad_peer_slot *members = skad_table_members(table, bucket);
        for (size_t i = 1; i < table->buckets[bucket].members_count; i++) {
            skad_peer_slot slot = members[i];
            uint32_t seen_ms = peer_at(table, slot)->seen_ms;
            size_t at = i;
            while (at > 0 &&
                   skad_instant_later(peer_at(table, members[at - 1])->seen_ms, seen_ms) > 0) {
                members[at] = members[at - 1];
                at--;
            }
            members[at] = slot;
        }
    }
}

/* Whether one more endpoint of this address group has room, in the table and in the bucket of an
 * ID; the peer in slot `self` does not count against itself. */
static bool diverse(const skad_table *table, const skad_id *id, const skad_address *address,
                    skad_peer_slot self)
{
    if (table->group_bucket_max == 0 && table->group_table_max == 0) {
        return true;
    }
    uint64_t group = skad_address_group(address);
    size_t family = skad_route_index(address);
    size_t bucket = skad_table_bucket_of(table, id);
    size_t in_table = 0;
    size_t in_bucket = 0;
    for (size_t i = 0; i < table->peers.used; i++) {
        const skad_peer *peer = &table->peers.peers[i];
        if (peer->places != 0 && i != self &&
            skad_route_group(&table->peers, (skad_peer_slot)i, family) == group) {
            in_table++;
            in_bucket += skad_table_bucket_of(table, &peer->id) == bucket;
        }
    }
    return (table->group_table_max == 0 || in_table < table->group_table_max) &&
           (table->group_bucket_max == 0 || in_bucket < table->group_bucket_max);
}

/* Whether an answer from this endpoint may be taken for the peer's. */
static bool route_accepts(const skad_peers *peers, skad_peer_slot slot, const skad_address *address)
{
    size_t route = skad_route_index(address);
    return (peers->peers[slot].families & address->family) == 0 ||
           skad_route_is(peers, slot, address) || skad_route_failures(peers, slot, route) > 0;
}

/* Whether it has this endpoint now, after an answer from there. */
static bool take_route(skad_table *table, skad_peer_slot slot, const skad_address *address)
{
    if (skad_route_is(&table->peers, slot, address)) {
        skad_route_answered(&table->peers, slot, skad_route_index(address));
        return true;
    }
    return skad_route_set(&table->peers, slot, address);
}

skad_peer_slot skad_table_answered(skad_table *table, const skad_id *id,
                                   const skad_address *address, uint64_t rtt_us, uint64_t now_us)
{
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
    return skad_table_answered_at(table, slot, id, address, rtt_us, now_us);
}

skad_peer_slot skad_table_answered_at(skad_table *table, skad_peer_slot slot, const skad_id *id,
                                      const skad_address *address, uint64_t rtt_us, uint64_t now_us)
{
    if (skad_id_equal(id, &table->self)) {
        return SKAD_PEER_NONE;
    }
    bool is_new = slot == SKAD_PEER_NONE;
    if (is_new && !diverse(table, id, address, SKAD_PEER_NONE)) {
        return SKAD_PEER_NONE;
    }
    if (is_new) {
        slot = skad_peers_take(&table->peers, id);
        if (slot == SKAD_PEER_NONE && make_room(table)) {
            slot = skad_peers_take(&table->peers, id);
        }
        if (slot == SKAD_PEER_NONE) {
            return SKAD_PEER_NONE;
        }
        peer_at(table, slot)->known_s = skad_instant_s(now_us);
    } else if (!route_accepts(&table->peers, slot, address) ||
               (!skad_route_is(&table->peers, slot, address) &&
                !diverse(table, id, address, slot))) {
        return slot;
    }
    if (!take_route(table, slot, address)) {
        skad_peers_release(&table->peers, slot); /* if it is new */
        return is_new ? SKAD_PEER_NONE : slot;
    }
    skad_peer *peer = peer_at(table, slot);
    skad_rtt_sample(&peer->rtt, rtt_us);
    skad_peers_set_failures(&table->peers, slot, 0);
    peer->seen_ms = skad_instant_ms(now_us);
    if (is_new) {
        place(table, slot);
        SKAD_ASSERT(peer->places != 0);
    } else {
        touch(table, slot);
        if ((peer->places & SKAD_PEER_IN_SIBLINGS) == 0) {
            skad_siblings_add(table, slot);
        }
    }
    skad_liveness_next(&table->peers, slot, now_us);
    return slot;
}

/* Whether the peer's endpoint of the other family has fewer failures than this one would have. */
static bool other_route_lives(const skad_peers *peers, skad_peer_slot slot, size_t route)
{
    return peers->peers[slot].families == SKAD_FAMILIES_ALL &&
           skad_route_failures(peers, slot, 1 - route) <= skad_route_failures(peers, slot, route);
}

/* An endpoint failed while the peer's other one is no worse: it alone is blamed, and forgotten when
 * it stays silent. */
static void lose_route(skad_peers *peers, skad_peer_slot slot, size_t route)
{
    skad_route_failed(peers, slot, route);
    if (skad_route_failures(peers, slot, route) >= SKAD_PEER_FAILURES_SILENT) {
        skad_route_clear(peers, slot, route);
    }
}

void skad_table_failed(skad_table *table, const skad_id *id, const skad_address *address,
                       uint64_t now_us)
{
    skad_peers *peers = &table->peers;
    skad_peer_slot slot = skad_peers_find(peers, id);
    size_t route = skad_route_index(address);
    if (slot == SKAD_PEER_NONE || !skad_route_is(peers, slot, address)) {
        return;
    }
    skad_peers_check_at(peers, slot, now_us + SKAD_CHECK_RETRY_US); /* perhaps at the other one */
    if (other_route_lives(peers, slot, route)) {
        lose_route(peers, slot, route);
        return;
    }
    skad_peer *peer = peer_at(table, slot);
    skad_route_failed(peers, slot, route);
    skad_peers_set_failures(peers, slot, peer->failures + 1U);
    if (peer->failures >= SKAD_TABLE_FAILURES_MAX) {
        evict(table, slot, now_us);
        return;
    }
    if (skad_peer_silent(peer)) {
        size_t bucket = skad_table_bucket_of(table, id);
        if ((peer->places & SKAD_PEER_IN_CACHE) != 0 || table->buckets[bucket].cache_count > 0) {
            evict(table, slot, now_us);
            return;
        }
        skad_peers_check_at(peers, slot, now_us + (SKAD_CHECK_BACKOFF_US << (peer->failures - 1)));
    }
}

bool skad_table_fault(skad_table *table, const skad_id *id, uint64_t now_us)
{
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
    if (slot == SKAD_PEER_NONE) {
        return false;
    }
    skad_annex *annex = skad_peers_annex_of(&table->peers, slot);
    if (annex != NULL && ++annex->faults < SKAD_TABLE_FAULTS_MAX) {
        return false;
    }
    evict(table, slot, now_us);
    return true;
}

static bool has_room(const skad_table *table)
{
    return table->peers.count < table->peers.slots || fullest_cache(table) < table->buckets_count;
}

/* Whether a cache is to grow: when the pool is full that is at the cost of the fullest one, and
 * worth it only if that stays no smaller. Else two would take turns, and each turn costs a ping. */
static bool cache_wants(const skad_table *table, size_t bucket)
{
    size_t count = table->buckets[bucket].cache_count;
    if (count == table->k || table->peers.count < table->peers.slots) {
        return count < table->k;
    }
    for (size_t i = 0; i < table->buckets_count; i++) {
        size_t other = table->buckets[i].cache_count;
        if (other > count + 1 && oldest_spare(table, i) < other) {
            return true;
        }
    }
    return false;
}

bool skad_table_wants(const skad_table *table, const skad_id *id, const skad_address *address)
{
    if (skad_id_equal(id, &table->self)) {
        return false;
    }
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
    if (slot != SKAD_PEER_NONE) {
        const skad_peer *peer = peer_at(table, slot);
        bool same = skad_route_is(&table->peers, slot, address);
        return (same && skad_peer_silent(peer)) ||
               (!same && route_accepts(&table->peers, slot, address));
    }
    if (!diverse(table, id, address, SKAD_PEER_NONE)) {
        return false;
    }
    size_t index = skad_table_bucket_of(table, id);
    const skad_bucket *bucket = &table->buckets[index];
    bool member = index + 1 == table->buckets_count || bucket->members_count < table->k ||
                  silent_member(table, index) < bucket->members_count;
    return ((member || skad_siblings_want(table, id)) && has_room(table)) ||
           cache_wants(table, index);
}

static bool lives(const skad_peer *peer)
{
    return (peer->places & SKAD_PEER_USABLE_PLACES) != 0 && !skad_peer_silent(peer);
}

size_t skad_table_living(const skad_table *table)
{
    size_t living = 0;
    for (size_t i = 0; i < table->peers.used; i++) {
        living += lives(&table->peers.peers[i]);
    }
    return living;
}

bool skad_table_has_living(const skad_table *table)
{
    size_t slot = 0;
    while (slot < table->peers.used && !lives(&table->peers.peers[slot])) {
        slot++;
    }
    return slot < table->peers.used;
}

void skad_table_contact(const skad_table *table, skad_peer_slot slot, skad_contact *out)
{
    out->id = peer_at(table, slot)->id;
    out->ipv4 = skad_route_address(&table->peers, slot, 0);
    out->ipv6 = skad_route_address(&table->peers, slot, 1);
}
