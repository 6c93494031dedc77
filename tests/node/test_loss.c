/* Networks that lose a share of all datagrams, each way: what is put is found again, no living node
 * is taken for dead, and silence is not taken for absence. Real nodes in virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "tests/support/network.h"

#define VALUE_BYTES 1000

typedef struct tally {
    unsigned put;     /* that count as stored */
    unsigned holders; /* of them all: that were asked */
    unsigned stored;  /* that took it */
    unsigned got;     /* at the first try */
    uint64_t took_us; /* for all */
} tally;

static void fill(uint8_t value[static VALUE_BYTES], uint32_t number)
{
    for (size_t i = 0; i < VALUE_BYTES; i++) {
        value[i] = (uint8_t)(number * 31 + i * 7 + (i >> 8));
    }
}

/* Puts and gets so many values, one after the other, each through other nodes. */
static tally put_and_get(test_network *network, unsigned values)
{
    uint8_t value[VALUE_BYTES];
    uint8_t got[VALUE_BYTES];
    tally sum = {0};
    const uint64_t began_us = network->now_us;
    for (unsigned i = 0; i < values; i++) {
        skad_op op;
        skad_id key;
        size_t at = i % network->count;
        fill(value, i);
        assert_int_equal(skad_node_put(network->nodes[at].node, value, sizeof value,
                                       test_network_time(network), &op, &key),
                         SKAD_OK);
        const skad_event put = test_network_await(network, at, op, NULL);
        sum.put += put.outcome == SKAD_OUTCOME_DONE;
        sum.holders += put.u.put.holders;
        sum.stored += put.u.put.stored;
        at = (i * 3 + 1) % network->count;
        assert_int_equal(skad_node_get(network->nodes[at].node, SKAD_RECORD_IMMUTABLE, &key,
                                       test_network_time(network), &op),
                         SKAD_OK);
        const skad_event get = test_network_await(network, at, op, got);
        sum.got += get.outcome == SKAD_OUTCOME_DONE && get.u.get.len == VALUE_BYTES &&
                   memcmp(got, value, VALUE_BYTES) == 0;
    }
    sum.took_us = network->now_us - began_us;
    return sum;
}

static tally at_loss(size_t nodes, double loss, unsigned values)
{
    test_network *network = test_network_start(nodes, 4);
    test_network_join_all(network);
    network->loss = loss;
    tally sum = put_and_get(network, values);
    print_message(
        "%lu nodes, loss %2.0f %%: %u of %u put at %u of %u holders, %u got, %.2f s each\n",
        (unsigned long)nodes, 100 * loss, sum.put, values, sum.stored, sum.holders, sum.got,
        (double)sum.took_us / 1e6 / values);
    test_network_stop(network);
    return sum;
}

static void with_a_fifth_lost_each_way_everything_is_put_and_got(void **state)
{
    static const size_t NODES[] = {7, 30};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const tally sum = at_loss(NODES[i], 0.2, 100);
        assert_int_equal(sum.put, 100);
        assert_int_equal(sum.got, 100);
        assert_in_range(sum.stored, sum.holders * 98 / 100, sum.holders);
    }
}

/* 5 to 25 ms each way: a round trip takes 30 ms. */
static void a_tenth_lost_costs_no_more_than_three_times_the_time(void **state)
{
    (void)state;
    const tally without = at_loss(30, 0, 100);
    const tally with = at_loss(30, 0.1, 100);
    assert_int_equal(with.got, 100);
    assert_in_range(with.took_us, without.took_us, 3 * without.took_us);
}

/* An hour of checks: at a loss of a fifth nearly all peers stay what they are. */
static void a_lossy_network_keeps_its_peers(void **state)
{
    (void)state;
    test_network *network = test_network_start(30, 5);
    test_network_join_all(network);
    network->loss = 0.2;
    size_t unresponsive = 0;
    size_t peers = 0;
    for (unsigned i = 0; i < 60; i++) {
        test_network_run(network, 60 * SKAD_US_PER_S, NULL, NULL);
        for (size_t node = 0; node < network->count; node++) {
            const skad_peers *known = &skad_node_parts_of(network->nodes[node].node).table->peers;
            unresponsive += known->unresponsive;
            peers += known->count;
        }
    }
    print_message("%lu of %lu peers taken for dead\n", (unsigned long)unresponsive,
                  (unsigned long)peers);
    assert_in_range(unresponsive, 0, peers / 200);
    test_network_stop(network);
}

/* ---- The dead ---- */

/* A node died that the asker never knew, or forgot; all others still name it. Only the first lookup
 * waits for it. */
static void a_dead_node_costs_one_lookup_its_time(void **state)
{
    (void)state;
    test_network *network = test_network_start(40, 7);
    test_network_join_all(network);
    skad_table *table = skad_node_parts_of(network->nodes[0].node).table;
    const skad_id dead = *skad_node_self(network->nodes[9].node);
    network->nodes[9].dead = true;
    for (unsigned i = 0; i < 8; i++) { /* forgets it at once */
        skad_table_failed(table, &dead, &network->nodes[9].address, network->now_us);
    }
    assert_int_equal(skad_peers_find(&table->peers, &dead), SKAD_PEER_NONE);
    uint64_t took_us[3];
    for (size_t i = 0; i < 3; i++) {
        skad_op op;
        assert_int_equal(
            skad_node_lookup(network->nodes[0].node, &dead, test_network_time(network), &op),
            SKAD_OK);
        const skad_event event = test_network_await(network, 0, op, NULL);
        assert_int_equal(event.u.lookup.report.closest_count, 16);
        took_us[i] = event.u.lookup.report.duration_us;
        print_message("lookup %lu took %.2f s\n", (unsigned long)i, (double)took_us[i] / 1e6);
    }
    assert_in_range(took_us[0], 1, SKAD_US_PER_S);
    assert_in_range(took_us[1], 1, SKAD_US_PER_S);
    assert_in_range(took_us[2], 1, SKAD_US_PER_S);
    test_network_stop(network);
}

/* ---- How well a record is held ---- */

static skad_put_report put_at(test_network *network, size_t at)
{
    uint8_t value[VALUE_BYTES];
    skad_op op;
    skad_id key;
    fill(value, 77);
    assert_int_equal(skad_node_put(network->nodes[at].node, value, sizeof value,
                                   test_network_time(network), &op, &key),
                     SKAD_OK);
    return test_network_await(network, at, op, NULL).u.put;
}

/* Before it has joined, when all is well, and when it is cut off from those that it knows. */
static void a_put_tells_how_many_of_the_network_hold_the_record(void **state)
{
    (void)state;
    test_network *network = test_network_start(7, 8);
    skad_put_report report = put_at(network, 3);
    assert_true(report.alone);
    assert_int_equal(report.stored, 1);
    assert_int_equal(report.wanted, 16);
    test_network_join_all(network);
    report = put_at(network, 3);
    assert_false(report.alone);
    assert_int_equal(report.stored, 7);
    assert_int_equal(report.wanted, 7);
    for (size_t i = 0; i < network->count; i++) {
        network->nodes[i].dead = i != 3 && i != 5;
    }
    report = put_at(network, 3);
    assert_false(report.alone);
    assert_int_equal(report.stored, 2);
    assert_int_equal(report.wanted, 7);
    network->nodes[5].dead = true;
    report = put_at(network, 3);
    assert_true(report.alone);
    assert_int_equal(report.stored, 1);
    assert_int_equal(report.wanted, 7);
    test_network_stop(network);
}

/* ---- Silence and absence ---- */

static skad_event get_unknown(test_network *network)
{
    const skad_id key = {{9}};
    skad_op op;
    assert_int_equal(skad_node_get(network->nodes[0].node, SKAD_RECORD_IMMUTABLE, &key,
                                   test_network_time(network), &op),
                     SKAD_OK);
    return test_network_await(network, 0, op, NULL);
}

static void while_a_responsible_node_is_silent_nothing_is_absent(void **state)
{
    (void)state;
    test_network *network = test_network_start(7, 6);
    test_network_join_all(network);
    skad_event event = get_unknown(network);
    assert_int_equal(event.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_int_equal(event.u.get.tally.empty, 6);
    network->nodes[4].dead = true;
    event = get_unknown(network);
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
    assert_int_equal(event.u.get.tally.unresponsive, 1);
    assert_int_equal(event.u.get.tally.empty, 5);
    /* Until the silent one is known to be dead. */
    test_network_run(network, 900 * SKAD_US_PER_S, NULL, NULL);
    event = get_unknown(network);
    assert_int_equal(event.outcome, SKAD_OUTCOME_NOT_FOUND);
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_a_fifth_lost_each_way_everything_is_put_and_got),
        cmocka_unit_test(a_tenth_lost_costs_no_more_than_three_times_the_time),
        cmocka_unit_test(a_lossy_network_keeps_its_peers),
        cmocka_unit_test(a_dead_node_costs_one_lookup_its_time),
        cmocka_unit_test(a_put_tells_how_many_of_the_network_hold_the_record),
        cmocka_unit_test(while_a_responsible_node_is_silent_nothing_is_absent),
    };
    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
