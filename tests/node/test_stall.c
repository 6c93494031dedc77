/* A driver that stalls: a machine that was paused hands the node both timeouts of a request at
 * once. Nothing may wait for the soft one then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/identities.h"
#include "tests/support/network.h"

#define ASKER 2

typedef struct watched_lookup {
    skad_op op;
    bool region_asked;
    bool ended;
} watched_lookup;

static void watch(test_network *network, watched_lookup *watched)
{
    skad_event event;
    while (skad_node_poll_event(network->nodes[ASKER].node, &event)) {
        if (event.op == watched->op) {
            watched->region_asked |= event.kind == SKAD_EVENT_STEP &&
                                     event.u.step.path == SKAD_STEP_PATH_REGION &&
                                     event.u.step.state == SKAD_STEP_ASKED;
            watched->ended |= event.kind == SKAD_EVENT_LOOKUP;
        }
    }
}

static bool region_is_asked(test_network *network, void *user)
{
    watched_lookup *watched = user;
    watch(network, watched);
    return watched->region_asked;
}

static bool lookup_has_ended(test_network *network, void *user)
{
    watched_lookup *watched = user;
    watch(network, watched);
    return watched->ended;
}

static void a_stall_while_a_region_is_asked_does_not_hold_the_lookup_up(void **state)
{
    (void)state;
    test_network *network = malloc(sizeof *network);
    assert_non_null(network);
    test_network_init(network, test_plain_profile(), 30, 40);
    test_network_join_all(network);
    for (size_t i = 3; i < 30; i += 3) {
        network->nodes[i].dead = true; /* so that the lookup widens */
    }
    skad_node *node = network->nodes[ASKER].node;
    watched_lookup watched = {0};
    const skad_id *target = skad_node_self(network->nodes[5].node);
    assert_int_equal(skad_node_lookup(node, target, test_network_time(network), &watched.op),
                     SKAD_OK);
    skad_node_trace(node, watched.op);
    assert_true(test_network_run(network, 30 * SKAD_US_PER_S, region_is_asked, &watched));
    network->loss = 1.0; /* the answers are lost, and the machine sleeps for five seconds */
    while (network->flights_count > 0) {
        free(network->flights[--network->flights_count]);
    }
    network->now_us += 5 * SKAD_US_PER_S;
    skad_node_tick(node, test_network_time(network));
    assert_true(test_network_run(network, 15 * SKAD_US_PER_S, lookup_has_ended, &watched));
    test_network_free(network);
    free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stall_while_a_region_is_asked_does_not_hold_the_lookup_up),
    };
    return cmocka_run_group_tests_name("stall", tests, NULL, NULL);
}
