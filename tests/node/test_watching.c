/* Watching records in a whole network: each change is told once, and the number of watches is
 * bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/message.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"
#include "tests/support/record_script.h"

/* ---- Watching ---- */

static void a_watch_tells_each_change_once(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 9);
    skad_id key;
    skad_mutable_key(network->nodes[3].identity.public_key, test_text("salt"), &key);
    test_awaited awaited = {.index = 20};
    assert_int_equal(skad_node_watch(test_node_of(network, 20), SKAD_RECORD_MUTABLE, &key, MINUTE_S,
                                     test_network_time(network), &awaited.op),
                     SKAD_OK);
    assert_false(test_network_run(network, 200 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    for (uint64_t sequence = 1; sequence < 4; sequence++) {
        skad_id published;
        const char *values[] = {"", "one", "two", "three"};
        (void)test_publish(network, 3,
                           (test_edition){.sequence = sequence, .value = values[sequence]},
                           &published);
        assert_true(skad_id_equal(&key, &published));
        assert_true(test_network_run(network, 70 * SKAD_US_PER_S, test_poll_awaited, &awaited));
        assert_int_equal(awaited.event.kind, SKAD_EVENT_CHANGED);
        assert_int_equal(awaited.event.u.get.sequence, sequence);
        assert_memory_equal(awaited.value, values[sequence], strlen(values[sequence]));
        assert_false(test_network_run(network, 130 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    }
    skad_node_cancel(test_node_of(network, 20), awaited.op);
    skad_id published;
    (void)test_publish(network, 3, (test_edition){.sequence = 9, .value = "nine"}, &published);
    assert_false(test_network_run(network, 130 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    skad_node_stats stats;
    skad_node_stats_get(test_node_of(network, 20), test_network_time(network), &stats);
    assert_int_equal(stats.watches, 0);
    assert_int_equal(stats.operations, 0);
    test_records_stop(network);
}

/* Found by fuzzing: of two changes that nobody had polled the first outlived its watch. */
static void changes_that_nobody_polls_become_one(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 12);
    skad_node *watching = test_node_of(network, 20);
    skad_id key;
    skad_mutable_key(network->nodes[3].identity.public_key, test_text("salt"), &key);
    skad_op watch;
    skad_event event;
    for (int cancels = 0; cancels < 2; cancels++) {
        assert_int_equal(skad_node_watch(watching, SKAD_RECORD_MUTABLE, &key, MINUTE_S,
                                         test_network_time(network), &watch),
                         SKAD_OK);
        while (skad_node_poll_event(watching, &event)) {
        }
        uint64_t sequence = 0;
        for (int i = 0; i < 2; i++) {
            skad_id published;
            sequence = (uint64_t)(2 * cancels + i + 1);
            (void)test_publish(network, 3, (test_edition){.sequence = sequence, .value = "new"},
                               &published);
            (void)test_network_run(network, 70 * SKAD_US_PER_S, NULL, NULL);
        }
        if (cancels == 0) {
            assert_true(skad_node_poll_event(watching, &event));
            assert_int_equal(event.kind, SKAD_EVENT_CHANGED);
            assert_true(event.op == watch);
            assert_int_equal(event.u.get.sequence, sequence);
        }
        skad_node_cancel(watching, watch);
        assert_false(skad_node_poll_event(watching, &event));
    }
    test_records_stop(network);
}

/* A holder need not wait for its next look. */
static void a_watching_holder_is_told_at_once(void **state)
{
    (void)state;
    test_network *network = test_records_start(8, 10); /* all hold everything */
    skad_id key;
    skad_mutable_key(network->nodes[3].identity.public_key, test_text("salt"), &key);
    test_awaited awaited = {.index = 5};
    assert_int_equal(skad_node_watch(test_node_of(network, 5), SKAD_RECORD_MUTABLE, &key, HOUR_S,
                                     test_network_time(network), &awaited.op),
                     SKAD_OK);
    assert_false(test_network_run(network, 10 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    skad_id published;
    (void)test_publish(network, 3, (test_edition){.sequence = 1, .value = "one"}, &published);
    assert_true(test_network_run(network, 2 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    test_records_stop(network);
}

static void watched_announcements_are_told_when_there_are_new_ones(void **state)
{
    (void)state;
    test_network *network = test_records_start(24, 11);
    test_awaited awaited = {.index = 20};
    test_announce(network, 1, 9, false);
    assert_int_equal(skad_node_watch(test_node_of(network, 20), SKAD_RECORD_ANNOUNCEMENT,
                                     &(skad_id){{9}}, MINUTE_S, test_network_time(network),
                                     &awaited.op),
                     SKAD_OK);
    assert_true(test_network_run(network, 10 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    assert_int_equal(awaited.event.u.get.providers_count, 1);
    assert_false(test_network_run(network, 130 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    test_announce(network, 2, 9, false);
    assert_true(test_network_run(network, 70 * SKAD_US_PER_S, test_poll_awaited, &awaited));
    assert_int_equal(awaited.event.u.get.providers_count, 2);
    test_records_stop(network);
}

static void watches_are_bounded_and_their_names_go_stale(void **state)
{
    (void)state;
    test_network *network = test_records_start(3, 12);
    skad_node *node = test_node_of(network, 1);
    skad_time now = test_network_time(network);
    skad_op ops[300];
    size_t count = 0;
    skad_status status = SKAD_OK;
    while (count < 300 && status == SKAD_OK) {
        skad_id key = {{(uint8_t)count, 1, (uint8_t)(count >> 8)}};
        status = skad_node_watch(node, SKAD_RECORD_MUTABLE, &key, 60, now, &ops[count]);
        count += status == SKAD_OK;
    }
    assert_int_equal(status, SKAD_ERR_FULL);
    assert_int_equal(count, 256);
    (void)test_network_run(network, 100 * SKAD_US_PER_S, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        skad_node_cancel(node, ops[i]);
    }
    skad_node_cancel(node, ops[0]); /* stale by now: ignored */
    skad_id key = {{1}};
    assert_int_equal(skad_node_watch(node, SKAD_RECORD_MUTABLE, &key, 60, now, &ops[1]), SKAD_OK);
    assert_true(ops[1] != ops[0]);
    skad_node_cancel(node, ops[0]);
    skad_node_stats stats;
    skad_node_stats_get(node, test_network_time(network), &stats);
    assert_int_equal(stats.watches, 1);
    test_records_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_tells_each_change_once),
        cmocka_unit_test(changes_that_nobody_polls_become_one),
        cmocka_unit_test(a_watching_holder_is_told_at_once),
        cmocka_unit_test(watched_announcements_are_told_when_there_are_new_ones),
        cmocka_unit_test(watches_are_bounded_and_their_names_go_stale),
    };
    return cmocka_run_group_tests_name("watching", tests, NULL, NULL);
}
