/* Networks in which servers stand behind NATs that let in only what comes from where they have sent
 * to: strangers are introduced to them, and what they hold is found. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "tests/support/network.h"

#define NODES   16
#define BEHIND  10 /* the last ones */
#define OPEN_US (30 * SKAD_US_PER_S)

static uint64_t opened_us[NODES][NODES]; /* by which, for which */

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

static test_network *start(bool finds_reach)
{
    memset(opened_us, 0, sizeof opened_us);
    test_network_finds_reach = finds_reach;
    test_network *network = test_network_start(NODES, 7);
    test_network_finds_reach = false;
    network->lets_in = gate;
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(skad_node_join(network->nodes[i].node,
                                        &network->nodes[i == 0 ? 1 : 0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
        (void)test_network_run(network, SKAD_US_PER_S, NULL, NULL);
    }
    (void)test_network_run(network, 1800 * SKAD_US_PER_S, NULL, NULL);
    return network;
}

static skad_node_stats stats_of(test_network *network, size_t i)
{
    skad_node_stats stats;
    skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
    return stats;
}

static void those_behind_say_that_they_are_guarded(void **state)
{
    (void)state;
    test_network *network = start(true);
    for (size_t i = 0; i < NODES; i++) {
        const skad_node_stats stats = stats_of(network, i);
        assert_int_equal(stats.guarded, i < NODES - BEHIND ? 0 : SKAD_FAMILY_IPV4);
        assert_int_equal(stats.clients, 0);
    }
    test_network_stop(network);
}

static skad_event put(test_network *network, size_t by, unsigned number, uint64_t *took_us)
{
    const uint8_t value[] = {(uint8_t)number, 1, 2, 3};
    const uint64_t began_us = network->now_us;
    skad_op op;
    skad_id key;
    assert_int_equal(skad_node_put(network->nodes[by].node, value, sizeof value,
                                   test_network_time(network), &op, &key),
                     SKAD_OK);
    const skad_event event = test_network_await(network, by, op, NULL);
    *took_us = network->now_us - began_us;
    return event;
}

/* Puts by each node in turn; returns how many holders of all are named, and the time of all. */
static size_t put_all(test_network *network, uint64_t *took_us)
{
    size_t stored = 0;
    *took_us = 0;
    for (unsigned i = 0; i < 2 * NODES; i++) {
        uint64_t one_us;
        const skad_event event = put(network, i % NODES, i, &one_us);
        assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
        stored += event.u.put.stored;
        *took_us += one_us;
        (void)test_network_run(network, 40 * SKAD_US_PER_S, NULL, NULL); /* ways close */
    }
    return stored;
}

static void a_put_reaches_all_holders_soon(void **state)
{
    (void)state;
    uint64_t with_us;
    uint64_t without_us;
    test_network *network = start(true);
    const size_t stored = put_all(network, &with_us);
    test_network_stop(network);
    network = start(false);
    const size_t unaided = put_all(network, &without_us);
    test_network_stop(network);
    print_message("stored %zu in %llu ms; unaided %zu in %llu ms\n", stored,
                  (unsigned long long)with_us / 1000, unaided,
                  (unsigned long long)without_us / 1000);
    assert_int_equal(stored, 2 * NODES * NODES);
    assert_true(with_us < 2 * NODES * 300 * SKAD_US_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_behind_say_that_they_are_guarded),
        cmocka_unit_test(a_put_reaches_all_holders_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
