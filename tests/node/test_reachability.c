/* Networks with nodes behind NATs that let in only what comes from where they have sent to: whether
 * each finds out what it is, and whether lookups and puts still find the truth. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "skad/records.h"
#include "src/core/routing/distance.h"
#include "tests/support/network.h"

#define NODES   60
#define BEHIND  36 /* the last ones: 60 % */
#define OPEN_US (60 * SKAD_US_PER_S)

static uint64_t opened_us[NODES][NODES]; /* by whom, for whom */

static size_t index_of(const skad_address *address)
{
    return (size_t)(address->port - 10000);
}

static bool gate(test_network *network, size_t index, const skad_address *other, bool out)
{
    const size_t from = index_of(other);
    if (from >= NODES) {
        return true;
    }
    if (out) {
        opened_us[index][from] = network->now_us;
        return true;
    }
    return index < NODES - BEHIND ||
           (opened_us[index][from] != 0 && network->now_us - opened_us[index][from] < OPEN_US);
}

static test_network *start(skad_role role)
{
    memset(opened_us, 0, sizeof opened_us);
    test_network_role = role;
    test_network *network = test_network_start(NODES, 7);
    test_network_role = SKAD_ROLE_SERVER;
    network->lets_in = gate;
    return network;
}

static void join(test_network *network)
{
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(skad_node_join(network->nodes[i].node,
                                        &network->nodes[i == 0 ? 1 : 0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
        (void)test_network_run(network, SKAD_US_PER_S, NULL, NULL);
    }
}

static skad_node_stats stats_of(test_network *network, size_t i)
{
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
    return stats;
}

static bool is_client(test_network *network, size_t i)
{
    return (stats_of(network, i).clients & SKAD_FAMILY_IPV4) != 0;
}

/* How many know the truth about themselves. A wrong verdict fails the test. */
static size_t count_right(test_network *network)
{
    size_t right = 0;
    for (size_t i = 0; i < NODES; i++) {
        const skad_node_stats stats = stats_of(network, i);
        const uint8_t truth = i < NODES - BEHIND ? SKAD_REACH_YES : SKAD_REACH_NO;
        assert_int_equal(stats.reach[1], SKAD_REACH_UNKNOWN);
        assert_true(stats.reach[0] == truth || stats.reach[0] == SKAD_REACH_UNKNOWN);
        assert_true(i >= NODES - BEHIND || !is_client(network, i));
        right += stats.reach[0] == truth;
    }
    return right;
}

static void each_finds_out_what_it_is(void **state)
{
    (void)state;
    test_network *network = start(SKAD_ROLE_AUTO);
    join(network);
    (void)test_network_run(network, 120 * SKAD_US_PER_S, NULL, NULL);
    print_message("%zu of %d are right after two minutes\n", count_right(network), NODES);
    assert_true(count_right(network) >= NODES * 8 / 10);
    for (unsigned minute = 0; minute < 10; minute++) {
        (void)test_network_run(network, 60 * SKAD_US_PER_S, NULL, NULL);
        (void)count_right(network);
    }
    assert_int_equal(count_right(network), NODES);
    test_network_stop(network);
}

/* How many peers that are used are clients, in the tables of those that name them. */
static size_t listed_behind(test_network *network)
{
    static skad_table_row rows[512];
    size_t behind = 0;
    for (size_t i = 0; i < NODES - BEHIND; i++) {
        const size_t count =
            skad_node_table(network->nodes[i].node, test_network_time(network), rows, 512);
        for (size_t j = 0; j < count; j++) {
            behind += is_client(network, index_of(&rows[j].contact.ipv4)) && rows[j].failures == 0;
        }
    }
    return behind;
}

/* Whether a lookup returns the closest servers, in their order. */
static bool is_exact(test_network *network, size_t asker, const skad_id *target)
{
    skad_op op;
    assert_int_equal(
        skad_node_lookup(network->nodes[asker].node, target, test_network_time(network), &op),
        SKAD_OK);
    const skad_event event = test_network_await(network, asker, op, NULL);
    const skad_lookup_report *report = &event.u.lookup.report;
    for (size_t i = 0; i < NODES; i++) {
        const skad_id *id = skad_node_self(network->nodes[i].node);
        size_t closer = 0;
        for (size_t j = 0; j < NODES; j++) {
            const skad_id *other = skad_node_self(network->nodes[j].node);
            closer += j != asker && !is_client(network, j) &&
                      skad_distance_compare(target, other, id) < 0;
        }
        if (i != asker && !is_client(network, i) && closer < report->closest_count &&
            !skad_id_equal(&report->closest[closer].id, id)) {
            return false;
        }
    }
    return report->closest_count > 0;
}

static void lookups_are_exact_over_servers(void **state)
{
    (void)state;
    test_network *network = start(SKAD_ROLE_AUTO);
    join(network);
    (void)test_network_run(network, 1800 * SKAD_US_PER_S, NULL, NULL);
    assert_int_equal(listed_behind(network), 0);
    unsigned exact = 0;
    for (unsigned i = 0; i < 60; i++) {
        const skad_id target = {{(uint8_t)(i * 37), (uint8_t)(i * 101)}};
        exact += is_exact(network, i % NODES, &target);
    }
    assert_int_equal(exact, 60);
    test_network_stop(network);
}

static void a_put_of_a_client_is_found_by_others(void **state)
{
    (void)state;
    test_network *network = start(SKAD_ROLE_AUTO);
    join(network);
    (void)test_network_run(network, 1800 * SKAD_US_PER_S, NULL, NULL);
    skad_op op;
    skad_id key;
    size_t client = NODES - 1;
    while (!is_client(network, client) || !is_client(network, client - 1)) {
        client--;
    }
    assert_int_equal(skad_node_put(network->nodes[client].node, (const uint8_t *)"value", 5,
                                   test_network_time(network), &op, &key),
                     SKAD_OK);
    skad_event event = test_network_await(network, client, op, NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.put.stored, event.u.put.holders);
    assert_int_equal(stats_of(network, client).store.records, 0); /* it holds nothing itself */
    assert_int_equal(skad_node_get(network->nodes[client - 1].node, SKAD_RECORD_IMMUTABLE, &key,
                                   test_network_time(network), &op),
                     SKAD_OK);
    event = test_network_await(network, client - 1, op, NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    test_network_stop(network);
}

/* The gate is open from now on, as when a port is forwarded. */
static bool open_gate(test_network *network, size_t index, const skad_address *other, bool out)
{
    (void)network;
    (void)index;
    (void)other;
    (void)out;
    return true;
}

static void a_node_that_can_be_reached_again_becomes_a_server(void **state)
{
    (void)state;
    test_network *network = start(SKAD_ROLE_AUTO);
    join(network);
    (void)test_network_run(network, 180 * SKAD_US_PER_S, NULL, NULL);
    assert_true(is_client(network, NODES - 1));
    network->lets_in = open_gate;
    (void)test_network_run(network, 2 * 3600 * SKAD_US_PER_S, NULL, NULL);
    size_t clients = 0;
    for (size_t i = 0; i < NODES; i++) {
        clients += is_client(network, i);
    }
    assert_int_equal(clients, 0);
    test_network_stop(network);
}

static size_t count_clients(test_network *network)
{
    size_t clients = 0;
    for (size_t i = NODES - BEHIND; i < NODES; i++) {
        clients += is_client(network, i);
    }
    return clients;
}

static void tell(test_network *network, size_t i)
{
    skad_node *node = network->nodes[i].node;
    skad_node_reach_again(node, SKAD_FAMILY_IPV6, test_network_time(network)); /* the other one */
    skad_node_reach_again(node, SKAD_FAMILY_IPV4, test_network_time(network));
}

/* The seconds after which half of them are servers, when they can be reached. */
static uint64_t half_served_s(bool told)
{
    test_network *network = start(SKAD_ROLE_AUTO);
    uint64_t seconds = 0;
    join(network);
    (void)test_network_run(network, 1800 * SKAD_US_PER_S, NULL, NULL);
    assert_true(count_clients(network) >= BEHIND - 1);
    network->lets_in = open_gate;
    for (size_t i = NODES - BEHIND; told && i < NODES; i++) {
        tell(network, i);
    }
    for (; count_clients(network) > BEHIND / 2 && seconds < 3600; seconds++) {
        (void)test_network_run(network, SKAD_US_PER_S, NULL, NULL);
    }
    test_network_stop(network);
    return seconds;
}

/* A client asks every two to ten minutes, and a stranger may come before: one that is told asks
 * now. All know each other here, so many callers are no strangers, and some nodes take longer. */
static void a_node_that_is_told_asks_at_once(void **state)
{
    (void)state;
    const uint64_t untold_s = half_served_s(false);
    const uint64_t told_s = half_served_s(true);
    print_message("half are servers after %llu s; told, after %llu s\n",
                  (unsigned long long)untold_s, (unsigned long long)told_s);
    assert_true(told_s < untold_s);
    assert_true(told_s < 120); /* the least pause of one that is not told */
}

/* A verdict is about an address. With another one the node stays a client until it knows. */
static void a_node_that_moved_finds_out_anew_what_it_is(void **state)
{
    (void)state;
    test_network *network = start(SKAD_ROLE_AUTO);
    join(network);
    (void)test_network_run(network, 180 * SKAD_US_PER_S, NULL, NULL);
    const size_t last = NODES - 1;
    assert_true(is_client(network, last));
    skad_node_moved(network->nodes[last].node, SKAD_FAMILY_IPV6, test_network_time(network));
    assert_int_equal(stats_of(network, last).reach[0], SKAD_REACH_NO);
    skad_node_moved(network->nodes[last].node, SKAD_FAMILY_IPV4, test_network_time(network));
    assert_int_equal(stats_of(network, last).reach[0], SKAD_REACH_UNKNOWN);
    assert_true(is_client(network, last));
    network->lets_in = open_gate;
    (void)test_network_run(network, 900 * SKAD_US_PER_S, NULL, NULL);
    assert_int_equal(stats_of(network, last).reach[0], SKAD_REACH_YES);
    assert_false(is_client(network, last));
    network->lets_in = gate; /* and back, behind the NAT */
    skad_node_moved(network->nodes[last].node, SKAD_FAMILY_IPV4, test_network_time(network));
    assert_false(is_client(network, last));
    (void)test_network_run(network, 900 * SKAD_US_PER_S, NULL, NULL);
    assert_int_equal(stats_of(network, last).reach[0], SKAD_REACH_NO);
    assert_true(is_client(network, last));
    test_network_stop(network);
}

/* The gate of the last node is shut once it holds records. */
static bool shut_last(test_network *network, size_t index, const skad_address *other, bool out)
{
    const size_t from = index_of(other);
    if (index != NODES - 1 || from >= NODES) {
        return true;
    }
    if (out) {
        opened_us[index][from] = network->now_us;
        return true;
    }
    return opened_us[index][from] != 0 && network->now_us - opened_us[index][from] < OPEN_US;
}

static void a_server_that_is_cut_off_becomes_a_client_and_no_record_is_lost(void **state)
{
    (void)state;
    enum { RECORDS = 20 };
    test_network *network = start(SKAD_ROLE_AUTO);
    skad_id keys[RECORDS];
    network->lets_in = NULL;
    join(network);
    (void)test_network_run(network, 120 * SKAD_US_PER_S, NULL, NULL);
    for (size_t i = 0; i < RECORDS; i++) {
        const uint8_t value[] = {(uint8_t)i, 1, 2, 3};
        skad_op op;
        assert_int_equal(skad_node_put(network->nodes[i].node, value, sizeof value,
                                       test_network_time(network), &op, &keys[i]),
                         SKAD_OK);
        assert_int_equal(test_network_await(network, i, op, NULL).outcome, SKAD_OUTCOME_DONE);
    }
    assert_true(stats_of(network, NODES - 1).store.records > 0);
    assert_false(is_client(network, NODES - 1));
    network->lets_in = shut_last;
    (void)test_network_run(network, 2 * 3600 * SKAD_US_PER_S, NULL, NULL);
    assert_true(is_client(network, NODES - 1));
    for (size_t i = 0; i < RECORDS; i++) {
        skad_op op;
        assert_int_equal(skad_node_get(network->nodes[NODES - 2].node, SKAD_RECORD_IMMUTABLE,
                                       &keys[i], test_network_time(network), &op),
                         SKAD_OK);
        assert_int_equal(test_network_await(network, NODES - 2, op, NULL).outcome,
                         SKAD_OUTCOME_DONE);
    }
    test_network_stop(network);
}

static void a_node_that_is_to_be_a_client_is_one_from_the_start(void **state)
{
    (void)state;
    test_network *network = start(SKAD_ROLE_CLIENT);
    assert_true(is_client(network, 0) && is_client(network, NODES - 1));
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_finds_out_what_it_is),
        cmocka_unit_test(lookups_are_exact_over_servers),
        cmocka_unit_test(a_put_of_a_client_is_found_by_others),
        cmocka_unit_test(a_node_that_can_be_reached_again_becomes_a_server),
        cmocka_unit_test(a_node_that_is_told_asks_at_once),
        cmocka_unit_test(a_node_that_moved_finds_out_anew_what_it_is),
        cmocka_unit_test(a_server_that_is_cut_off_becomes_a_client_and_no_record_is_lost),
        cmocka_unit_test(a_node_that_is_to_be_a_client_is_one_from_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
