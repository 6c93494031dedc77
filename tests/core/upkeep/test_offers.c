/* Offers of a handover: what a newcomer is asked, and what it is sent for which answer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/upkeep/offers.h"
#include "tests/support/fixture.h"
#include "tests/support/handover_script.h"
#include "tests/support/network.h"

/* What the newcomer answers to a COMPARE. */
typedef struct manner {
    uint8_t lacking; /* each byte of the bits */
    size_t too_many; /* bytes */
    unsigned refusals;
    bool silent;
    unsigned compares;
    unsigned prints;
    unsigned stores;
} manner;

static manner how;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    static uint8_t bits[SKAD_COMPARED_BYTES_MAX];
    (void)made;
    (void)who;
    how.stores += request->kind == SKAD_KIND_STORE;
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    if (request->kind != SKAD_KIND_COMPARE) {
        return true;
    }
    size_t count = request->u.compare.held.len / SKAD_COMPARE_ITEM_BYTES;
    how.compares++;
    how.prints += (unsigned)count;
    if (how.refusals > 0) {
        how.refusals--;
        answer->kind = SKAD_KIND_ERROR;
        answer->u.reply.u.error.code = SKAD_ERROR_TOKEN;
        return true;
    }
    memset(bits, how.lacking, sizeof bits);
    answer->u.reply.u.compared.lacking = (skad_span){bits, (count + 7) / 8 + how.too_many};
    return !how.silent;
}

/* Among three peers all records are ours to give. */
static int begin(void **state)
{
    (void)state;
    handover_begin_with(3, 2);
    how = (manner){0};
    handover_fixture.script = act;
    return 0;
}

static void walk(void)
{
    handover_hold_some();
    handover_walk_for(&handover_fixture.remotes[0]);
}

static void who_has_all_is_sent_nothing(void **state)
{
    (void)state;
    walk();
    assert_int_equal(how.compares, 1);
    assert_int_equal(how.prints, HANDOVER_RECORDS_HELD);
    assert_int_equal(how.stores, 0);
    assert_int_equal(handover_stats().offered, HANDOVER_RECORDS_HELD);
    assert_int_equal(handover_stats().handed_over, 0);
}

static void who_lacks_some_is_sent_these(void **state)
{
    (void)state;
    how.lacking = 0x05;
    walk();
    assert_int_equal(how.stores, 4); /* of twelve: the first, third, ninth and eleventh */
    assert_int_equal(handover_stats().handed_over, 4);
}

static void for_want_of_a_token_it_is_asked_once_more(void **state)
{
    (void)state;
    how.lacking = 0xff;
    how.refusals = 1;
    walk();
    assert_int_equal(how.compares, 2);
    assert_int_equal(how.stores, HANDOVER_RECORDS_HELD);
}

static void who_refuses_is_silent_or_answers_nonsense_is_sent_nothing(void **state)
{
    static const manner MANNERS[] = {
        {.lacking = 0xff, .refusals = 2},
        {.lacking = 0xff, .silent = true},
        {.lacking = 0xff, .too_many = 1},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        how = MANNERS[i];
        walk();
        assert_int_equal(how.stores, 0);
        assert_true(how.compares >= 1);
        assert_false(skad_node_parts_of(handover_fixture.node).handover->walking);
    }
}

/* ---- A restart ---- */

/* A node comes back after twelve seconds with all of its records. Its neighbours compare, and send
 * it hardly anything. Twenty nodes, so each holds nearly every record, and all have something to
 * give. */
static void a_restarted_node_is_sent_hardly_anything_that_it_has(void **state)
{
    (void)state;
    test_network *network = test_network_start(20, 12);
    test_network_join_all(network);
    for (uint32_t i = 0; i < 150; i++) {
        uint8_t value[8] = {(uint8_t)i, (uint8_t)(i >> 8)};
        skad_op op;
        skad_id key;
        size_t at = i % 20;
        assert_int_equal(skad_node_put(network->nodes[at].node, value, sizeof value,
                                       test_network_time(network), &op, &key),
                         SKAD_OK);
        (void)test_network_await(network, at, op, NULL);
    }
    test_network_run(network, 120 * SKAD_US_PER_S, NULL, NULL);
    skad_store_totals totals;
    for (unsigned forgets = 0; forgets < 2; forgets++) {
        network->nodes[7].store.ops->totals(network->nodes[7].store.self, &totals);
        const uint64_t held = totals.records;
        test_network_vanish(network, 7, forgets == 1);
        test_network_run(network, 12 * SKAD_US_PER_S, NULL, NULL);
        test_network_revive(network, 7);
        assert_int_equal(skad_node_join(network->nodes[7].node, &network->nodes[0].address, 1,
                                        test_network_time(network)),
                         SKAD_OK);
        test_network_run(network, 600 * SKAD_US_PER_S, NULL, NULL); /* its own look included */
        skad_node_stats stats;
        skad_node_stats_get(network->nodes[7].node, test_network_time(network), &stats);
        network->nodes[7].store.ops->totals(network->nodes[7].store.self, &totals);
        print_message("%s: %lu STOREs and %lu COMPAREs for %lu records\n",
                      forgets ? "empty" : "intact", (unsigned long)stats.requests[SKAD_KIND_STORE],
                      (unsigned long)stats.requests[SKAD_KIND_COMPARE], (unsigned long)held);
        /* Twenty nodes are one region, so all of them owe all records (matching.h). */
        assert_in_range(totals.records, held * 7 / 10, 150);
        assert_true(held > 80);
        if (forgets == 0) {
            assert_in_range(stats.requests[SKAD_KIND_STORE], 0, totals.records - held + held / 5);
        } else {
            /* Three quarters are those of which it is one of the closest, handed over at once. */
            assert_in_range(stats.requests[SKAD_KIND_STORE], held * 7 / 10, held * 2);
        }
        assert_in_range(stats.requests[SKAD_KIND_COMPARE], 1, held);
    }
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_has_all_is_sent_nothing, begin, handover_end),
        cmocka_unit_test_setup_teardown(who_lacks_some_is_sent_these, begin, handover_end),
        cmocka_unit_test_setup_teardown(for_want_of_a_token_it_is_asked_once_more, begin,
                                        handover_end),
        cmocka_unit_test_setup_teardown(who_refuses_is_silent_or_answers_nonsense_is_sent_nothing,
                                        begin, handover_end),
        cmocka_unit_test(a_restarted_node_is_sent_hardly_anything_that_it_has),
    };
    return cmocka_run_group_tests_name("offers", tests, NULL, NULL);
}
