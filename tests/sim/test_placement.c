/* Where ground identities lie, what that costs, and that a world has them there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/places.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/placement.h"
#include "src/sim/world/prefill_world.h"
#include "src/sim/world/target.h"
#include "tests/support/small_world.h"

#define HONEST 1024                /* so that a mean distance is a power of two */
#define MEAN   (UINT64_C(1) << 54) /* 2^64 / HONEST */
#define S      16

/* The s honest nodes nearest to the key: at 1, 2, 3 ... mean distances. */
static skad_sim_surroundings regular(void)
{
    static uint64_t distances[S];
    for (uint64_t i = 0; i < S; i++) {
        distances[i] = (i + 1) * MEAN;
    }
    return (skad_sim_surroundings){distances, S, HONEST, S};
}

static void a_region_holds_about_sixteen_honest_nodes(void **state)
{
    (void)state;
    static const struct {
        uint64_t honest;
        unsigned bits;
    } cases[] = {{32, 1}, {40, 1}, {256, 4}, {1000, 6}, {1024, 6}, {10000, 9}, {1000000, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%lu honest nodes\n", (unsigned long)cases[i].honest);
        assert_int_equal(skad_sim_region_bits(cases[i].honest), cases[i].bits);
    }
}

static void the_nearest_are_before_the_first_honest_node(void **state)
{
    (void)state;
    skad_sim_surroundings known = regular();
    skad_sim_zones zones = skad_sim_place(SKAD_SIM_NEAREST, &known, 0, 64);
    assert_int_equal(zones.count, 1);
    assert_int_equal(zones.all[0].from, 0);
    assert_int_equal(zones.all[0].to, MEAN);
    assert_int_equal(zones.all[0].count, 64);
    assert_true(fabs(skad_sim_zones_draws(&zones) - 64.0 * HONEST) < 1);

    /* To get before one that happens to stand at the key would take tries without end. */
    const uint64_t near[] = {1};
    const skad_sim_surroundings lucky = {near, 1, HONEST, S};
    zones = skad_sim_place(SKAD_SIM_NEAREST, &lucky, 0, 64);
    assert_int_equal(zones.all[0].to, MEAN / 32);
}

static void the_spread_are_all_over_the_region(void **state)
{
    (void)state;
    skad_sim_surroundings known = regular();
    skad_sim_zones zones = skad_sim_place(SKAD_SIM_SPREAD, &known, 0, 64);
    assert_int_equal(zones.count, 1);
    assert_int_equal(zones.all[0].from, 0);
    assert_int_equal(zones.all[0].to, 16 * MEAN);
    assert_true(fabs(skad_sim_zones_draws(&zones) - 64.0 * HONEST / 16) < 1);
    zones = skad_sim_place(SKAD_SIM_SPREAD, &known, 3, 64);
    assert_true(zones.all[0].to == UINT64_C(1) << 61);
}

/* The threshold is at a quarter of sixteen mean distances. Three honest nodes are nearer, and one
 * is there: with twelve identities the sixteenth of all is the first beyond. */
static void those_under_the_threshold_leave_the_sth_closest_beyond_it(void **state)
{
    (void)state;
    skad_sim_surroundings known = regular();
    skad_sim_zones zones = skad_sim_place(SKAD_SIM_UNDER_THRESHOLD, &known, 0, 64);
    assert_int_equal(zones.count, 2);
    assert_int_equal(zones.all[0].from, 0);
    assert_int_equal(zones.all[0].to, 4 * MEAN);
    assert_int_equal(zones.all[0].count, S - 1 - 3);
    assert_int_equal(zones.all[1].from, 4 * MEAN);
    assert_int_equal(zones.all[1].to, 16 * MEAN);
    assert_int_equal(zones.all[1].count, 64 - 12);
    /* The outer zone is the dearer one: 52 in twelve sixteenths of the region. */
    assert_true(fabs(skad_sim_zones_draws(&zones) - 52.0 * HONEST / 12) < 1);
    assert_ptr_equal(skad_sim_zone_of(&zones, 11), &zones.all[0]);
    assert_ptr_equal(skad_sim_zone_of(&zones, 12), &zones.all[1]);
    assert_ptr_equal(skad_sim_zone_of(&zones, 63), &zones.all[1]);

    zones = skad_sim_place(SKAD_SIM_UNDER_THRESHOLD, &known, 0, 5);
    assert_int_equal(zones.count, 1);
    assert_int_equal(zones.all[0].count, 5);
}

/* ---- In a world ---- */

static skad_sim_scenario besieged(skad_sim_placement placement, skad_sim_captured type)
{
    skad_sim_scenario scenario = test_small_world(200);
    scenario.lookups = 0;
    scenario.ground = 24;
    scenario.adversary = SKAD_SIM_WITHHOLD;
    scenario.placement = placement;
    scenario.capture = type;
    scenario.get_every_ms = 100;
    scenario.gets = 6;
    scenario.wait_s = 30;
    return scenario;
}

static uint64_t distance_of(const skad_world *world, const skad_id *key, uint32_t node)
{
    return skad_id_prefix(skad_world_id(world, node)) ^ skad_id_prefix(key);
}

/* The distance of the honest node nearest to a key. */
static uint64_t first_honest(const skad_world *world, const skad_id *key)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t node = 0; node < world->honest; node++) {
        uint64_t distance = distance_of(world, key, node);
        least = distance < least ? distance : least;
    }
    return least;
}

static void a_world_has_them_around_the_key_of_its_record(void **state)
{
    (void)state;
    for (skad_sim_captured type = SKAD_SIM_VALUE; type <= SKAD_SIM_ANNOUNCEMENT; type++) {
        char reason[SKAD_SIM_REASON_BYTES];
        skad_sim_scenario scenario = besieged(SKAD_SIM_NEAREST, type);
        skad_sim_target target;
        skad_world *world = calloc(1, sizeof *world);
        assert_non_null(world);
        assert_true(skad_world_init(world, &scenario, reason));
        assert_int_equal(world->honest, 200);
        assert_int_equal(world->count, 224);
        skad_sim_target_of(world, &target);
        assert_true(target.publisher < world->honest);
        assert_true(skad_id_equal(skad_leagues_key(world), &target.name.key));
        uint64_t first = first_honest(world, &target.name.key);
        uint64_t floor = UINT64_MAX / 200 / 32;
        for (uint32_t node = world->honest; node < world->count; node++) {
            assert_true(distance_of(world, &target.name.key, node) <
                        (first > floor ? first : floor));
        }
        assert_true(skad_leagues_draws(world) >= 24);
        skad_world_free(world);
        free(world);
    }
}

/* A node that was there for days knows how dense the network is in all sixteenths but its own. */
static void those_who_were_there_for_long_know_other_places(void **state)
{
    (void)state;
    for (int visited = 0; visited <= 1; visited++) {
        char reason[SKAD_SIM_REASON_BYTES];
        skad_sim_scenario scenario = test_small_world(200);
        skad_world *world = calloc(1, sizeof *world);
        assert_non_null(world);
        scenario.visited = visited == 1;
        assert_true(skad_world_init(world, &scenario, reason));
        skad_sim_prefill(world);
        for (uint32_t node = 0; node < world->count; node++) {
            const skad_table *table = skad_node_parts_of(world->nodes[node].node).table;
            int known = 0;
            for (size_t i = 0; i < SKAD_PLACES; i++) {
                known += table->places.radii[i] != 0;
            }
            assert_int_equal(known, visited == 1 ? SKAD_PLACES - 1 : 0);
        }
        skad_world_free(world);
        free(world);
    }
}

static void one_seed_is_one_capture(void **state)
{
    (void)state;
    skad_sim_scenario scenario = besieged(SKAD_SIM_UNDER_THRESHOLD, SKAD_SIM_RECORD);
    skad_sim_outcome once = test_run_world(&scenario);
    skad_sim_outcome again = test_run_world(&scenario);
    assert_memory_equal(&once.fingerprint, &again.fingerprint, sizeof once.fingerprint);
    assert_memory_equal(&once.captured, &again.captured, sizeof once.captured);
    assert_int_equal(once.puts.ended, 1);
    assert_int_equal(once.captured.early, 3);
    assert_int_equal(once.captured.late, 3);
    assert_int_equal(once.gets.ended, 6);
    assert_true(once.captured.put_rpcs > 0);
    scenario.seed = 2;
    skad_sim_outcome other = test_run_world(&scenario);
    assert_memory_not_equal(&once.fingerprint, &other.fingerprint, sizeof once.fingerprint);
}

/* Few silent ones in the region of a key harm no record of any type, wherever they come. */
static void a_few_silent_neighbours_own_nothing(void **state)
{
    (void)state;
    for (skad_sim_captured type = SKAD_SIM_VALUE; type <= SKAD_SIM_ANNOUNCEMENT; type++) {
        for (skad_sim_arrival arrive = SKAD_SIM_BEFORE; arrive <= SKAD_SIM_AFTER; arrive++) {
            skad_sim_scenario scenario = besieged(SKAD_SIM_SPREAD, type);
            scenario.ground = 4;
            scenario.adversary = SKAD_SIM_DROP;
            scenario.arrive = arrive;
            scenario.wait_s = 120;
            skad_sim_outcome outcome = test_run_world(&scenario);
            print_message("type %d, arrival %d: %u holders, %u later\n", (int)type, (int)arrive,
                          outcome.captured.holders, outcome.captured.holders_late);
            assert_true(outcome.captured.stored);
            assert_true(outcome.captured.holders > 0);
            assert_int_equal(outcome.gets.right, outcome.gets.ended);
            assert_int_equal(outcome.gets.ended, 6);
            assert_int_equal(outcome.up, 204);
        }
    }
}

/* The control of every capture: nothing is ground, and nothing is lost. */
static void without_an_adversary_all_is_found(void **state)
{
    (void)state;
    skad_sim_scenario scenario = besieged(SKAD_SIM_ANYWHERE, SKAD_SIM_VALUE);
    scenario.ground = 0;
    scenario.adversary = SKAD_SIM_HONEST;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_int_equal(outcome.gets.right, 6);
    assert_true(outcome.draws <= 0 && outcome.price <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_holds_about_sixteen_honest_nodes),
        cmocka_unit_test(the_nearest_are_before_the_first_honest_node),
        cmocka_unit_test(the_spread_are_all_over_the_region),
        cmocka_unit_test(those_under_the_threshold_leave_the_sth_closest_beyond_it),
        cmocka_unit_test(a_world_has_them_around_the_key_of_its_record),
        cmocka_unit_test(those_who_were_there_for_long_know_other_places),
        cmocka_unit_test(one_seed_is_one_capture),
        cmocka_unit_test(a_few_silent_neighbours_own_nothing),
        cmocka_unit_test(without_an_adversary_all_is_found),
    };
    return cmocka_run_group_tests_name("sim placement", tests, NULL, NULL);
}
