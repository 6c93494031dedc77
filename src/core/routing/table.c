#include "src/core/routing/table.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/base/instant.h"
#include "src/core/routing/buckets.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/routing/liveness.h"
#include "src/core/routing/siblings.h"

_Static_assert(SKAD_TABLE_FAILURES_MAX <= SKAD_PEER_FAILURES_MASK, "so many can be counted");

skad_status skad_table_init(skad_table *table, const skad_id *self, size_t k, size_t siblings,
                            const skad_peers_plan *plan)
{
    SKAD_ASSERT(k >= 1 && k <= SKAD_K_MAX);
    *table = (skad_table){.self = *self, .k = k, .buckets_count = 1};
    table->siblings_max = siblings;
    SKAD_ASSERT(table->siblings_max <= SKAD_SIBLINGS_MAX);
    skad_status status =
        skad_buckets_reserve(table, plan->lazy_allocation ? SKAD_BUCKETS_STEP : SKAD_BUCKETS_MAX);
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

static skad_peer *peer_at(const skad_table *table, skad_peer_slot slot)
{
    return &table->peers.peers[slot];
}

/* Takes a peer out of all lists. The replacement that moves up may not have been asked for long, so
 * it is checked soon. */
static void evict(skad_table *table, skad_peer_slot slot, uint64_t now_us)
{
    skad_peer_slot up = skad_buckets_remove(table, slot);
    if (up != SKAD_PEER_NONE) {
        skad_liveness_by(&table->peers, up, now_us + SKAD_CHECK_INTERVAL_US);
    }
    skad_siblings_remove(table, slot);
    skad_peers_release(&table->peers, slot);
}

/* Puts a newly verified peer into the lists. */
static void place(skad_table *table, skad_peer_slot slot)
{
    skad_peer_slot gone = skad_buckets_place(table, slot);
    if (gone != SKAD_PEER_NONE) {
        skad_siblings_remove(table, gone);
        skad_peers_release(&table->peers, gone);
    }
    skad_siblings_add(table, slot);
}

/* Whether the table, and the bucket of an ID, have room for one more endpoint of this address's
 * groups. The peer in slot `self` does not count against itself. */
static bool diverse(const skad_table *table, const skad_id *id, const skad_address *address,
                    skad_peer_slot self)
{
    if (table->group_bucket_max == 0 && table->group_table_max == 0) {
        return true;
    }
    const uint64_t wanted = skad_address_group(address);
    if (wanted == 0) {
        return true; /* no limit */
    }
    skad_group_tally in_table = skad_group_tally_of(wanted);
    skad_group_tally in_bucket = in_table;
    size_t family = skad_endpoint_index(address);
    size_t bucket = skad_table_bucket_of(table, id);
    for (size_t i = 0; i < table->peers.high_water; i++) {
        const skad_peer *peer = &table->peers.peers[i];
        if (peer->roles == 0 || i == self ||
            skad_endpoint_apart(&table->peers, (skad_peer_slot)i, family, wanted)) {
            continue;
        }
        uint64_t group = skad_endpoint_group(&table->peers, (skad_peer_slot)i, family);
        skad_group_tally_add(&in_table, group);
        if (skad_table_bucket_of(table, &peer->id) == bucket) {
            skad_group_tally_add(&in_bucket, group);
        }
    }
    return skad_group_tally_has_room(&in_table, table->group_table_max) &&
           skad_group_tally_has_room(&in_bucket, table->group_bucket_max);
}

/* Whether an answer from this endpoint may count as the peer's. */
static bool endpoint_accepts(const skad_peers *peers, skad_peer_slot slot,
                             const skad_address *address)
{
    size_t endpoint = skad_endpoint_index(address);
    return (peers->peers[slot].families & address->family) == 0 ||
           skad_endpoint_is(peers, slot, address) ||
           skad_endpoint_failures(peers, slot, endpoint) > 0;
}

/* Whether the peer has this endpoint now, after an answer from there. */
static bool take_endpoint(skad_table *table, skad_peer_slot slot, const skad_address *address)
{
    if (skad_endpoint_is(&table->peers, slot, address)) {
        skad_endpoint_answered(&table->peers, slot, skad_endpoint_index(address));
        return true;
    }
    return skad_endpoint_set(&table->peers, slot, address);
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
        if (slot == SKAD_PEER_NONE && skad_buckets_make_room(table)) {
            slot = skad_peers_take(&table->peers, id);
        }
        if (slot == SKAD_PEER_NONE) {
            return SKAD_PEER_NONE;
        }
        peer_at(table, slot)->first_seen = skad_second_at(now_us);
    } else if (!endpoint_accepts(&table->peers, slot, address) ||
               (!skad_endpoint_is(&table->peers, slot, address) &&
                !diverse(table, id, address, slot))) {
        return slot;
    }
    if (!take_endpoint(table, slot, address)) {
        skad_peers_release(&table->peers, slot); /* if it is new */
        return is_new ? SKAD_PEER_NONE : slot;
    }
    skad_peer *peer = peer_at(table, slot);
    skad_rtt_sample(&peer->rtt, rtt_us);
    skad_peers_set_failures(&table->peers, slot, 0);
    if (!is_new) {
        skad_lifetimes_lived(&table->peers.lifetimes,
                             skad_instant_since_ms(peer->last_seen, now_us));
    }
    skad_peers_heard(&table->peers, slot, now_us);
    if (is_new) {
        place(table, slot);
        SKAD_ASSERT(peer->roles != 0);
    } else {
        skad_buckets_touch(table, slot);
        if ((peer->roles & SKAD_PEER_IN_SIBLINGS) == 0) {
            skad_siblings_add(table, slot);
        }
    }
    skad_liveness_next(&table->peers, slot, now_us);
    return slot;
}

/* Whether the peer's endpoint of the other family has fewer failures than this one would have. */
static bool other_endpoint_alive(const skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    return peers->peers[slot].families == SKAD_FAMILIES_ALL &&
           skad_endpoint_failures(peers, slot, 1 - endpoint) <=
               skad_endpoint_failures(peers, slot, endpoint);
}

/* Counts a failure of an endpoint while the peer's other one is no worse. Only the endpoint is
 * blamed, and it is forgotten when it stays unresponsive. */
static void lose_endpoint(skad_peers *peers, skad_peer_slot slot, size_t endpoint)
{
    skad_endpoint_failed(peers, slot, endpoint);
    if (skad_endpoint_failures(peers, slot, endpoint) >= SKAD_UNRESPONSIVE_FAILURES) {
        skad_endpoint_clear(peers, slot, endpoint);
    }
}

void skad_table_failed(skad_table *table, const skad_id *id, const skad_address *address,
                       uint64_t now_us)
{
    skad_peers *peers = &table->peers;
    skad_peer_slot slot = skad_peers_find(peers, id);
    size_t endpoint = skad_endpoint_index(address);
    if (slot == SKAD_PEER_NONE || !skad_endpoint_is(peers, slot, address)) {
        return;
    }
    skad_liveness_again(peers, slot, now_us); /* perhaps at the other one */
    if (other_endpoint_alive(peers, slot, endpoint)) {
        lose_endpoint(peers, slot, endpoint);
        return;
    }
    skad_peer *peer = peer_at(table, slot);
    skad_endpoint_failed(peers, slot, endpoint);
    skad_peers_set_failures(peers, slot, peer->failures + 1U);
    if (peer->failures == SKAD_UNRESPONSIVE_FAILURES) {
        skad_lifetimes_ended(&peers->lifetimes);
    }
    if (peer->failures >= SKAD_TABLE_FAILURES_MAX) {
        evict(table, slot, now_us);
        return;
    }
    if (skad_peer_unresponsive(peer)) {
        size_t bucket = skad_table_bucket_of(table, id);
        if ((peer->roles & SKAD_PEER_IN_CACHE) != 0 || table->buckets[bucket].cache_count > 0) {
            evict(table, slot, now_us);
            return;
        }
        skad_peers_check_at(peers, slot, now_us + skad_liveness_backoff_us(peer->failures));
    }
}

bool skad_table_violation(skad_table *table, const skad_id *id, uint64_t now_us)
{
    skad_peer_slot slot = skad_peers_find(&table->peers, id);
    if (slot == SKAD_PEER_NONE) {
        return false;
    }
    skad_peer_cold *cold = skad_peers_cold_of(&table->peers, slot);
    if (cold != NULL) {
        bool forgiven = skad_second_since_s(cold->violated, now_us) >= SKAD_TABLE_VIOLATIONS_S;
        cold->violations = (uint8_t)(forgiven ? 1 : cold->violations + 1);
        cold->violated = skad_second_at(now_us);
        if (cold->violations < SKAD_TABLE_VIOLATIONS_MAX) {
            return false;
        }
    }
    evict(table, slot, now_us);
    return true;
}

bool skad_table_unlist(skad_table *table, const skad_id *id, const skad_address *address,
                       uint64_t now_us)
{
    skad_peers *peers = &table->peers;
    const skad_peer_slot slot = skad_peers_find(peers, id);
    const size_t endpoint = skad_endpoint_index(address);
    if (slot == SKAD_PEER_NONE || !skad_endpoint_is(peers, slot, address)) {
        return false;
    }
    if (skad_endpoint_address(peers, slot, 1 - endpoint).family != SKAD_FAMILY_NONE) {
        skad_endpoint_clear(peers, slot, endpoint);
    } else {
        evict(table, slot, now_us);
    }
    return true;
}

static bool has_room(const skad_table *table)
{
    return table->peers.count < table->peers.limit ||
           skad_buckets_fullest_cache(table) < table->buckets_count;
}

/* Whether a cache is to grow. When the pool is full, that is at the cost of the fullest cache, and
 * worth it only if that cache stays no smaller. Otherwise two caches would take turns, and each
 * turn costs a ping. */
static bool cache_wants(const skad_table *table, size_t bucket)
{
    size_t count = table->buckets[bucket].cache_count;
    if (count == table->k || table->peers.count < table->peers.limit) {
        return count < table->k;
    }
    for (size_t i = 0; i < table->buckets_count; i++) {
        size_t other = table->buckets[i].cache_count;
        if (other > count + 1 && skad_buckets_oldest_spare(table, i) < other) {
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
        bool same = skad_endpoint_is(&table->peers, slot, address);
        return (same && skad_peer_unresponsive(peer)) ||
               (!same && endpoint_accepts(&table->peers, slot, address));
    }
    if (!diverse(table, id, address, SKAD_PEER_NONE)) {
        return false;
    }
    size_t index = skad_table_bucket_of(table, id);
    const skad_bucket *bucket = &table->buckets[index];
    bool member = index + 1 == table->buckets_count || bucket->members_count < table->k ||
                  skad_buckets_unresponsive(table, index) < bucket->members_count;
    return ((member || skad_siblings_want(table, id)) && has_room(table)) ||
           cache_wants(table, index);
}

static bool alive(const skad_peer *peer)
{
    return (peer->roles & SKAD_PEER_USABLE_ROLES) != 0 && !skad_peer_unresponsive(peer);
}

size_t skad_table_living(const skad_table *table)
{
    size_t living = 0;
    for (size_t i = 0; i < table->peers.high_water; i++) {
        living += alive(&table->peers.peers[i]);
    }
    return living;
}

/* A replacement waits only behind responsive members, so any responsive peer means that there is a
 * usable one. */
bool skad_table_has_living(const skad_table *table)
{
    return table->peers.count > table->peers.unresponsive;
}

void skad_table_contact(const skad_table *table, skad_peer_slot slot, skad_contact *out)
{
    out->id = peer_at(table, slot)->id;
    out->ipv4 = skad_endpoint_address(&table->peers, slot, 0);
    out->ipv6 = skad_endpoint_address(&table->peers, slot, 1);
    out->guarded = peer_at(table, slot)->guarded;
}
