/* Sybils next to a key and around its publisher: what they own, and whether it is noticed. Of the
 * real core, with modelled cryptography. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/sim/experiment/values.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

#define HONEST 500

/* Half of so many Sybils stand within `width` mean distances of the publisher, the other half
 * within a quarter of one of the key of its first value. */
static skad_sim_scenario besieged_world(uint64_t sybils, double width)
{
    skad_sim_scenario scenario = test_small_world(HONEST + sybils);
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.adversary_share = ((double)sybils + 0.5) / (double)(HONEST + sybils);
    scenario.placement = SKAD_SIM_BOTH_ENDS;
    scenario.placement_width = 0.25;
    scenario.publisher_width = width;
    scenario.key_of_value = true;
    scenario.values = 1;
    scenario.lookups = 0;
    scenario.get_every_ms = 1000;
    scenario.duration_s = 30;
    return scenario;
}

static void on_event(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    (void)world;
    if (node == SKAD_SIM_PUBLISHER) {
        (void)skad_sim_values_event(user, event);
    }
}

/* What came of the publication. */
typedef struct siege {
    bool noticed;
    size_t holders; /* honest ones */
} siege;

/* Publishes the value at once, when the publisher knows no other place, or a minute after it was
 * started again. */
static siege lay_siege(const skad_sim_scenario *scenario, bool restarts)
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_values values = {0};
    skad_sim_outcome outcome = {0};
    skad_prng prng;
    skad_node_stats stats;
    siege result = {0};
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    skad_prng_init(&prng, scenario->seed, SKAD_PRNG_WORK);
    assert_true(skad_world_init(world, scenario, reason));
    assert_int_equal(world->honest, HONEST);
    world->listener = (skad_sim_listener){.event = on_event, .user = &values};
    skad_sim_prefill(world);
    if (restarts) {
        skad_world_stop(world, SKAD_SIM_PUBLISHER, false);
        skad_world_start(world, SKAD_SIM_PUBLISHER);
        skad_world_join(world, SKAD_SIM_PUBLISHER, 1);
        skad_world_run(world, world->now_us + 60 * SKAD_US_PER_S);
    }
    skad_sim_values_publish(&values, world, &prng, &outcome);
    result.noticed = outcome.puts.dense == 1;
    skad_node_stats_get(world->nodes[SKAD_SIM_PUBLISHER].node,
                        skad_world_time(world, SKAD_SIM_PUBLISHER), &stats);
    assert_int_equal(stats.lookups_dense > 0, result.noticed);
    for (uint32_t node = 1; node < world->honest; node++) {
        skad_store_record record;
        const skad_store *store = &world->nodes[node].store;
        result.holders += store->ops->find(store->self, SKAD_STORE_REPLICAS, &values.all[0].name,
                                           skad_world_time(world, node).unix_s, &record);
    }
    skad_world_free(world);
    free(world);
    skad_sim_values_free(&values);
    return result;
}

/* Twenty at each end owned half of the keys. Without any other place, our farther siblings tell. */
static void a_crowd_at_both_ends_is_noticed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        skad_sim_scenario scenario = besieged_world(40, 1);
        scenario.seed = seed;
        siege result = lay_siege(&scenario, false);
        print_message("seed %lu: %s, %zu honest holders\n", (unsigned long)seed,
                      result.noticed ? "noticed" : "not noticed", result.holders);
        assert_true(result.noticed);
        assert_true(result.holders >= 3); /* its region seems smaller than it is */
    }
}

/* Forty at each end, as dense here as there: more than the siblings that stand for our place. */
static void a_crowd_that_hides_all_around_is_noticed_from_other_places(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        skad_sim_scenario scenario = besieged_world(80, 0.25);
        scenario.seed = seed;
        siege blind = lay_siege(&scenario, false);
        siege seeing = lay_siege(&scenario, true);
        print_message("seed %lu: %zu honest holders, %zu without other places\n",
                      (unsigned long)seed, seeing.holders, blind.holders);
        assert_false(blind.noticed);
        assert_true(blind.holders <= 2); /* what contacts far from the key named */
        assert_true(seeing.noticed);
        assert_true(seeing.holders >= 4);
    }
}

/* What gets and puts tell is counted. Gets of what does not change do not look that far. */
static void an_experiment_counts_what_was_noticed(void **state)
{
    (void)state;
    skad_sim_scenario scenario = besieged_world(40, 1);
    scenario.values = 0;
    scenario.mutables = 1;
    skad_sim_outcome outcome = test_run_world(&scenario);
    print_message("%lu of %lu gets and %lu of %lu puts noticed it\n",
                  (unsigned long)outcome.gets.dense, (unsigned long)outcome.gets.ended,
                  (unsigned long)outcome.puts.dense, (unsigned long)outcome.puts.ended);
    assert_int_equal(outcome.puts.dense, 1);
    assert_true(outcome.gets.ended > 20);
    assert_true(10 * outcome.gets.dense >= 9 * outcome.gets.ended);
    assert_int_equal(outcome.gets.right, outcome.gets.ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_at_both_ends_is_noticed),
        cmocka_unit_test(a_crowd_that_hides_all_around_is_noticed_from_other_places),
        cmocka_unit_test(an_experiment_counts_what_was_noticed),
    };
    return cmocka_run_group_tests_name("sim dense", tests, NULL, NULL);
}
