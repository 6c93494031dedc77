/* Tables that are filled at once: they are what the same answers one after the other make. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "skad/simulator.h"
#include "src/core/base/instant.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "src/core/node/prefill.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

#define CONTACTS 900 /* more than find a place */

static const skad_time NOW = {.mono_us = 5000 * SKAD_US_PER_S, .unix_s = TEST_UNIX_S};

typedef struct bench {
    skad_store store;
    skad_identity identity;
    skad_shared *shared;
    skad_node *filled;
    skad_node *answered;
    skad_id ids[CONTACTS];
    skad_address addresses[CONTACTS];
    skad_acquaintance known[CONTACTS];
} bench;

static skad_node *make(bench *self, uint8_t group_table_max)
{
    const skad_simulator_config simulator = {
        .shared = self->shared, .insecure_memory = true, .lazy_allocation = true};
    skad_node_config config = {.profile = *test_plain_profile(),
                               .identity = &self->identity,
                               .store = self->store,
                               .families = SKAD_FAMILIES_ALL,
                               .simulator = &simulator};
    config.profile.group_table_max = group_table_max;
    skad_node_limits_default(&config.limits);
    config.limits.peers = 300;
    skad_node *node;
    assert_int_equal(skad_node_new(&config, NOW, &node), SKAD_OK);
    return node;
}

static bench *begin(uint8_t group_table_max)
{
    static const skad_store_caps caps = {4, 4096, 4, 4096};
    bench *self = calloc(1, sizeof *self);
    assert_non_null(self);
    test_prng prng = {77};
    self->identity = test_identity(test_plain_profile(), 1);
    assert_int_equal(skad_store_memory_new(&caps, &self->store), SKAD_OK);
    assert_int_equal(skad_shared_new(16, &self->shared), SKAD_OK);
    for (size_t i = 0; i < CONTACTS; i++) {
        self->ids[i] =
            test_prng_id_near(&prng, &self->identity.id, (unsigned)test_prng_below(&prng, 12));
        self->addresses[i] = test_prng_address((uint32_t)i);
        if (i % 5 == 1) { /* somebody again, elsewhere or over the other family */
            self->ids[i] = self->ids[i / 2];
            self->addresses[i].family = i % 2 == 0 ? SKAD_FAMILY_IPV4 : SKAD_FAMILY_IPV6;
        }
        self->known[i] = (skad_acquaintance){
            .id = &self->ids[i],
            .address = &self->addresses[i],
            .rtt_us = (uint32_t)(1000 + test_prng_below(&prng, 90000)),
            .heard_us = NOW.mono_us - 100 * SKAD_US_PER_S + i * 100 * SKAD_US_PER_MS,
        };
        self->known[i].first_seen_us = self->known[i].heard_us;
    }
    self->ids[7] = self->identity.id; /* ourselves */
    self->filled = make(self, group_table_max);
    self->answered = make(self, group_table_max);
    return self;
}

static void end(bench *self)
{
    skad_node_free(self->filled);
    skad_node_free(self->answered);
    skad_shared_free(self->shared);
    self->store.ops->free(self->store.self);
    free(self);
}

static void assert_peers_equal(const skad_peers *a, const skad_peers *b)
{
    assert_int_equal(a->high_water, b->high_water);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->peers, b->peers, a->high_water * sizeof *a->peers);
    assert_memory_equal(a->prefixes, b->prefixes, a->high_water * sizeof *a->prefixes);
    assert_memory_equal(a->checks_ms, b->checks_ms, a->high_water * sizeof *a->checks_ms);
    assert_int_equal(a->colds_high_water, b->colds_high_water);
    assert_memory_equal(a->colds, b->colds, a->colds_high_water * sizeof *a->colds);
}

static void assert_tables_equal(const skad_table *a, const skad_table *b)
{
    assert_peers_equal(&a->peers, &b->peers);
    assert_int_equal(a->buckets_count, b->buckets_count);
    for (size_t i = 0; i < a->buckets_count; i++) {
        const skad_bucket *bucket = &a->buckets[i];
        assert_int_equal(bucket->members_count, b->buckets[i].members_count);
        assert_int_equal(bucket->cache_count, b->buckets[i].cache_count);
        assert_memory_equal(skad_table_members(a, i), skad_table_members(b, i),
                            bucket->members_count * sizeof(skad_peer_slot));
        assert_memory_equal(skad_table_cache(a, i), skad_table_cache(b, i),
                            bucket->cache_count * sizeof(skad_peer_slot));
    }
    assert_int_equal(a->siblings_count, b->siblings_count);
    assert_memory_equal(a->siblings, b->siblings, a->siblings_count * sizeof a->siblings[0]);
}

static void a_filled_table_is_what_answers_one_by_one_make(void **state)
{
    (void)state;
    static const uint8_t groups[] = {0, 1}; /* whether addresses are counted */
    for (size_t g = 0; g < 2; g++) {
        bench *self = begin(groups[g]);
        assert_int_equal(skad_prefill_known(self->filled, self->known, CONTACTS, NOW), SKAD_OK);
        for (size_t i = 0; i < CONTACTS; i++) {
            const skad_acquaintance *who = &self->known[i];
            (void)skad_table_answered(skad_node_parts_of(self->answered).table, who->id,
                                      who->address, who->rtt_us, who->heard_us);
        }
        assert_in_range(skad_node_parts_of(self->filled).table->peers.count, 50, 300);
        assert_tables_equal(skad_node_parts_of(self->filled).table,
                            skad_node_parts_of(self->answered).table);
        end(self);
    }
}

/* Somebody known for long, and heard since then, is what two answers make, but for the second
 * sample of its round-trip time. */
static void a_peer_is_filled_in_with_its_age(void **state)
{
    (void)state;
    bench *self = begin(0);
    skad_acquaintance *who = &self->known[0];
    who->first_seen_us = NOW.mono_us - 4000 * SKAD_US_PER_S;
    who->heard_us = NOW.mono_us - 10 * SKAD_US_PER_S;
    assert_int_equal(skad_prefill_known(self->filled, who, 1, NOW), SKAD_OK);
    skad_table *answered = skad_node_parts_of(self->answered).table;
    (void)skad_table_answered(answered, who->id, who->address, who->rtt_us, who->first_seen_us);
    (void)skad_table_answered(answered, who->id, who->address, who->rtt_us, who->heard_us);
    answered->peers.peers[0].rtt = skad_node_parts_of(self->filled).table->peers.peers[0].rtt;
    assert_tables_equal(skad_node_parts_of(self->filled).table, answered);
    assert_int_equal(skad_node_parts_of(self->filled).table->peers.due_us,
                     who->heard_us +
                         (who->heard_us - who->first_seen_us) / SKAD_CHECK_LIFE_DIVISOR);
    end(self);
}

/* The older ones have the places, the younger ones wait; members stand as they were heard. */
static void a_filled_table_is_in_order_whatever_was_heard_when(void **state)
{
    (void)state;
    bench *self = begin(0);
    test_prng prng = {99};
    uint64_t first_us = NOW.mono_us - 4000 * SKAD_US_PER_S;
    for (size_t i = 0; i < CONTACTS; i++) {
        uint64_t first_seen_us = first_us + i * 100 * SKAD_US_PER_MS;
        self->known[i].first_seen_us = first_seen_us;
        self->known[i].heard_us =
            first_seen_us + test_prng_below(&prng, NOW.mono_us - first_seen_us);
    }
    assert_int_equal(skad_prefill_known(self->filled, self->known, CONTACTS, NOW), SKAD_OK);
    assert_null(skad_node_broken(self->filled, NOW));
    const skad_table *table = skad_node_parts_of(self->filled).table;
    for (size_t bucket = 0; bucket < table->buckets_count; bucket++) {
        const skad_peer_slot *members = skad_table_members(table, bucket);
        for (size_t i = 1; i < table->buckets[bucket].members_count; i++) {
            assert_true(table->peers.peers[members[i - 1]].last_seen.ms <=
                        table->peers.peers[members[i]].last_seen.ms);
        }
    }
    end(self);
}

static void who_was_heard_first_is_checked_first(void **state)
{
    (void)state;
    bench *self = begin(0);
    assert_int_equal(skad_prefill_known(self->filled, self->known, CONTACTS, NOW), SKAD_OK);
    skad_prefill_joined(self->filled, NOW);
    const skad_peers *peers = &skad_node_parts_of(self->filled).table->peers;
    skad_peer_slot first = skad_peers_find(peers, &self->ids[0]);
    uint64_t first_us = skad_instant_us((skad_instant){peers->checks_ms[first]}, NOW.mono_us);
    assert_true(first_us >= self->known[0].heard_us + SKAD_CHECK_INTERVAL_US);
    assert_int_equal(peers->due_us, first_us);
    end(self);
}

static void a_node_that_joined_long_ago_stays_calm(void **state)
{
    (void)state;
    bench *self = begin(0);
    skad_node *node = self->filled;
    skad_node_stats stats;
    skad_event event;
    skad_datagram datagram;
    assert_int_equal(skad_prefill_known(node, self->known, CONTACTS, NOW), SKAD_OK);
    skad_prefill_joined(node, NOW);
    skad_node_tick(node, NOW);
    skad_node_stats_get(node, NOW, &stats);
    assert_true(stats.joined);
    assert_int_equal(stats.operations, 0);
    assert_false(skad_node_poll_event(node, &event));
    assert_false(skad_node_poll_datagram(node, &datagram));
    for (size_t i = 0; i < skad_node_parts_of(node).table->buckets_count; i++) {
        assert_in_range(skad_node_parts_of(node).table->buckets[i].refresh_us, NOW.mono_us,
                        NOW.mono_us + SKAD_REFRESH_INTERVAL_US);
    }
    end(self);
}

static void a_node_has_visited_places_but_its_own(void **state)
{
    (void)state;
    bench *self = begin(0);
    const skad_table *table = skad_node_parts_of(self->filled).table;
    const uint8_t own = table->self.bytes[0] >> 4;
    for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) {
        const skad_id target = {.bytes = {(uint8_t)(sixteenth << 4 | 5)}};
        skad_prefill_visited(self->filled, &target, 100 + sixteenth);
    }
    for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) {
        assert_int_equal(table->places.radii[sixteenth], sixteenth == own ? 0 : 100 + sixteenth);
    }
    end(self);
}

static void nobody_known_is_allowed(void **state)
{
    (void)state;
    bench *self = begin(0);
    assert_int_equal(skad_prefill_known(self->filled, NULL, 0, NOW), SKAD_OK);
    assert_int_equal(skad_node_parts_of(self->filled).table->peers.count, 0);
    end(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filled_table_is_what_answers_one_by_one_make),
        cmocka_unit_test(a_peer_is_filled_in_with_its_age),
        cmocka_unit_test(a_filled_table_is_in_order_whatever_was_heard_when),
        cmocka_unit_test(who_was_heard_first_is_checked_first),
        cmocka_unit_test(a_node_that_joined_long_ago_stays_calm),
        cmocka_unit_test(a_node_has_visited_places_but_its_own),
        cmocka_unit_test(nobody_known_is_allowed),
    };
    return cmocka_run_group_tests_name("prefill", tests, NULL, NULL);
}
