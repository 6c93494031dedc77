/* Liars that name nodes as guarded which are not, so that lookups have others introduce them; and
 * what that costs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/operations/introduce.h"
#include "tests/support/network.h"

#define NODES   64
#define LOOKUPS 24

/* A liar's own node takes all others for guarded, and names them so. */
static bool lie(test_network *network, size_t index, const skad_address *from,
                const skad_datagram *datagram)
{
    skad_peers *peers = &skad_node_parts_of(network->nodes[index].node).table->peers;
    (void)from;
    (void)datagram;
    for (size_t slot = 0; slot < peers->high_water; slot++) {
        peers->peers[slot].guarded = peers->peers[slot].families & SKAD_FAMILIES_ALL;
    }
    return false;
}

typedef struct cost {
    uint64_t datagrams;     /* of all nodes */
    uint64_t introductions; /* that honest nodes were asked for, */
    uint64_t of_liars;      /* and liars */
    uint64_t took_us;
} cost;

static cost count(const test_network *network)
{
    cost sum = {0};
    for (size_t i = 0; i < network->count; i++) {
        skad_node_stats stats;
        skad_node_stats_get(network->nodes[i].node, test_network_time(network), &stats);
        sum.datagrams += network->nodes[i].polled;
        *(network->nodes[i].liar ? &sum.of_liars : &sum.introductions) +=
            stats.requests[SKAD_KIND_INTRODUCE];
    }
    return sum;
}

/* Looks up places by honest nodes in turn, all others still but for what they answer. */
static cost look_up_among(size_t liars)
{
    test_network *network = test_network_start(NODES, 5);
    network->adversary = lie;
    network->still = true;
    for (size_t i = 0; i < liars; i++) {
        network->nodes[NODES - 1 - i].liar = true;
    }
    test_network_stabilise(network);
    const cost before = count(network);
    cost sum = {0};
    for (unsigned i = 0; i < LOOKUPS; i++) {
        const uint8_t name[] = {(uint8_t)i};
        const uint64_t began_us = network->now_us;
        skad_id target;
        skad_op op;
        skad_value_key(name, sizeof name, &target);
        assert_int_equal(
            skad_node_lookup(network->nodes[i % 8].node, &target, test_network_time(network), &op),
            SKAD_OK);
        assert_int_equal(test_network_await(network, i % 8, op, NULL).outcome, SKAD_OUTCOME_DONE);
        sum.took_us += network->now_us - began_us;
        (void)test_network_run(network, 200 * SKAD_US_PER_MS, NULL, NULL);
    }
    const cost after = count(network);
    sum.datagrams = after.datagrams - before.datagrams;
    sum.introductions = after.introductions - before.introductions;
    sum.of_liars = after.of_liars - before.of_liars;
    print_message("%zu liars of %d: a lookup takes %llu ms, %llu datagrams of all nodes, %.1f "
                  "introductions by honest nodes, %.1f by liars\n",
                  liars, NODES, (unsigned long long)sum.took_us / LOOKUPS / 1000,
                  (unsigned long long)sum.datagrams / LOOKUPS, (double)sum.introductions / LOOKUPS,
                  (double)sum.of_liars / LOOKUPS);
    test_network_stop(network);
    return sum;
}

static void those_that_are_called_guarded_cost_only_the_liars(void **state)
{
    (void)state;
    const cost none = look_up_among(0);
    assert_int_equal(none.introductions + none.of_liars, 0);
    for (size_t liars = 1; liars <= NODES / 4; liars *= 4) {
        const cost lied = look_up_among(liars);
        assert_int_equal(lied.introductions, 0);
        assert_in_range(lied.of_liars, 1, liars * LOOKUPS * SKAD_INTRODUCTIONS_MAX);
        assert_true(10 * lied.took_us <= 11 * none.took_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_are_called_guarded_cost_only_the_liars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
