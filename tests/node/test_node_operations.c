/* What operations of a node tell while they run and at their end, and how many there may be at
 * once: steps of lookups, pings, cancelling. Networks are of real nodes in virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"
#include "tests/support/network.h"

static void a_lookup_asks_no_node_twice_and_shows_its_paths(void **state)
{
    (void)state;
    test_network *network = test_network_start(60, 3);
    test_network_join_all(network);
    skad_id target = test_target(7);
    skad_op op;
    assert_int_equal(
        skad_node_lookup(network->nodes[5].node, &target, test_network_time(network), &op),
        SKAD_OK);
    skad_event event = test_network_await(network, 5, op, NULL);
    const skad_lookup_report *report = &event.u.lookup.report;
    assert_int_equal(report->paths, network->profile->paths);
    assert_int_equal(report->steps_count, report->rpcs);
    assert_true(report->paths_agreed >= 1);
    unsigned paths_seen = 0;
    for (size_t i = 0; i < report->steps_count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_false(skad_id_equal(&report->steps[i].id, &report->steps[j].id));
        }
        if (report->steps[i].path != SKAD_STEP_PATH_CLOSING) {
            paths_seen |= 1U << report->steps[i].path;
        }
    }
    assert_int_equal(paths_seen, (1U << report->paths) - 1);
    test_network_stop(network);
}

typedef struct traced_lookup {
    skad_op op;
    size_t asked;
    size_t answered;
    size_t regions;
    bool widens; /* some are dead: not all answer */
    bool ended;
} traced_lookup;

static bool trace_ended(test_network *network, void *user)
{
    traced_lookup *traced = user;
    skad_event event;
    while (skad_node_poll_event(network->nodes[2].node, &event)) {
        if (event.op != traced->op) {
            continue;
        }
        assert_false(traced->ended); /* the lookup's own event is the last */
        if (event.kind == SKAD_EVENT_STEP) {
            bool asked = event.u.step.state == SKAD_STEP_ASKED;
            traced->asked += asked;
            traced->regions += asked && event.u.step.path == SKAD_STEP_PATH_REGION;
            traced->answered += event.u.step.state == SKAD_STEP_ANSWERED;
        } else {
            assert_int_equal(event.kind, SKAD_EVENT_LOOKUP);
            assert_int_equal(traced->asked, event.u.lookup.report.rpcs);
            if (!traced->widens) {
                assert_int_equal(traced->answered, event.u.lookup.report.rpcs);
            }
            traced->ended = true;
        }
    }
    return traced->ended;
}

static void a_traced_lookup_tells_each_step_as_it_happens(void **state)
{
    (void)state;
    test_network *network = test_network_start(30, 21);
    test_network_join_all(network);
    traced_lookup traced = {0};
    skad_id target = test_target(4);
    assert_int_equal(
        skad_node_lookup(network->nodes[2].node, &target, test_network_time(network), &traced.op),
        SKAD_OK);
    skad_node_trace(network->nodes[2].node, traced.op);
    assert_true(test_network_run(network, 10 * SKAD_US_PER_S, trace_ended, &traced));
    skad_node_trace(network->nodes[2].node, traced.op); /* a stale name is harmless */

    /* With dead nodes the lookup widens; each of its requests is told, those for regions included.
     */
    for (size_t i = 3; i < 30; i += 3) {
        network->nodes[i].dead = true;
    }
    traced = (traced_lookup){.widens = true};
    assert_int_equal(
        skad_node_lookup(network->nodes[2].node, &target, test_network_time(network), &traced.op),
        SKAD_OK);
    skad_node_trace(network->nodes[2].node, traced.op);
    assert_true(test_network_run(network, 60 * SKAD_US_PER_S, trace_ended, &traced));
    assert_true(traced.regions > 0);
    test_network_stop(network);
}

static void a_ping_tells_who_is_there(void **state)
{
    (void)state;
    test_network *network = test_network_start(2, 14);
    skad_op op;
    assert_int_equal(skad_node_ping(network->nodes[0].node, &network->nodes[1].address,
                                    test_network_time(network), &op),
                     SKAD_OK);
    skad_event event = test_network_await(network, 0, op, NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_true(skad_id_equal(&event.u.ping.id, skad_node_self(network->nodes[1].node)));
    assert_int_equal(event.u.ping.observed.port, network->nodes[0].address.port);
    assert_true(event.u.ping.rtt_us >= 2 * network->latency_min_us);

    network->nodes[1].dead = true;
    assert_int_equal(skad_node_ping(network->nodes[0].node, &network->nodes[1].address,
                                    test_network_time(network), &op),
                     SKAD_OK);
    assert_int_equal(test_network_await(network, 0, op, NULL).outcome, SKAD_OUTCOME_TIMED_OUT);
    test_network_stop(network);
}

static void operations_are_bounded_and_can_be_cancelled(void **state)
{
    (void)state;
    test_network *network = test_network_start(4, 15);
    test_network_join_all(network);
    skad_node *node = network->nodes[1].node;
    skad_id target = test_target(3);
    skad_op ops[1024];
    size_t count = 0;
    skad_status status;
    while ((status = skad_node_lookup(node, &target, test_network_time(network), &ops[count])) ==
           SKAD_OK) {
        count++;
        assert_true(count < 1024);
    }
    assert_int_equal(status, SKAD_ERR_FULL);
    for (size_t i = 1; i < count; i++) {
        skad_node_cancel(node, ops[i]);
    }
    skad_node_cancel(node, ops[1]); /* a stale name is harmless */
    skad_event event = test_network_await(network, 1, ops[0], NULL);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_false(skad_node_poll_event(node, &event));
    /* Cancelled after it ended, before it was polled: no event either. */
    assert_int_equal(skad_node_lookup(node, &target, test_network_time(network), &ops[0]), SKAD_OK);
    test_network_run(network, 5 * SKAD_US_PER_S, NULL, NULL);
    skad_node_cancel(node, ops[0]);
    assert_false(skad_node_poll_event(node, &event));
    test_network_stop(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lookup_asks_no_node_twice_and_shows_its_paths),
        cmocka_unit_test(a_traced_lookup_tells_each_step_as_it_happens),
        cmocka_unit_test(a_ping_tells_who_is_there),
        cmocka_unit_test(operations_are_bounded_and_can_be_cancelled),
    };
    return cmocka_run_group_tests_name("node_operations", tests, NULL, NULL);
}
