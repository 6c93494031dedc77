/* What a node tells about itself: its statistics and the rows of its table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define PEERS 40

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    profile.k = 4;
    profile.siblings = 2;
    test_fixture_init(&fixture, &profile);
    for (size_t i = 0; i < PEERS; i++) {
        test_fixture_knock(&fixture, test_fixture_remote(&fixture));
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_node_stats stats(void)
{
    skad_node_stats out;
    skad_node_stats_get(fixture.node, fixture.now, &out);
    return out;
}

static void rows_come_by_bucket_and_each_peer_once(void **state)
{
    (void)state;
    skad_table_row rows[PEERS];
    size_t count = skad_node_table(fixture.node, fixture.now, rows, PEERS);
    size_t siblings = 0;
    size_t usable = 0;
    assert_in_range(count, 10, PEERS);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || rows[i - 1].bucket <= rows[i].bucket);
        unsigned shared = skad_common_prefix(&rows[i].contact.id, &fixture.identity.id);
        assert_int_equal(rows[i].bucket, shared < stats().buckets ? shared : stats().buckets - 1U);
        siblings += rows[i].sibling;
        usable += rows[i].sibling || !rows[i].replacement;
        for (size_t j = 0; j < i; j++) {
            assert_false(skad_id_equal(&rows[i].contact.id, &rows[j].contact.id));
        }
    }
    assert_int_equal(siblings, stats().siblings);
    assert_int_equal(usable, stats().peers);
}

/* As a table that is made without a profile has none. */
static void the_limits_of_address_groups_are_the_profiles(void **state)
{
    (void)state;
    static test_fixture limited;
    skad_profile profile = test_fixture_profile();
    profile.group_bucket_max = 3;
    profile.group_table_max = 7;
    test_fixture_init(&limited, &profile);
    const skad_table *table = skad_node_parts_of(limited.node).table;
    assert_int_equal(table->group_bucket_max, 3);
    assert_int_equal(table->group_table_max, 7);
    test_fixture_free(&limited);
}

static void all_are_counted_where_not_all_fit(void **state)
{
    (void)state;
    skad_table_row all[PEERS];
    skad_table_row few[4];
    size_t count = skad_node_table(fixture.node, fixture.now, all, PEERS);
    few[3].bucket = 4711;
    assert_int_equal(skad_node_table(fixture.node, fixture.now, few, 3), count);
    assert_memory_equal(&few[2].contact, &all[2].contact, sizeof(skad_contact));
    assert_int_equal(few[3].bucket, 4711);
    assert_int_equal(skad_node_table(fixture.node, fixture.now, NULL, 0), count);
}

static void a_row_tells_where_a_peer_is_and_when_it_was_heard(void **state)
{
    (void)state;
    skad_table_row rows[PEERS];
    fixture.now.mono_us += 7 * SKAD_US_PER_S;
    size_t count = skad_node_table(fixture.node, fixture.now, rows, PEERS);
    for (size_t i = 0; i < count; i++) {
        const test_remote *who = fixture.remotes;
        while (!skad_id_equal(&who->identity.id, &rows[i].contact.id)) {
            who++;
        }
        const skad_peer *peer = test_fixture_peer(&fixture, who);
        assert_true(skad_address_equal(&rows[i].contact.ipv4, &who->address));
        assert_int_equal(rows[i].contact.ipv6.family, SKAD_FAMILY_NONE);
        assert_int_equal(rows[i].rtt_us, peer->rtt.smoothed_us);
        assert_int_equal(rows[i].failures, 0);
        assert_in_range(rows[i].last_seen_us, 7 * SKAD_US_PER_S, fixture.now.mono_us);
        assert_true(rows[i].first_seen_us + SKAD_US_PER_S > rows[i].last_seen_us);
    }
}

static void a_silent_peer_counts_apart(void **state)
{
    (void)state;
    const skad_node_stats before = stats();
    skad_table *table = skad_node_parts_of(fixture.node).table;
    assert_int_equal(before.peers_unresponsive, 0);
    for (skad_peer_slot slot = 0; slot < table->peers.high_water; slot++) {
        bool usable = (table->peers.peers[slot].roles & SKAD_PEER_USABLE_ROLES) != 0;
        skad_peers_set_failures(&table->peers, slot, 2);
        assert_int_equal(stats().peers, before.peers - usable);
        assert_int_equal(stats().peers_unresponsive, 1);
        skad_peers_set_failures(&table->peers, slot, 0);
    }
}

static void neighbours_are_the_living_that_share_our_regions_bits(void **state)
{
    (void)state;
    skad_table *table = skad_node_parts_of(fixture.node).table;
    for (unsigned bits = 0; bits < 4; bits++) {
        for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) {
            const skad_id target = {{(uint8_t)(sixteenth << 4)}};
            skad_places_visited(&table->places, &table->self, &target,
                                bits == 0 ? UINT64_MAX : UINT64_C(1) << (64 - bits));
        }
        unsigned sharing = 0;
        skad_table_row rows[PEERS];
        const size_t count = skad_node_table(fixture.node, fixture.now, rows, PEERS);
        for (size_t i = 0; i < count; i++) {
            const unsigned shared = skad_common_prefix(&table->self, &rows[i].contact.id);
            assert_int_equal(rows[i].order, shared);
            sharing += shared >= bits && (rows[i].sibling || !rows[i].replacement);
        }
        assert_int_equal(stats().depth, bits);
        assert_int_equal(stats().neighbours, sharing);
    }
    const unsigned before = stats().neighbours;
    assert_in_range(before, 1, PEERS - 1);
    for (skad_peer_slot slot = 0; slot < table->peers.high_water; slot++) {
        const bool near = skad_common_prefix(&table->self, &table->peers.peers[slot].id) >= 3;
        skad_peers_set_failures(&table->peers, slot, SKAD_UNRESPONSIVE_FAILURES);
        assert_int_equal(stats().neighbours, before - near);
        skad_peers_set_failures(&table->peers, slot, 0);
    }
}

static void statistics_are_of_now(void **state)
{
    (void)state;
    const skad_node_stats before = stats();
    skad_op op;
    assert_true(before.joined);
    assert_false(before.loaded);
    assert_int_equal(before.epoch, TEST_UNIX_S / 1209600);
    assert_true(before.network_size > 0);
    assert_int_equal(before.store.records_max, 64);
    skad_node_press(fixture.node, true);
    assert_true(stats().loaded);
    skad_node_press(fixture.node, false);
    assert_false(stats().loaded);
    assert_int_equal(skad_node_ping(fixture.node, &fixture.remotes[0].address, fixture.now, &op),
                     SKAD_OK);
    assert_int_equal(stats().operations, before.operations + 1);
    assert_int_equal(stats().pending, before.pending + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_by_bucket_and_each_peer_once, begin, end),
        cmocka_unit_test_setup_teardown(the_limits_of_address_groups_are_the_profiles, begin, end),
        cmocka_unit_test_setup_teardown(all_are_counted_where_not_all_fit, begin, end),
        cmocka_unit_test_setup_teardown(a_row_tells_where_a_peer_is_and_when_it_was_heard, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_silent_peer_counts_apart, begin, end),
        cmocka_unit_test_setup_teardown(neighbours_are_the_living_that_share_our_regions_bits,
                                        begin, end),
        cmocka_unit_test_setup_teardown(statistics_are_of_now, begin, end),
    };
    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
