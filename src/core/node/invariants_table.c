/* The routing table's invariants: see invariants.h; the rules are in table.h.
 * tests/node/test_invariants.c breaks each of them. */
#include "crypto/assert.h"
#include "src/core/base/instant.h"
#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"

static const skad_peer *peer_at(const skad_table *table, skad_peer_slot slot)
{
    return &table->peers.peers[slot];
}

/* Whether all slots of a run are different and taken, by peers that have this role. */
static bool run_agrees(const skad_table *table, const skad_peer_slot *run, size_t count,
                       skad_peer_role role)
{
    for (size_t i = 0; i < count; i++) {
        if (run[i] >= table->peers.high_water || (peer_at(table, run[i])->roles & role) == 0) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (run[j] == run[i]) {
                return false;
            }
        }
    }
    return true;
}

static bool run_in_bucket(const skad_table *table, const skad_peer_slot *run, size_t count,
                          size_t bucket)
{
    for (size_t i = 0; i < count; i++) {
        if (skad_table_bucket_of(table, &peer_at(table, run[i])->id) != bucket) {
            return false;
        }
    }
    return true;
}

/* Replacements stand in the order in which they came. */
static bool cache_in_order(const skad_table *table, size_t index)
{
    const skad_peer_slot *cache = skad_table_cache(table, index);
    for (size_t i = 1; i < table->buckets[index].cache_count; i++) {
        if (skad_second_later(peer_at(table, cache[i - 1])->first_seen,
                              peer_at(table, cache[i])->first_seen) > 0) {
            return false;
        }
    }
    return true;
}

static const char *bucket_broken(const skad_table *table, size_t index)
{
    const skad_bucket *bucket = &table->buckets[index];
    if (bucket->members_count > table->k || bucket->cache_count > table->k) {
        return "a bucket and its cache hold at most k each";
    }
    const skad_peer_slot *members = skad_table_members(table, index);
    const skad_peer_slot *cache = skad_table_cache(table, index);
    if (!run_agrees(table, members, bucket->members_count, SKAD_PEER_IN_BUCKET) ||
        !run_agrees(table, cache, bucket->cache_count, SKAD_PEER_IN_CACHE)) {
        return "each entry of a bucket is one peer, marked as such";
    }
    if (!run_in_bucket(table, members, bucket->members_count, index) ||
        !run_in_bucket(table, cache, bucket->cache_count, index)) {
        return "a peer is in the bucket of its ID's range";
    }
    if (bucket->cache_count > 0 && bucket->members_count < table->k) {
        return "replacements wait behind a full bucket only";
    }
    if (!cache_in_order(table, index)) {
        return "a bucket's oldest replacement is first";
    }
    return NULL;
}

static const char *siblings_broken(const skad_table *table)
{
    if (table->siblings_count > table->siblings_max) {
        return "there are at most eta * s siblings";
    }
    if (!run_agrees(table, table->siblings, table->siblings_count, SKAD_PEER_IN_SIBLINGS)) {
        return "each sibling is one peer, marked as such";
    }
    for (size_t i = 1; i < table->siblings_count; i++) {
        if (skad_distance_compare(&table->self, &peer_at(table, table->siblings[i - 1])->id,
                                  &peer_at(table, table->siblings[i])->id) >= 0) {
            return "siblings are in ascending distance";
        }
    }
    return NULL;
}

static bool endpoints_sound(const skad_table *table, size_t slot)
{
    const skad_peers *peers = &table->peers;
    const skad_peer *peer = &peers->peers[slot];
    bool has_cold = peer->cold != SKAD_PEER_NONE && peer->cold < peers->colds_high_water;
    return peer->families != 0 && (peer->families & ~(unsigned)SKAD_FAMILIES_ALL) == 0 &&
           ((peer->families & SKAD_FAMILY_IPV6) == 0 || has_cold);
}

static uint8_t violations_of(const skad_table *table, size_t slot)
{
    const skad_peer_cold *cold = skad_peers_cold(&table->peers, (skad_peer_slot)slot);
    return cold == NULL ? 0 : cold->violations;
}

/* Times are kept in milliseconds and seconds, so each may seem up to that much later than
 * it was. */
static bool times_sound(const skad_table *table, size_t slot, uint64_t now_us)
{
    const skad_peer *peer = &table->peers.peers[slot];
    return skad_instant_later(peer->last_seen, skad_instant_at(now_us)) <= 0 &&
           skad_second_later(peer->first_seen,
                             skad_second_at(skad_instant_us(peer->last_seen, now_us))) <= 0;
}

static const char *peer_broken(const skad_table *table, size_t slot, uint64_t now_us)
{
    const skad_peer *peer = &table->peers.peers[slot];
    if ((peer->roles & SKAD_PEER_IN_BUCKET) != 0 && (peer->roles & SKAD_PEER_IN_CACHE) != 0) {
        return "no peer is its own replacement";
    }
    if (skad_id_equal(&peer->id, &table->self)) {
        return "we are not our own peer";
    }
    if (table->peers.prefixes[slot] != skad_id_prefix(&peer->id) >> 32) {
        return "the prefix beside a peer is its ID's";
    }
    if (!endpoints_sound(table, slot)) {
        return "a peer has a verified endpoint, of each family at most one";
    }
    if (peer->failures >= SKAD_TABLE_FAILURES_MAX ||
        violations_of(table, slot) >= SKAD_TABLE_VIOLATIONS_MAX) {
        return "a peer that failed too often is evicted";
    }
    if (!times_sound(table, slot, now_us)) {
        return "a peer was last seen after it was first seen, and not in the future";
    }
    uint64_t check_us = skad_instant_us((skad_instant){table->peers.checks_ms[slot]}, now_us);
    if (check_us > now_us + SKAD_CHECK_INTERVAL_MAX_US) {
        return "a peer's next check is within the longest interval";
    }
    if (check_us < table->peers.due_us) {
        return "the deadline covers the next liveness check";
    }
    return NULL;
}

/* Whether a peer's ID also stands in a later slot. */
static bool met_again(const skad_table *table, size_t slot)
{
    const skad_peers *peers = &table->peers;
    for (size_t i = slot + 1; i < peers->high_water; i++) {
        if (peers->prefixes[i] == peers->prefixes[slot] && peers->peers[i].roles != 0 &&
            skad_id_equal(&peers->peers[i].id, &peers->peers[slot].id)) {
            return true;
        }
    }
    return false;
}

#define SLOTS_MAX 4096 /* skad_node_limits.peers */

/* The address groups of each slot's endpoint of one family. */
typedef struct slot_groups {
    uint64_t narrow[SLOTS_MAX]; /* 0: it has none, or the slot is free */
    uint64_t widest[SLOTS_MAX]; /* those that differ here share no group */
} slot_groups;

/* Whether one endpoint's address groups keep their shares, in the table and in its peer's bucket.
 */
static bool quota_kept(const skad_table *table, const slot_groups *groups, size_t slot)
{
    size_t bucket = skad_table_bucket_of(table, &peer_at(table, (skad_peer_slot)slot)->id);
    skad_group_tally in_table = skad_group_tally_of(groups->narrow[slot]);
    skad_group_tally in_bucket = in_table;
    for (size_t i = 0; i < table->peers.high_water; i++) {
        if (groups->widest[i] != groups->widest[slot] || i == slot) {
            continue;
        }
        skad_group_tally_add(&in_table, groups->narrow[i]);
        if (skad_table_bucket_of(table, &table->peers.peers[i].id) == bucket) {
            skad_group_tally_add(&in_bucket, groups->narrow[i]);
        }
    }
    return skad_group_tally_has_room(&in_table, table->group_table_max) &&
           skad_group_tally_has_room(&in_bucket, table->group_bucket_max);
}

static bool quotas_kept(const skad_table *table, size_t family)
{
    slot_groups groups;
    SKAD_ASSERT(table->peers.high_water <= SLOTS_MAX);
    for (skad_peer_slot i = 0; i < table->peers.high_water; i++) {
        bool taken = table->peers.peers[i].roles != 0;
        groups.narrow[i] = taken ? skad_endpoint_group(&table->peers, i, family) : 0;
        groups.widest[i] = skad_group_widest(groups.narrow[i]);
    }
    for (size_t i = 0; i < table->peers.high_water; i++) {
        if (groups.narrow[i] != 0 && !quota_kept(table, &groups, i)) {
            return false;
        }
    }
    return true;
}

static const char *quotas_broken(const skad_table *table)
{
    bool limited = table->group_table_max != 0 || table->group_bucket_max != 0;
    if (limited && (!quotas_kept(table, 0) || !quotas_kept(table, 1))) {
        return "an address group keeps to its share of the table";
    }
    return NULL;
}

/* Counts the peers that are marked with a role. */
static size_t count_in_role(const skad_table *table, unsigned role)
{
    size_t count = 0;
    for (size_t i = 0; i < table->peers.high_water; i++) {
        count += (table->peers.peers[i].roles & role) != 0;
    }
    return count;
}

static size_t count_unresponsive(const skad_table *table)
{
    size_t unresponsive = 0;
    for (size_t i = 0; i < table->peers.high_water; i++) {
        unresponsive +=
            table->peers.peers[i].roles != 0 && skad_peer_unresponsive(&table->peers.peers[i]);
    }
    return unresponsive;
}

static bool latest_sound(const skad_table *table)
{
    const skad_peers *peers = &table->peers;
    if (peers->latest == SKAD_PEER_NONE) {
        return true;
    }
    for (size_t i = 0; i < peers->high_water; i++) {
        if (peers->peers[i].roles != 0 &&
            skad_peers_answered_later(peers, (skad_peer_slot)i, peers->latest)) {
            return false;
        }
    }
    return peers->latest < peers->high_water && peers->peers[peers->latest].roles != 0;
}

static const char *counts_broken(const skad_table *table)
{
    size_t members = 0;
    size_t replacements = 0;
    for (size_t i = 0; i < table->buckets_count; i++) {
        members += table->buckets[i].members_count;
        replacements += table->buckets[i].cache_count;
    }
    if (count_in_role(table, SKAD_PEER_IN_BUCKET) != members ||
        count_in_role(table, SKAD_PEER_IN_CACHE) != replacements ||
        count_in_role(table, SKAD_PEER_IN_SIBLINGS) != table->siblings_count) {
        return "a peer that is marked with a role has it";
    }
    if (count_in_role(table, UINT8_MAX) != table->peers.count) {
        return "the pool counts its peers";
    }
    if (count_unresponsive(table) != table->peers.unresponsive) {
        return "the pool counts its unresponsive peers";
    }
    if (!latest_sound(table)) {
        return "the pool knows the peer that answered last";
    }
    if (!skad_lifetimes_sound(&table->peers.lifetimes)) {
        return "observed lifetimes are forgotten by halves";
    }
    if (skad_table_has_living(table) != (skad_table_living(table) > 0)) {
        return "replacements wait only behind responsive members";
    }
    return NULL;
}

const char *skad_table_broken(const skad_table *table, uint64_t now_us)
{
    const char *broken = NULL;
    if (table->peers.high_water > table->peers.capacity ||
        table->peers.high_water > table->peers.limit || table->buckets_count < 1 ||
        table->buckets_count > SKAD_BUCKETS_MAX) {
        return "the table keeps to its caps";
    }
    for (size_t i = 0; broken == NULL && i < table->buckets_count; i++) {
        broken = bucket_broken(table, i);
    }
    if (broken == NULL) {
        broken = siblings_broken(table);
    }
    for (size_t i = 0; broken == NULL && i < table->peers.high_water; i++) {
        if (table->peers.peers[i].roles != 0) {
            broken = met_again(table, i) ? "no peer appears twice" : peer_broken(table, i, now_us);
        }
    }
    if (broken == NULL) {
        broken = counts_broken(table);
    }
    return broken != NULL ? broken : quotas_broken(table);
}
