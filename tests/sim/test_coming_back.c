/* Nodes that come back, with or without their records: what they are handed over. Of the real core,
 * with modelled cryptography. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/sim/experiment/values.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

#define SEED     3
#define RETURNER 3 /* the node that comes back */
#define STORE    4 /* the kind of a request that brings a record */

typedef struct return_trip {
    size_t held;   /* records of the node before */
    size_t after;  /* five minutes after it came back */
    uint64_t sent; /* STOREs that it answered meanwhile */
} return_trip;

static void on_event(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    (void)world;
    if (node == SKAD_SIM_PUBLISHER) {
        (void)skad_sim_values_event(user, event);
    }
}

static size_t records_of(const skad_world *world, uint32_t node)
{
    const skad_store *store = &world->nodes[node].store;
    skad_store_totals totals;
    store->ops->totals(store->self, &totals);
    return (size_t)(totals.records - totals.cached);
}

/* Publishes 200 values among so many nodes, and lets one of them come back. */
static return_trip come_back(uint64_t nodes, bool empty)
{
    skad_sim_scenario scenario = test_small_world(nodes);
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_values values = {0};
    skad_sim_outcome outcome = {0};
    skad_prng prng;
    return_trip trip = {0};
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    scenario.values = 200;
    scenario.seed = SEED;
    skad_prng_init(&prng, SEED, SKAD_PRNG_WORK);
    assert_true(skad_world_init(world, &scenario, reason));
    world->listener = (skad_sim_listener){.event = on_event, .user = &values};
    skad_sim_prefill(world);
    skad_sim_values_publish(&values, world, &prng, &outcome);
    assert_int_equal(outcome.puts.stored, 200);
    trip.held = records_of(world, RETURNER);
    skad_world_stop(world, RETURNER, empty);
    skad_world_start(world, RETURNER);
    skad_world_join(world, RETURNER, SKAD_SIM_PUBLISHER);
    skad_world_run(world, world->now_us + 300 * SKAD_US_PER_S);
    assert_null(world->broken);
    skad_node_stats stats;
    skad_node_stats_get(world->nodes[RETURNER].node, skad_world_time(world, RETURNER), &stats);
    trip.sent = stats.requests[STORE];
    trip.after = records_of(world, RETURNER);
    skad_world_free(world);
    free(world);
    skad_sim_values_free(&values);
    return trip;
}

static const uint64_t WORLDS[] = {60, 100, 300};

static void one_that_has_its_records_is_sent_few(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WORLDS / sizeof WORLDS[0]; i++) {
        return_trip trip = come_back(WORLDS[i], false);
        print_message("seed %d, %lu nodes: has %zu records, is sent %lu\n", SEED,
                      (unsigned long)WORLDS[i], trip.held, (unsigned long)trip.sent);
        assert_true(trip.held >= 5);
        assert_true(trip.after >= trip.held);
        assert_true(5 * trip.sent <= trip.held);
    }
}

static void one_that_lost_them_is_handed_most(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WORLDS / sizeof WORLDS[0]; i++) {
        return_trip trip = come_back(WORLDS[i], true);
        print_message("seed %d, %lu nodes: had %zu records, has %zu, was sent %lu\n", SEED,
                      (unsigned long)WORLDS[i], trip.held, trip.after, (unsigned long)trip.sent);
        assert_true(trip.held >= 5);
        assert_true(5 * trip.after >= 4 * trip.held);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_has_its_records_is_sent_few),
        cmocka_unit_test(one_that_lost_them_is_handed_most),
    };
    return cmocka_run_group_tests_name("sim coming back", tests, NULL, NULL);
}
