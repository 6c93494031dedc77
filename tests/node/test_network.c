/* Whole nodes in one process and virtual time: joining, lookups, values, deaths, loss, silence of
 * our own network, determinism. What an operation tells is in test_node_operations.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/puzzle.h"
#include "proto/address.h"
#include "skad/records.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"

static void fill(uint8_t *value, size_t len, uint32_t number)
{
    for (size_t i = 0; i < len; i++) {
        value[i] = (uint8_t)((size_t)number * 31 + i * 7 + (i >> 8));
    }
}

/* The true s closest living nodes to a target, without the asker. */
static size_t true_closest(const test_network *network, size_t asker, const skad_id *target,
                           const skad_id **out)
{
    size_t count = 0;
    size_t max = network->profile->siblings;
    for (size_t i = 0; i < network->count; i++) {
        if (i == asker || network->nodes[i].dead) {
            continue;
        }
        const skad_id *id = skad_node_self(network->nodes[i].node);
        size_t at = count;
        while (at > 0 && skad_distance_compare(target, id, out[at - 1]) < 0) {
            at--;
        }
        if (at == max) {
            continue;
        }
        count += count < max;
        memmove(&out[at + 1], &out[at], (count - 1 - at) * sizeof(skad_id *));
        out[at] = id;
    }
    return count;
}

/* Looks a target up from a node: how many of the true closest, from the closest on without a gap,
 * the answer has. */
static size_t lookup_exact_count(test_network *network, size_t asker, const skad_id *target)
{
    skad_op op;
    assert_int_equal(
        skad_node_lookup(network->nodes[asker].node, target, test_network_time(network), &op),
        SKAD_OK);
    skad_event event = test_network_await(network, asker, op, NULL);
    const skad_lookup_report *report = &event.u.lookup.report;
    const skad_id *expected[SKAD_K_MAX];
    size_t count = true_closest(network, asker, target, expected);
    size_t exact = 0;
    while (exact < count && exact < report->closest_count &&
           skad_id_equal(&report->closest[exact].id, expected[exact])) {
        exact++;
    }
    return exact;
}

static bool lookup_is_exact(test_network *network, size_t asker, const skad_id *target)
{
    const skad_id *expected[SKAD_K_MAX];
    return lookup_exact_count(network, asker, target) ==
           true_closest(network, asker, target, expected);
}

static size_t put_acks(test_network *network, size_t index, uint32_t number, skad_id *key)
{
    uint8_t value[1000];
    fill(value, sizeof value, number);
    skad_op op;
    assert_int_equal(skad_node_put(network->nodes[index].node, value, sizeof value,
                                   test_network_time(network), &op, key),
                     SKAD_OK);
    skad_event event = test_network_await(network, index, op, NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    return event.u.put.stored;
}

static bool get_is_right(test_network *network, size_t index, const skad_id *key, uint32_t number)
{
    uint8_t expected[1000];
    uint8_t value[1000];
    fill(expected, sizeof expected, number);
    skad_op op;
    assert_int_equal(skad_node_get(network->nodes[index].node, SKAD_RECORD_IMMUTABLE, key,
                                   test_network_time(network), &op),
                     SKAD_OK);
    skad_event event = test_network_await(network, index, op, value);
    return event.outcome == SKAD_OUTCOME_DONE && event.u.get.len == sizeof value &&
           memcmp(value, expected, sizeof value) == 0;
}

static void a_dozen_nodes_join_and_know_each_other(void **state)
{
    (void)state;
    test_network *network = test_network_start(12, 1);
    test_network_join_all(network);
    for (size_t i = 0; i < network->count; i++) {
        skad_node_stats stats;
        skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
        assert_int_equal(stats.peers, 11);
        assert_int_equal(stats.siblings, 11);
        assert_int_equal(stats.verdicts[SKAD_VERDICT_SIGNATURE], 0);
        assert_int_equal(stats.verdicts[SKAD_VERDICT_BODY], 0);
        /* Everyone was told its true address by the others. */
        assert_true(skad_address_equal(&stats.observed[0], &network->nodes[i].address));
    }
    test_network_stop(network);
}

static void lookups_return_the_exact_closest_nodes(void **state)
{
    (void)state;
    test_network *network = test_network_start(120, 2);
    test_network_join_all(network);
    for (uint32_t i = 0; i < 100; i++) {
        skad_id target = test_target(i);
        assert_true(lookup_is_exact(network, i % network->count, &target));
    }
    test_network_stop(network);
}

static void a_value_is_stored_at_its_siblings_and_found_from_everywhere(void **state)
{
    (void)state;
    test_network *network = test_network_start(40, 4);
    test_network_join_all(network);
    skad_id key;
    assert_int_equal(put_acks(network, 3, 1, &key), network->profile->siblings);
    for (size_t i = 0; i < network->count; i++) {
        assert_true(get_is_right(network, i, &key, 1));
    }
    test_network_stop(network);
}

static void an_unknown_key_is_not_found(void **state)
{
    (void)state;
    test_network *network = test_network_start(12, 5);
    test_network_join_all(network);
    skad_id key = test_target(99);
    skad_op op;
    assert_int_equal(skad_node_get(network->nodes[2].node, SKAD_RECORD_IMMUTABLE, &key,
                                   test_network_time(network), &op),
                     SKAD_OK);
    assert_int_equal(test_network_await(network, 2, op, NULL).outcome, SKAD_OUTCOME_NOT_FOUND);
    test_network_stop(network);
}

static void values_survive_the_death_of_a_third(void **state)
{
    (void)state;
    test_network *network = test_network_start(20, 6);
    test_network_join_all(network);
    skad_id keys[20];
    for (uint32_t i = 0; i < 20; i++) {
        put_acks(network, 0, i, &keys[i]);
    }
    for (size_t i = 1; i <= 6; i++) {
        network->nodes[3 * i].dead = true;
    }
    for (size_t i = 0; i < network->count; i++) {
        if (!network->nodes[i].dead) {
            assert_true(get_is_right(network, i, &keys[i], (uint32_t)i));
        }
    }
    test_network_stop(network);
}

static void the_nearest_node_is_found_while_half_are_dead_unnoticed(void **state)
{
    (void)state;
    test_network *network = test_network_start(100, 7);
    test_network_join_all(network);
    for (size_t i = 1; i < network->count; i += 2) {
        network->nodes[i].dead = true;
    }
    size_t nearest = 0;
    size_t known = 0;
    for (uint32_t i = 0; i < 50; i++) {
        skad_id target = test_target(i);
        size_t exact = lookup_exact_count(network, (size_t)2 * i, &target);
        nearest += exact > 0;
        known += exact;
    }
    print_message("seed 7: half of 100 nodes dead: nearest found in %zu of 50 lookups, "
                  "%.1f of 16 closest without a gap\n",
                  nearest, (double)known / 50);
    assert_int_equal(nearest, 50);
    test_network_stop(network);
}

static void puts_and_gets_work_over_a_lossy_network(void **state)
{
    (void)state;
    test_network *network = test_network_start(30, 8);
    test_network_join_all(network);
    network->loss = 0.05;
    size_t right = 0;
    for (uint32_t i = 0; i < 30; i++) {
        skad_id key;
        put_acks(network, i, i, &key);
        right += get_is_right(network, (i + 11) % network->count, &key, i);
    }
    assert_int_equal(right, 30);
    test_network_stop(network);
}

static void dead_peers_leave_the_table(void **state)
{
    (void)state;
    test_network *network = test_network_start(12, 9);
    test_network_join_all(network);
    network->nodes[4].dead = true;
    network->nodes[8].dead = true;
    test_network_run(network, 600 * SKAD_US_PER_S, NULL, NULL);
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[0].node, test_network_time(network), &stats);
    assert_int_equal(stats.peers, 9);
    assert_true(stats.joined);
    test_network_stop(network);
}

static void no_peer_is_punished_while_our_own_network_is_down(void **state)
{
    (void)state;
    test_network *network = test_network_start(12, 10);
    test_network_join_all(network);
    network->loss = 1.0;
    test_network_run(network, 200 * SKAD_US_PER_S, NULL, NULL);
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[0].node, test_network_time(network), &stats);
    assert_true(stats.timeouts > 0);
    assert_int_equal(stats.peers, 11);
    network->loss = 0.0;
    skad_id target = test_target(1);
    assert_true(lookup_is_exact(network, 0, &target));
    test_network_stop(network);
}

static void a_lone_node_keeps_its_own_values(void **state)
{
    (void)state;
    test_network *network = test_network_start(1, 13);
    skad_id key;
    assert_int_equal(put_acks(network, 0, 5, &key), 1);
    assert_true(get_is_right(network, 0, &key, 5));
    test_network_stop(network);
}

/* One run with everything in it; the hash of all datagrams that were sent. */
static void recorded_run(uint64_t seed, bool sharing, uint8_t transcript[32])
{
    test_network *network = malloc(sizeof *network);
    if (sharing) {
        test_network_init_sharing(network, test_plain_profile(), 16, seed);
    } else {
        test_network_init(network, test_plain_profile(), 16, seed);
    }
    network->loss = 0.02;
    test_network_join_all(network);
    for (uint32_t i = 0; i < 5; i++) {
        skad_id key;
        put_acks(network, i, i, &key);
        get_is_right(network, 15 - i, &key, i);
    }
    network->nodes[7].dead = true;
    test_network_run(network, 200 * SKAD_US_PER_S, NULL, NULL);
    memcpy(transcript, network->transcript, 32);
    test_network_stop(network);
}

static void the_same_input_gives_the_same_output_byte_for_byte(void **state)
{
    (void)state;
    uint8_t first[32];
    uint8_t second[32];
    uint8_t other[32];
    recorded_run(16, false, first);
    recorded_run(16, false, second);
    recorded_run(17, false, other);
    assert_memory_equal(first, second, 32);
    assert_memory_not_equal(first, other, 32);
}

static void nodes_that_share_behave_as_those_that_do_not(void **state)
{
    (void)state;
    uint8_t alone[32];
    uint8_t sharing[32];
    recorded_run(19, false, alone);
    recorded_run(19, true, sharing);
    assert_memory_equal(alone, sharing, 32);
}

static void the_next_epochs_puzzle_is_asked_for_ahead_of_time(void **state)
{
    (void)state;
    test_network *network = test_network_start(3, 18);
    test_network_join_all(network);
    const skad_profile *profile = network->profile;
    uint32_t epoch = skad_profile_epoch(profile, TEST_UNIX_S);
    uint64_t end_s = (uint64_t)(epoch + 1) * profile->epoch_s;
    uint64_t late_s = end_s - profile->epoch_s / 20;
    skad_node *node = network->nodes[1].node;
    skad_event event;
    while (skad_node_poll_event(node, &event)) {
    }
    skad_time late = {.mono_us = network->now_us + 120 * SKAD_US_PER_S, .unix_s = late_s};
    skad_node_tick(node, late);
    bool asked = false;
    while (skad_node_poll_event(node, &event)) {
        asked |= event.kind == SKAD_EVENT_PUZZLE_NEEDED && event.u.epoch == epoch + 1;
    }
    assert_true(asked);
    skad_puzzle_nonce right = test_nonce(profile, skad_node_self(node), epoch + 1);
    skad_puzzle_nonce wrong = right;
    do {
        wrong.bytes[0]++; /* until it solves nothing: most do not */
    } while (skad_puzzle_dynamic_ok(skad_node_self(node), &wrong, profile->memory_kib,
                                    profile->dynamic_bits));
    assert_int_equal(skad_node_add_nonce(node, &wrong), SKAD_ERR_PUZZLE);
    assert_int_equal(skad_node_add_nonce(node, &right), SKAD_OK);
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dozen_nodes_join_and_know_each_other),
        cmocka_unit_test(lookups_return_the_exact_closest_nodes),
        cmocka_unit_test(a_value_is_stored_at_its_siblings_and_found_from_everywhere),
        cmocka_unit_test(an_unknown_key_is_not_found),
        cmocka_unit_test(values_survive_the_death_of_a_third),
        cmocka_unit_test(the_nearest_node_is_found_while_half_are_dead_unnoticed),
        cmocka_unit_test(puts_and_gets_work_over_a_lossy_network),
        cmocka_unit_test(dead_peers_leave_the_table),
        cmocka_unit_test(no_peer_is_punished_while_our_own_network_is_down),
        cmocka_unit_test(a_lone_node_keeps_its_own_values),
        cmocka_unit_test(the_same_input_gives_the_same_output_byte_for_byte),
        cmocka_unit_test(nodes_that_share_behave_as_those_that_do_not),
        cmocka_unit_test(the_next_epochs_puzzle_is_asked_for_ahead_of_time),
    };
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
