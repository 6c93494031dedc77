#include "src/core/table.h"

#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/distance.h"
#include "src/core/diversity.h"

skad_status skad_table_init(skad_table *table, const skad_id *self, size_t k, size_t siblings,
                            size_t slots)
{
    SKAD_ASSERT(k >= 1 && k <= SKAD_K_MAX);
    *table = (skad_table){.self = *self, .k = k, .buckets_count = 1};
    table->siblings_max = siblings * SKAD_SIBLINGS_ETA;
    SKAD_ASSERT(table->siblings_max <= SKAD_SIBLINGS_MAX);
    return skad_peers_init(&table->peers, slots);
}

void skad_table_free(skad_table *table)
{
    skad_peers_free(&table->peers);
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

/* ---- Runs of slots: buckets' members and caches, siblings ---- */

static size_t run_find(const skad_peer_slot *run, size_t count, skad_peer_slot slot)
{
    size_t at = 0;
    while (at < count && run[at] != slot) {
        at++;
    }
    return at;
}

static void run_remove(skad_peer_slot *run, size_t *count, size_t at)
{
    memmove(&run[at], &run[at + 1], (*count - at - 1) * sizeof *run);
    (*count)--;
}

static void members_remove(skad_table *table, skad_bucket *bucket, size_t at)
{
    size_t count = bucket->members_count;
    peer_at(table, bucket->members[at])->places &= (uint8_t)~SKAD_PEER_IN_BUCKET;
    run_remove(bucket->members, &count, at);
    bucket->members_count = (uint8_t)count;
}

static void cache_remove(skad_table *table, skad_bucket *bucket, size_t at)
{
    size_t count = bucket->cache_count;
    peer_at(table, bucket->cache[at])->places &= (uint8_t)~SKAD_PEER_IN_CACHE;
    run_remove(bucket->cache, &count, at);
    bucket->cache_count = (uint8_t)count;
}

static void members_add(skad_table *table, skad_bucket *bucket, skad_peer_slot slot)
{
    bucket->members[bucket->members_count++] = slot;
    peer_at(table, slot)->places |= SKAD_PEER_IN_BUCKET;
}

/* ---- Siblings ---- */

static void siblings_remove(skad_table *table, skad_peer_slot slot)
{
    size_t at = run_find(table->siblings, table->siblings_count, slot);
    if (at < table->siblings_count) {
        peer_at(table, slot)->places &= (uint8_t)~SKAD_PEER_IN_SIBLINGS;
        run_remove(table->siblings, &table->siblings_count, at);
    }
}

static bool siblings_want(const skad_table *table, const skad_id *id)
{
    if (table->siblings_count < table->siblings_max) {
        return true;
    }
    const skad_peer *farthest = peer_at(table, table->siblings[table->siblings_count - 1]);
    return skad_distance_compare(&table->self, id, &farthest->id) < 0;
}

static void siblings_add(skad_table *table, skad_peer_slot slot)
{
    const skad_id *id = &peer_at(table, slot)->id;
    if (!siblings_want(table, id)) {
        return;
    }
    if (table->siblings_count == table->siblings_max) {
        skad_peer_slot farthest = table->siblings[table->siblings_count - 1];
        siblings_remove(table, farthest);
        skad_peers_release(&table->peers, farthest);
    }
    size_t at = table->siblings_count++;
    while (at > 0 && skad_distance_compare(&table->self, id,
                                           &peer_at(table, table->siblings[at - 1])->id) < 0) {
        table->siblings[at] = table->siblings[at - 1];
        at--;
    }
    table->siblings[at] = slot;
    peer_at(table, slot)->places |= SKAD_PEER_IN_SIBLINGS;
}

/* ---- Buckets ---- */

/* Splits the last bucket, the one that covers our own ID, once. */
static void split_last(skad_table *table)
{
    skad_bucket *near = &table->buckets[table->buckets_count];
    skad_bucket *far = &table->buckets[table->buckets_count - 1];
    size_t shared = table->buckets_count - 1; /* far keeps those that share exactly this much */
    *near = (skad_bucket){.refresh_us = far->refresh_us};
    table->buckets_count++;
    for (size_t i = 0; i < far->members_count;) {
        skad_peer_slot slot = far->members[i];
        if (skad_common_prefix(&table->self, &peer_at(table, slot)->id) > shared) {
            members_remove(table, far, i);
            members_add(table, near, slot);
        } else {
            i++;
        }
    }
    for (size_t i = 0; i < far->cache_count;) {
        skad_peer_slot slot = far->cache[i];
        if (skad_common_prefix(&table->self, &peer_at(table, slot)->id) > shared) {
            cache_remove(table, far, i);
            near->cache[near->cache_count++] = slot;
            peer_at(table, slot)->places |= SKAD_PEER_IN_CACHE;
        } else {
            i++;
        }
    }
}

/* Which of two replacements is to move up: the one known longer, for who has been there for long is
 * likely to stay (Kademlia, section 2.1); of equals the faster one. */
static bool preferred(const skad_peer *a, const skad_peer *b)
{
    if (a->known_us != b->known_us) {
        return a->known_us < b->known_us;
    }
    return a->rtt.smoothed_us <= b->rtt.smoothed_us;
}

/* Moves replacements up while there is room. */
static void promote(skad_table *table, skad_bucket *bucket)
{
    while (bucket->members_count < table->k && bucket->cache_count > 0) {
        size_t best = 0;
        for (size_t i = 1; i < bucket->cache_count; i++) {
            if (preferred(peer_at(table, bucket->cache[i]), peer_at(table, bucket->cache[best]))) {
                best = i;
            }
        }
        skad_peer_slot slot = bucket->cache[best];
        cache_remove(table, bucket, best);
        members_add(table, bucket, slot);
    }
}

/* The bucket for an ID, split as far as that makes room. */
static skad_bucket *bucket_with_room(skad_table *table, const skad_id *id)
{
    for (;;) {
        size_t index = skad_table_bucket_of(table, id);
        skad_bucket *bucket = &table->buckets[index];
        if (bucket->members_count < table->k || index + 1 < table->buckets_count ||
            table->buckets_count == SKAD_BUCKETS_MAX) {
            return bucket;
        }
        split_last(table);
        promote(table, &table->buckets[table->buckets_count - 2]);
        promote(table, &table->buckets[table->buckets_count - 1]);
    }
}

static size_t silent_member(const skad_table *table, const skad_bucket *bucket)
{
    size_t at = 0;
    while (at < bucket->members_count && !skad_peer_silent(peer_at(table, bucket->members[at]))) {
        at++;
    }
    return at;
}

static void cache_add(skad_table *table, skad_bucket *bucket, skad_peer_slot slot)
{
    if (bucket->cache_count == table->k) {
        skad_peer_slot oldest = bucket->cache[0];
        cache_remove(table, bucket, 0);
        skad_peers_release(&table->peers, oldest);
    }
    bucket->cache[bucket->cache_count++] = slot;
    peer_at(table, slot)->places |= SKAD_PEER_IN_CACHE;
}

/* Gives a newly verified peer its place. */
static void place(skad_table *table, skad_peer_slot slot)
{
    skad_bucket *bucket = bucket_with_room(table, &peer_at(table, slot)->id);
    if (bucket->members_count < table->k) {
        members_add(table, bucket, slot);
    } else {
        size_t silent = silent_member(table, bucket);
        if (silent < bucket->members_count) {
            skad_peer_slot gone = bucket->members[silent];
            members_remove(table, bucket, silent);
            siblings_remove(table, gone);
            skad_peers_release(&table->peers, gone);
            members_add(table, bucket, slot);
        } else {
            cache_add(table, bucket, slot);
        }
    }
    siblings_add(table, slot);
}

/* Where in a cache its oldest peer without any other place stands; the cache's count if there is
 * none. */
static size_t oldest_spare(const skad_table *table, const skad_bucket *bucket)
{
    size_t at = 0;
    while (at < bucket->cache_count &&
           peer_at(table, bucket->cache[at])->places != SKAD_PEER_IN_CACHE) {
        at++;
    }
    return at;
}

/* Frees a pool slot by letting the oldest replacement of the fullest cache that has one go. */
static bool make_room(skad_table *table)
{
    skad_bucket *fullest = NULL;
    for (size_t i = 0; i < table->buckets_count; i++) {
        skad_bucket *bucket = &table->buckets[i];
        if (oldest_spare(table, bucket) < bucket->cache_count &&
            (fullest == NULL || bucket->cache_count > fullest->cache_count)) {
            fullest = bucket;
        }
    }
    if (fullest == NULL) {
        return false;
    }
    size_t at = oldest_spare(table, fullest);
    skad_peer_slot slot = fullest->cache[at];
    cache_remove(table, fullest, at);
    skad_peers_release(&table->peers, slot);
    return true;
}

/* Takes a peer out of every place. */
static void evict(skad_table *table, skad_peer_slot slot)
{
    skad_bucket *bucket = &table->buckets[skad_table_bucket_of(table, &peer_at(table, slot)->id)];
    size_t at = run_find(bucket->members, bucket->members_count, slot);
    if (at < bucket->members_count) {
        members_remove(table, bucket, at);
    }
    at = run_find(bucket->cache, bucket->cache_count, slot);
    if (at < bucket->cache_count) {
        cache_remove(table, bucket, at);
    }
    siblings_remove(table, slot);
    skad_peers_release(&table->peers, slot);
    promote(table, bucket);
}

/* The most recently seen member stands last. */
static void touch(skad_table *table, skad_peer_slot slot)
{
    skad_bucket *bucket = &table->buckets[skad_table_bucket_of(table, &peer_at(table, slot)->id)];
    size_t at = run_find(bucket->members, bucket->members_count, slot);
    if (at < bucket->members_count) {
        members_remove(table, bucket, at);
        members_add(table, bucket, slot);
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
            skad_address_group(&peer->routes[family].address) == group) {
            in_table++;
            in_bucket += skad_table_bucket_of(table, &peer->id) == bucket;
        }
    }
    return (table->group_table_max == 0 || in_table < table->group_table_max) &&
           (table->group_bucket_max == 0 || in_bucket < table->group_bucket_max);
}

/* Whether an answer from this endpoint may be taken for the peer's. */
static bool route_accepts(const skad_peer *peer, const skad_address *address)
{
    const skad_route *route = &peer->routes[skad_route_index(address)];
    return route->address.family == SKAD_FAMILY_NONE ||
           skad_address_equal(&route->address, address) || route->failures > 0;
}

skad_peer_slot skad_table_answered(skad_table *table, const skad_id *id,
                                   const skad_address *address, uint64_t rtt_us, uint64_t now_us)
{
    if (skad_id_equal(id, &table->self)) {
        return SKAD_PEER_NONE;
    }
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
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
        peer_at(table, slot)->known_us = now_us;
    }
    skad_peer *peer = peer_at(table, slot);
    if (!is_new && !route_accepts(peer, address)) {
        return slot;
    }
    skad_route *route = &peer->routes[skad_route_index(address)];
    if (!skad_address_equal(&route->address, address)) {
        if (!is_new && !diverse(table, id, address, slot)) {
            return slot;
        }
        *route = (skad_route){.address = *address};
    }
    skad_rtt_sample(&peer->rtt, rtt_us);
    route->failures = 0;
    peer->failures = 0;
    peer->seen_us = now_us;
    peer->check_us = now_us + SKAD_CHECK_INTERVAL_US;
    if (is_new) {
        place(table, slot);
        SKAD_ASSERT(peer->places != 0);
    } else {
        touch(table, slot);
        if ((peer->places & SKAD_PEER_IN_SIBLINGS) == 0) {
            siblings_add(table, slot);
        }
    }
    return slot;
}

/* Whether the peer's endpoint of the other family has fewer failures than this one would have. */
static bool other_route_lives(const skad_peer *peer, const skad_address *address)
{
    const skad_route *other = &peer->routes[1 - skad_route_index(address)];
    return other->address.family != SKAD_FAMILY_NONE &&
           other->failures <= peer->routes[skad_route_index(address)].failures;
}

/* An endpoint failed while the peer's other one is no worse: it alone is blamed, and forgotten when
 * it stays silent. */
static void lose_route(skad_peer *peer, const skad_address *address)
{
    skad_route *route = &peer->routes[skad_route_index(address)];
    route->failures++;
    if (route->failures >= SKAD_PEER_FAILURES_SILENT) {
        *route = (skad_route){0};
    }
}

void skad_table_failed(skad_table *table, const skad_id *id, const skad_address *address,
                       uint64_t now_us)
{
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
    if (slot == SKAD_PEER_NONE) {
        return;
    }
    skad_peer *peer = peer_at(table, slot);
    if (!skad_address_equal(&peer->routes[skad_route_index(address)].address, address)) {
        return;
    }
    if (other_route_lives(peer, address)) {
        lose_route(peer, address);
        peer->check_us = now_us + SKAD_CHECK_RETRY_US; /* at the other one */
        return;
    }
    peer->routes[skad_route_index(address)].failures++;
    peer->failures++;
    if (peer->failures >= SKAD_TABLE_FAILURES_MAX) {
        evict(table, slot);
        return;
    }
    peer->check_us = now_us + SKAD_CHECK_RETRY_US;
    if (skad_peer_silent(peer)) {
        skad_bucket *bucket = &table->buckets[skad_table_bucket_of(table, id)];
        if ((peer->places & SKAD_PEER_IN_CACHE) != 0 || bucket->cache_count > 0) {
            evict(table, slot);
            return;
        }
        peer->check_us = now_us + (SKAD_CHECK_BACKOFF_US << (peer->failures - 1));
    }
}

bool skad_table_fault(skad_table *table, const skad_id *id)
{
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
    if (slot == SKAD_PEER_NONE) {
        return false;
    }
    skad_peer *peer = peer_at(table, slot);
    peer->faults++;
    if (peer->faults < SKAD_TABLE_FAULTS_MAX) {
        return false;
    }
    evict(table, slot);
    return true;
}

void skad_table_unheard(skad_table *table, const skad_id *id, uint64_t again_us)
{
    skad_peer_slot silent = skad_peers_find(&table->peers, id);
    if (silent == SKAD_PEER_NONE) {
        return;
    }
    skad_peer *latest = NULL;
    for (size_t i = 0; i < table->peers.used; i++) {
        skad_peer *peer = &table->peers.peers[i];
        if (peer->places != 0 && i != silent &&
            (latest == NULL || peer->seen_us > latest->seen_us)) {
            latest = peer;
        }
    }
    peer_at(table, silent)->check_us = again_us;
    if (latest != NULL && latest->check_us > again_us) {
        latest->check_us = again_us;
    }
}

bool skad_table_wants(const skad_table *table, const skad_id *id, const skad_address *address)
{
    if (skad_id_equal(id, &table->self)) {
        return false;
    }
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
    if (slot != SKAD_PEER_NONE) {
        const skad_peer *peer = peer_at(table, slot);
        const skad_route *route = &peer->routes[skad_route_index(address)];
        bool same = skad_address_equal(&route->address, address);
        return (same && skad_peer_silent(peer)) || (!same && route_accepts(peer, address));
    }
    if (!diverse(table, id, address, SKAD_PEER_NONE)) {
        return false;
    }
    size_t index = skad_table_bucket_of(table, id);
    const skad_bucket *bucket = &table->buckets[index];
    return index + 1 == table->buckets_count || bucket->members_count < table->k ||
           silent_member(table, bucket) < bucket->members_count || bucket->cache_count < table->k ||
           siblings_want(table, id);
}

skad_peer_slot skad_table_check_due(skad_table *table, uint64_t now_us, uint64_t *next_us)
{
    skad_peer_slot due = SKAD_PEER_NONE;
    uint64_t first = UINT64_MAX;
    uint64_t second = UINT64_MAX;
    for (size_t i = 0; i < table->peers.used; i++) {
        const skad_peer *peer = &table->peers.peers[i];
        if (peer->places == 0) {
            continue;
        }
        if (peer->check_us < first) {
            second = first;
            first = peer->check_us;
            due = (skad_peer_slot)i;
        } else if (peer->check_us < second) {
            second = peer->check_us;
        }
    }
    if (due == SKAD_PEER_NONE || first > now_us) {
        *next_us = first;
        return SKAD_PEER_NONE;
    }
    peer_at(table, due)->check_us = now_us + SKAD_CHECK_INTERVAL_US;
    *next_us = second;
    return due;
}

size_t skad_table_living(const skad_table *table)
{
    size_t living = 0;
    for (size_t i = 0; i < table->peers.used; i++) {
        const skad_peer *peer = &table->peers.peers[i];
        living += (peer->places & SKAD_PEER_USABLE_PLACES) != 0 && !skad_peer_silent(peer);
    }
    return living;
}

void skad_table_contact(const skad_table *table, skad_peer_slot slot, skad_contact *out)
{
    const skad_peer *peer = peer_at(table, slot);
    out->id = peer->id;
    out->ipv4 = peer->routes[0].address;
    out->ipv6 = peer->routes[1].address;
}
