/* Joining where something is in the way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/state.h"
#include "tests/support/network.h"
#include "tests/support/stage.h"

/* Found by fuzzing: the node asked to be ticked at once, for ever. */
static void without_room_for_its_lookup_a_node_waits(void **state)
{
    (void)state;
    static test_stage stage;
    skad_profile profile = test_stage_profile();
    test_stage_init(&stage, &profile);
    test_stage_populate(&stage, 3);
    skad_operations *operations = &stage.node->operations;
    const size_t before = operations->used;
    skad_operation *taken[128];
    size_t count = 0;
    while (operations->used < operations->count) {
        assert_in_range(count, 0, sizeof taken / sizeof taken[0] - 1);
        taken[count++] = skad_operations_take(operations, SKAD_OPERATION_REFRESH, 0);
    }
    stage.node->join.joined = false;
    stage.node->join.hello_us = stage.now.mono_us;
    stage.node->heard_us = stage.now.mono_us;
    for (unsigned i = 0; i < 3; i++) {
        skad_node_tick(stage.node, stage.now);
        test_stage_drain(&stage);
        assert_int_equal(stage.node->join.lookup, 0);
        assert_true(skad_node_deadline(stage.node) > stage.now.mono_us);
        stage.now.mono_us = skad_node_deadline(stage.node);
    }
    while (count > 0) {
        skad_operations_release(operations, taken[--count]);
    }
    assert_int_equal(operations->used, before);
    skad_node_tick(stage.node, stage.now);
    test_stage_run(&stage, 5 * SKAD_US_PER_S);
    skad_node_stats stats;
    skad_node_stats_get(stage.node, stage.now, &stats);
    assert_true(stats.joined);
    test_stage_free(&stage);
}

/* Who joins in the same moment was known to nobody yet when all others looked. */
static void who_joins_at_the_same_time_is_known_a_moment_later(void **state)
{
    (void)state;
    const skad_profile *profile = skad_profile_builtin("test");
    for (uint64_t seed = 1; seed <= 8; seed++) {
        test_network *network = calloc(1, sizeof *network);
        test_network_init(network, profile, 12, seed);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_room_for_its_lookup_a_node_waits),
        cmocka_unit_test(who_joins_at_the_same_time_is_known_a_moment_later),
    };
    return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
