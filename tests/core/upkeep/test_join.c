/* Joining, and joining again, where something is in the way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"

/* Found by fuzzing: the node asked to be ticked at once, for ever. */
static void without_room_for_its_lookup_a_node_waits(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 3);
    skad_operations *operations = skad_node_parts_of(fixture.node).operations;
    const size_t before = operations->taken;
    skad_operation *taken[128];
    size_t count = 0;
    while (operations->taken < operations->count) {
        assert_in_range(count, 0, sizeof taken / sizeof taken[0] - 1);
        taken[count++] = skad_operations_take(operations, SKAD_OPERATION_REFRESH, 0);
    }
    skad_node_parts_of(fixture.node).join->joined = false;
    skad_node_parts_of(fixture.node).join->hello_us = fixture.now.mono_us;
    *skad_node_parts_of(fixture.node).heard_us = fixture.now.mono_us;
    for (unsigned i = 0; i < 3; i++) {
        skad_node_tick(fixture.node, fixture.now);
        test_fixture_drain(&fixture);
        assert_int_equal(skad_node_parts_of(fixture.node).join->lookup, 0);
        assert_true(skad_node_deadline(fixture.node) > fixture.now.mono_us);
        fixture.now.mono_us = skad_node_deadline(fixture.node);
    }
    while (count > 0) {
        skad_operations_release(operations, taken[--count]);
    }
    assert_int_equal(operations->taken, before);
    skad_node_tick(fixture.node, fixture.now);
    test_fixture_run(&fixture, 5 * SKAD_US_PER_S);
    skad_node_stats stats;
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    assert_true(stats.joined);
    test_fixture_free(&fixture);
}

/* ---- Hellos ---- */

static test_fixture lone;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&lone, &profile);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    test_fixture_free(&lone);
    return 0;
}

static const skad_address nowhere = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {9, 9, 9, 9}};
static const skad_address elsewhere = {.family = SKAD_FAMILY_IPV4, .port = 2, .ip = {9, 9, 9, 9}};

/* Ticks until the next hellos leave; returns how many. */
static size_t next_hellos(void)
{
    size_t sent = 0;
    while (sent == 0) {
        lone.now.mono_us = skad_node_deadline(lone.node);
        skad_node_tick(lone.node, lone.now);
        sent = test_fixture_drain(&lone);
    }
    return sent;
}

/* And a quarter of it at random. */
static void the_pause_between_hellos_doubles_up_to_a_minute(void **state)
{
    static const uint64_t pauses_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    const skad_address both[] = {nowhere, elsewhere};
    (void)state;
    assert_int_equal(skad_node_join(lone.node, both, 2, lone.now), SKAD_OK);
    assert_int_equal(test_fixture_drain(&lone), 2);
    for (size_t i = 0; i < sizeof pauses_s / sizeof pauses_s[0]; i++) {
        const uint64_t before_us = lone.now.mono_us;
        assert_int_equal(next_hellos(), 2 + (i == 0)); /* and a probe for a twin, once */
        assert_in_range(lone.now.mono_us - before_us, pauses_s[i] * SKAD_US_PER_S,
                        pauses_s[i] * SKAD_US_PER_S * 5 / 4);
    }
    assert_int_equal(skad_node_join(lone.node, &nowhere, 1, lone.now), SKAD_OK); /* begins anew */
    assert_int_equal(test_fixture_drain(&lone), 1);
    const uint64_t before_us = lone.now.mono_us;
    assert_int_equal(next_hellos(), 2);
    assert_in_range(lone.now.mono_us - before_us, SKAD_US_PER_S, SKAD_US_PER_S * 5 / 4);
}

/* Names are found one after the other: what is new is greeted at once, and the rest is not asked
 * again for it. */
static void a_list_that_grows_greets_what_is_new(void **state)
{
    const skad_address both[] = {nowhere, elsewhere};
    (void)state;
    assert_int_equal(skad_node_join(lone.node, &nowhere, 1, lone.now), SKAD_OK);
    assert_int_equal(test_fixture_drain(&lone), 1);
    const uint64_t due_us = skad_node_parts_of(lone.node).join->hello_us;
    assert_int_equal(skad_node_join(lone.node, both, 2, lone.now), SKAD_OK);
    assert_int_equal(test_fixture_drain(&lone), 1);
    assert_true(skad_node_parts_of(lone.node).join->hello_us == due_us);
    assert_int_equal(next_hellos(), 2 + 1); /* and a probe for a twin */
    assert_int_equal(skad_node_join(lone.node, both, 2, lone.now), SKAD_OK); /* begins anew */
    assert_int_equal(test_fixture_drain(&lone), 2);
}

static void without_addresses_a_node_waits_to_be_found(void **state)
{
    (void)state;
    assert_int_equal(skad_node_join(lone.node, NULL, 0, lone.now), SKAD_OK);
    assert_true(skad_join_deadline(lone.node) == UINT64_MAX);
    assert_int_equal(test_fixture_drain(&lone), 0);
    test_fixture_populate(&lone, 1);
    assert_true(skad_node_parts_of(lone.node).join->joined);
}

static void without_memory_the_earlier_addresses_stay(void **state)
{
    (void)state;
    const skad_join_state *join = skad_node_parts_of(lone.node).join;
    assert_int_equal(skad_node_join(lone.node, &nowhere, 1, lone.now), SKAD_OK);
    test_allocation_fail(1);
    assert_int_equal(skad_node_join(lone.node, &elsewhere, 1, lone.now), SKAD_ERR_MEMORY);
    assert_int_equal(join->addresses_count, 1);
    assert_int_equal(join->addresses[0].port, nowhere.port);
}

/* Nobody was heard for five minutes; what the node is told then, it tells once. */
static void a_node_is_isolated_after_five_minutes_of_silence(void **state)
{
    (void)state;
    skad_event event;
    test_fixture_populate(&lone, 2);
    while (skad_node_poll_event(lone.node, &event)) {
        assert_int_equal(event.kind, SKAD_EVENT_JOINED);
    }
    const uint64_t heard_us = *skad_node_parts_of(lone.node).heard_us;
    assert_int_equal(skad_join_deadline(lone.node), heard_us + 300 * SKAD_US_PER_S);
    lone.now.mono_us = heard_us + 300 * SKAD_US_PER_S - 1;
    skad_node_tick(lone.node, lone.now);
    assert_true(skad_node_parts_of(lone.node).join->joined);
    for (unsigned i = 0; i < 2; i++) {
        lone.now.mono_us++;
        skad_node_tick(lone.node, lone.now);
    }
    assert_true(skad_node_poll_event(lone.node, &event));
    assert_int_equal(event.kind, SKAD_EVENT_ISOLATED);
    assert_false(skad_node_poll_event(lone.node, &event));
    assert_false(skad_node_parts_of(lone.node).join->joined);
}

/* ---- Networks ---- */

static test_network *start(size_t count, uint64_t seed)
{
    test_network *network = malloc(sizeof *network);
    assert_non_null(network);
    test_network_init(network, test_plain_profile(), count, seed);
    return network;
}

static void stop(test_network *network)
{
    test_network_free(network);
    free(network);
}

/* Who joins in the same moment was known to nobody yet when all others looked. */
static void who_joins_at_the_same_time_is_known_a_moment_later(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        test_network *network = start(12, seed);
        skad_time now = test_network_time(network);
        for (size_t i = 0; i < network->count; i++) {
            const skad_address *through = &network->nodes[i == 0 ? 1 : 0].address;
            assert_int_equal(skad_node_join(network->nodes[i].node, through, 1, now), SKAD_OK);
        }
        (void)test_network_run(network, 2 * SKAD_US_PER_S, NULL, NULL);
        for (size_t i = 0; i < network->count; i++) {
            skad_node_stats stats;
            skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
            assert_true(stats.joined);
            if (stats.peers != network->count - 1) {
                fail_msg("seed %u: node %zu knows %zu", (unsigned)seed, i, (size_t)stats.peers);
            }
        }
        test_network_free(network);
        free(network);
    }
}

typedef struct told_events {
    bool isolated;
    bool joined;
} told_events;

static bool node_five_tells(test_network *network, void *user)
{
    told_events *told = user;
    skad_event event;
    while (skad_node_poll_event(network->nodes[5].node, &event)) {
        told->isolated |= event.kind == SKAD_EVENT_ISOLATED;
        told->joined |= event.kind == SKAD_EVENT_JOINED;
    }
    return false;
}

static void an_isolated_node_says_so_and_joins_again(void **state)
{
    (void)state;
    test_network *network = start(12, 11);
    test_network_join_all(network);
    told_events told = {0};
    node_five_tells(network, &told);
    told.joined = false;
    network->loss = 1.0;
    test_network_run(network, 400 * SKAD_US_PER_S, node_five_tells, &told);
    assert_true(told.isolated);
    assert_false(told.joined);
    network->loss = 0.0;
    test_network_run(network, 300 * SKAD_US_PER_S, node_five_tells, &told);
    assert_true(told.joined);
    stop(network);
}

static void joining_waits_for_a_bootstrap_that_comes_late(void **state)
{
    (void)state;
    test_network *network = start(3, 12);
    network->nodes[0].dead = true;
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(skad_node_join(network->nodes[i].node, &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
    }
    test_network_run(network, 100 * SKAD_US_PER_S, NULL, NULL);
    network->nodes[0].dead = false;
    test_network_run(network, 100 * SKAD_US_PER_S, NULL, NULL);
    for (size_t i = 0; i < 3; i++) {
        skad_node_stats stats;
        skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
        assert_true(stats.joined);
        assert_int_equal(stats.peers, 2);
    }
    stop(network);
}

static void a_restart_joins_through_greeted_peers_without_a_bootstrap(void **state)
{
    (void)state;
    test_network *network = start(8, 19);
    skad_contact contacts[7];
    for (size_t i = 1; i < 8; i++) {
        contacts[i - 1] = (skad_contact){.id = *skad_node_self(network->nodes[i].node),
                                         .ipv4 = network->nodes[i].address};
    }
    contacts[0].ipv4.ip[0] = 224; /* a contact that may not be asked is skipped */
    network->nodes[2].dead = true;
    assert_int_equal(
        skad_node_greet(network->nodes[0].node, contacts, 7, test_network_time(network)), SKAD_OK);
    test_network_run(network, 30 * SKAD_US_PER_S, NULL, NULL);
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[0].node, test_network_time(network), &stats);
    assert_true(stats.joined);
    assert_in_range(stats.peers, 5, 6);
    stop(network);
}

static bool has_joined(test_network *network, void *user)
{
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[0].node, test_network_time(network), &stats);
    (void)user;
    return stats.joined;
}

/* Half of the peers of its file are dead, and have no known round trip: a restarted node joins with
 * the first s answers, or in a small network when all but the dead have answered. */
static void no_dead_peer_of_its_file_keeps_a_node_from_joining(void **state)
{
    static const size_t NODES[] = {40, 8};
    static const uint64_t IN_US[] = {SKAD_US_PER_S / 2, 3 * SKAD_US_PER_S / 2};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        test_network *network = test_network_start(NODES[i], 21);
        test_network_join_all(network);
        skad_contact contacts[39];
        for (size_t j = 1; j < NODES[i]; j++) {
            contacts[j - 1] = (skad_contact){.id = *skad_node_self(network->nodes[j].node),
                                             .ipv4 = network->nodes[j].address};
        }
        test_network_vanish(network, 0, false);
        network->nodes[2].dead = true;
        test_network_revive(network, 0);
        assert_int_equal(skad_node_greet(network->nodes[0].node, contacts, NODES[i] - 1,
                                         test_network_time(network)),
                         SKAD_OK);
        const uint64_t began_us = network->now_us;
        assert_true(test_network_run(network, IN_US[i], has_joined, NULL));
        print_message("%lu nodes: joined after %.2f s\n", (unsigned long)NODES[i],
                      (double)(network->now_us - began_us) / 1e6);
        /* The lookup goes on: in the end it knows all its neighbours. */
        test_network_run(network, 30 * SKAD_US_PER_S, NULL, NULL);
        skad_node_stats stats;
        skad_node_stats_get(network->nodes[0].node, test_network_time(network), &stats);
        assert_true(stats.peers >= NODES[i] - 3);
        test_network_stop(network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_dead_peer_of_its_file_keeps_a_node_from_joining),
        cmocka_unit_test_setup_teardown(the_pause_between_hellos_doubles_up_to_a_minute, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_list_that_grows_greets_what_is_new, begin, end),
        cmocka_unit_test_setup_teardown(without_addresses_a_node_waits_to_be_found, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_the_earlier_addresses_stay, begin, end),
        cmocka_unit_test_setup_teardown(a_node_is_isolated_after_five_minutes_of_silence, begin,
                                        end),
        cmocka_unit_test(without_room_for_its_lookup_a_node_waits),
        cmocka_unit_test(who_joins_at_the_same_time_is_known_a_moment_later),
        cmocka_unit_test(an_isolated_node_says_so_and_joins_again),
        cmocka_unit_test(joining_waits_for_a_bootstrap_that_comes_late),
        cmocka_unit_test(a_restart_joins_through_greeted_peers_without_a_bootstrap),
    };
    return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
