/* What adversaries are and name: where their IDs lie, which key they attack, which nodes they name
 * at which addresses, and when they begin. What honest nodes make of it is in test_world.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/routing/distance.h"
#include "src/sim/experiment/workload.h"
#include "src/sim/world/graveyard.h"
#include "src/sim/world/leagues.h"
#include "tests/support/small_world.h"

static skad_world *make(const skad_sim_scenario *scenario)
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_true(skad_sim_scenario_check(scenario, reason));
    assert_true(skad_world_init(world, scenario, reason));
    return world;
}

static void end(skad_world *world)
{
    skad_world_free(world);
    free(world);
}

/* Forty honest nodes and ten adversaries. */
static skad_sim_scenario hostile_world(uint64_t behaviour)
{
    skad_sim_scenario scenario = test_small_world(50);
    scenario.adversary = behaviour;
    scenario.adversary_share = 0.2;
    return scenario;
}

/* ---- Where they are ---- */

/* Returns the distance of two IDs in mean distances between honest nodes. */
static double width(const skad_world *world, const skad_id *a, const skad_id *b)
{
    return (double)(skad_id_prefix(a) ^ skad_id_prefix(b)) / (double)UINT64_MAX *
           (double)world->honest;
}

static void they_are_as_near_to_the_key_as_the_scenario_says(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_COLLUDE);
    scenario.placement = SKAD_SIM_NEAR_KEY;
    scenario.placement_width = 3;
    skad_world *world = make(&scenario);
    double widest = 0;
    for (uint32_t node = world->honest; node < world->count; node++) {
        double away = width(world, skad_world_id(world, node), skad_leagues_key(world));
        widest = away > widest ? away : widest;
    }
    assert_true(widest < 3);
    assert_true(widest > 1.5); /* of ten, one is in the wider half with a chance of 0.999 */
    end(world);
}

static void every_second_one_is_near_the_publisher_where_both_ends_are_attacked(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_COLLUDE);
    scenario.placement = SKAD_SIM_BOTH_ENDS;
    scenario.publisher_width = 0.5;
    skad_world *world = make(&scenario);
    for (uint32_t node = world->honest; node < world->count; node += 2) {
        assert_true(width(world, skad_world_id(world, node), skad_leagues_key(world)) < 1);
        assert_true(width(world, skad_world_id(world, node + 1), skad_world_id(world, 0)) < 0.5);
    }
    end(world);
}

static void the_key_may_be_that_of_what_is_published_first(void **state)
{
    (void)state;
    for (uint64_t immutables = 0; immutables < 2; immutables++) {
        skad_sim_scenario scenario = hostile_world(SKAD_SIM_WITHHOLD);
        scenario.placement = SKAD_SIM_NEAR_KEY;
        scenario.key_of_value = true;
        scenario.values = immutables;
        scenario.mutables = 1;
        skad_world *world = make(&scenario);
        skad_sim_values values = {0};
        skad_sim_outcome outcome = {0};
        skad_prng prng;
        skad_prng_init(&prng, 9, SKAD_PRNG_WORK); /* has no part in it */
        skad_sim_values_publish(&values, world, &prng, &outcome);
        assert_true(skad_id_equal(&values.keys[0], skad_leagues_key(world)));
        skad_sim_values_free(&values);
        end(world);
    }
}

/* ---- The dead ---- */

static void assert_in_order(const skad_id *target, const skad_contact *contacts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        assert_true(skad_distance_compare(target, &contacts[i - 1].id, &contacts[i].id) <= 0);
    }
}

static void a_graveyard_names_the_nearest_dead_at_new_addresses(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_GRAVEYARD);
    scenario.dead_subnets = 3;
    skad_world *world = make(&scenario);
    skad_graveyard graveyard = {0};
    skad_contact first[SKAD_CONTACTS_MAX];
    skad_contact second[SKAD_CONTACTS_MAX];
    unsigned subnets[256] = {0};
    skad_graveyard_init(&graveyard, world, NULL);
    assert_int_equal(graveyard.index.count, 10 * 40);
    const skad_id target = *skad_world_id(world, 7);
    assert_int_equal(skad_graveyard_name(&graveyard, world, &target, SKAD_CONTACTS_MAX, first),
                     SKAD_CONTACTS_MAX);
    assert_int_equal(skad_graveyard_name(&graveyard, world, &target, SKAD_CONTACTS_MAX, second),
                     SKAD_CONTACTS_MAX);
    assert_in_order(&target, first, SKAD_CONTACTS_MAX);
    for (size_t i = 0; i < SKAD_CONTACTS_MAX; i++) {
        assert_memory_equal(&first[i].id, &second[i].id, sizeof first[i].id);
        assert_memory_not_equal(&first[i].ipv4, &second[i].ipv4, sizeof first[i].ipv4);
        assert_int_equal(skad_sim_node_at(&world->addresses, &first[i].ipv4), SKAD_SIM_NOBODY);
        assert_int_equal(first[i].ipv4.ip[0], second[i].ipv4.ip[0]);
        subnets[first[i].ipv4.ip[2]]++;
    }
    assert_int_equal(subnets[0] + subnets[1] + subnets[2], SKAD_CONTACTS_MAX);
    assert_true(subnets[0] > 0 && subnets[1] > 0 && subnets[2] > 0);
    assert_true(skad_graveyard_draws(&graveyard, world) <= 0);
    skad_graveyard_free(&graveyard);
    end(world);
}

static void ground_graves_lie_near_the_key_and_have_a_price(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_GRAVEYARD);
    scenario.placement = SKAD_SIM_NEAR_KEY;
    scenario.graves = 32;
    scenario.graves_width = 4;
    scenario.static_bits = 0;
    scenario.dynamic_bits = 0;
    skad_world *world = make(&scenario);
    skad_graveyard graveyard = {0};
    skad_graveyard_init(&graveyard, world, skad_leagues_key(world));
    for (size_t i = 0; i < 32; i++) {
        assert_true(width(world, &graveyard.ids[i], skad_leagues_key(world)) < 4);
    }
    assert_true(skad_graveyard_draws(&graveyard, world) == 32 * 40 / 4.0);
    double with = skad_leagues_price(world);
    skad_graveyard_free(&graveyard);
    end(world);
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.graves_width = 0;
    world = make(&scenario);
    assert_true(with == skad_leagues_price(world) + 32 * 40 / 4.0);
    end(world);
}

static void without_a_number_of_subnets_each_dead_address_has_its_own(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_GRAVEYARD);
    for (unsigned wide = 0; wide < 2; wide++) {
        scenario.dead_subnets = 0;
        scenario.ipv6 = wide != 0;
        skad_world *world = make(&scenario);
        skad_graveyard graveyard = {0};
        skad_graveyard_init(&graveyard, world, NULL);
        skad_address one = skad_graveyard_address(&graveyard, world);
        skad_address other = skad_graveyard_address(&graveyard, world);
        assert_memory_not_equal(one.ip, other.ip, scenario.ipv6 ? 8 : 3);
        world->scenario.dead_subnets = 1;
        other = skad_graveyard_address(&graveyard, world);
        one = skad_graveyard_address(&graveyard, world);
        assert_memory_equal(one.ip, other.ip, scenario.ipv6 ? 8 : 3);
        assert_memory_not_equal(one.ip, other.ip, sizeof one.ip);
        skad_graveyard_free(&graveyard);
        end(world);
    }
}

/* ---- What lookups, gets and puts come to ---- */

/* The time within which a share of the lookups has ended. */
static uint64_t lookup_us(const skad_sim_scenario *scenario, double share)
{
    skad_sim_outcome outcome = test_run_world(scenario);
    return skad_sim_durations_us(&outcome.lookups.durations, share);
}

/* In a world of this size every node knows all others, so that the dead cost time only. */
static void the_dead_and_the_displaced_cost_time(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_WITHHOLD);
    scenario.nodes = 300;
    uint64_t usual_us = lookup_us(&scenario, 0.9);
    static const uint64_t kinds[] = {SKAD_SIM_GRAVEYARD, SKAD_SIM_DISPLACE, SKAD_SIM_DISPLACE_TWICE,
                                     SKAD_SIM_HALF_TRUE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        scenario.adversary = kinds[i];
        skad_sim_outcome outcome = test_run_world(&scenario);
        uint64_t us = skad_sim_durations_us(&outcome.lookups.durations, 0.9);
        print_message("%lu: p90 %lu us, usually %lu; nowhere %lu\n", (unsigned long)kinds[i],
                      (unsigned long)us, (unsigned long)usual_us,
                      (unsigned long)outcome.counters.unroutable);
        assert_true(us > usual_us);
        assert_true(outcome.counters.unroutable > 100);
    }
}

/* What one path heard costs no other path a candidate, so more paths are never worse. */
static void eight_paths_find_no_less_than_four(void **state)
{
    (void)state;
    static const uint64_t kinds[] = {SKAD_SIM_DROP,      SKAD_SIM_COLLUDE,  SKAD_SIM_MISROUTE,
                                     SKAD_SIM_POISON,    SKAD_SIM_WITHHOLD, SKAD_SIM_INVENT,
                                     SKAD_SIM_GRAVEYARD, SKAD_SIM_DISPLACE, SKAD_SIM_DISPLACE_TWICE,
                                     SKAD_SIM_HALF_TRUE, SKAD_SIM_LADDER};
    for (size_t at = 0; at < sizeof kinds / sizeof kinds[0]; at++) {
        const uint64_t kind = kinds[at];
        uint64_t found[2] = {0};
        for (uint64_t world = 0; world < 4; world++) {
            skad_sim_scenario scenario = test_small_world(300);
            scenario.adversary = kind;
            scenario.adversary_share = world / 2 == 0 ? 0.2 : 0.5;
            scenario.adversary_latency_ms = world % 2 == 0 ? 1 : 0;
            scenario.seed = 100 + world;
            for (size_t i = 0; i < 2; i++) {
                scenario.paths = i == 0 ? 4 : 8;
                found[i] += test_run_world(&scenario).lookups.nearest;
            }
        }
        print_message("%lu: %lu found with four paths, %lu with eight\n", (unsigned long)kind,
                      (unsigned long)found[0], (unsigned long)found[1]);
        assert_true(found[1] >= found[0]);
    }
}

/* Sixteen adversaries near a key: more of one /24 than a lookup asks, each named by the one before.
 * A lookup that waited for those that it may not ask would last to its deadline. */
static void a_ladder_in_one_subnet_is_not_climbed_without_end(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(316);
    scenario.adversary = SKAD_SIM_LADDER;
    scenario.adversary_share = 16.0 / 316;
    scenario.adversary_subnets = 1;
    scenario.placement = SKAD_SIM_NEAR_KEY;
    scenario.group_bucket_max = 2;
    scenario.group_table_max = 10;
    scenario.group_path_max = 2;
    scenario.paths = 8;
    scenario.lookups = 30;
    uint64_t slowest_us = lookup_us(&scenario, 1);
    print_message("the slowest lookup took %lu us\n", (unsigned long)slowest_us);
    assert_true(slowest_us < 2 * SKAD_US_PER_S);
}

/* They keep their credit, so all their dead are asked; but all at once. */
static void half_truths_cost_a_lookup_a_few_round_trips(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_HALF_TRUE);
    scenario.nodes = 300;
    skad_sim_outcome outcome = test_run_world(&scenario);
    uint64_t slow_us = skad_sim_durations_us(&outcome.lookups.durations, 0.9);
    print_message("p90 %lu us\n", (unsigned long)slow_us);
    assert_true(slow_us < SKAD_US_PER_S);
    assert_int_equal(outcome.lookups.nearest, outcome.lookups.ended);
}

static void fast_adversaries_are_fast(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_WITHHOLD);
    scenario.adversary_share = 0.9;
    scenario.latency_ms = 100;
    scenario.latency_max_ms = 100;
    uint64_t usual_us = lookup_us(&scenario, 0.5);
    scenario.adversary_latency_ms = 1;
    uint64_t fast_us = lookup_us(&scenario, 0.5);
    assert_true(usual_us >= 200000);
    print_message("p50 %lu us, usually %lu\n", (unsigned long)fast_us, (unsigned long)usual_us);
    assert_true(fast_us < usual_us * 3 / 4);
}

static void mutable_values_may_get_a_second_edition(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(60);
    scenario.lookups = 0;
    scenario.mutables = 2;
    scenario.get_every_ms = 1000;
    scenario.duration_s = 60;
    scenario.second_edition = true;
    skad_sim_outcome honest = test_run_world(&scenario);
    assert_int_equal(honest.puts.ended, 4);
    assert_int_equal(honest.puts.stored, 4);
    assert_true(honest.gets.ended > 50);
    assert_int_equal(honest.gets.right, honest.gets.ended);
}

static void what_an_edition_before_said_is_stale(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(40);
    scenario.mutables = 1;
    skad_world *world = make(&scenario);
    skad_sim_values values = {0};
    skad_sim_workload workload;
    skad_sim_outcome outcome = {0};
    skad_prng prng;
    skad_prng_init(&prng, 9, SKAD_PRNG_WORK);
    skad_sim_workload_init(&workload, world, &values, &prng);
    skad_sim_values_publish(&values, world, &prng, &outcome);
    const skad_sim_value first = values.all[0];
    for (unsigned editions = 1; editions <= 2; editions++) {
        const uint8_t *said[] = {first.bytes, values.all[0].bytes, (const uint8_t *)&first};
        for (size_t i = 0; i < 3; i++) {
            const skad_event event = {.kind = SKAD_EVENT_GET,
                                      .op = 5,
                                      .outcome = SKAD_OUTCOME_DONE,
                                      .u.get = {.value = said[i], .len = SKAD_SIM_PUBLISHED_BYTES}};
            workload.askings[3].op = 5;
            workload.awaited = 1;
            skad_sim_workload_event(&workload, 3, &event);
        }
        skad_sim_values_publish_again(&values, world, &prng, &outcome);
    }
    assert_int_equal(workload.gets.right, 2 + 1);
    assert_int_equal(workload.gets.stale, 1);
    assert_int_equal(workload.gets.wrong, 2);
    skad_sim_workload_free(&workload);
    skad_sim_values_free(&values);
    end(world);
}

/* They lie from the first put on, or only when the measured time begins. */
static void who_waits_is_honest_until_then(void **state)
{
    (void)state;
    skad_sim_scenario scenario = hostile_world(SKAD_SIM_DROP);
    scenario.adversary_share = 0.9;
    scenario.values = 1;
    scenario.lookups = 0;
    scenario.duration_s = 1;
    uint64_t put_us[2];
    for (unsigned waits = 0; waits < 2; waits++) {
        scenario.adversary_waits = waits != 0;
        skad_sim_outcome outcome = test_run_world(&scenario);
        put_us[waits] = skad_sim_durations_us(&outcome.puts.durations, 1);
    }
    assert_true(put_us[1] < put_us[0] / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_as_near_to_the_key_as_the_scenario_says),
        cmocka_unit_test(every_second_one_is_near_the_publisher_where_both_ends_are_attacked),
        cmocka_unit_test(the_key_may_be_that_of_what_is_published_first),
        cmocka_unit_test(a_graveyard_names_the_nearest_dead_at_new_addresses),
        cmocka_unit_test(ground_graves_lie_near_the_key_and_have_a_price),
        cmocka_unit_test(without_a_number_of_subnets_each_dead_address_has_its_own),
        cmocka_unit_test(the_dead_and_the_displaced_cost_time),
        cmocka_unit_test(a_ladder_in_one_subnet_is_not_climbed_without_end),
        cmocka_unit_test(half_truths_cost_a_lookup_a_few_round_trips),
        cmocka_unit_test(eight_paths_find_no_less_than_four),
        cmocka_unit_test(fast_adversaries_are_fast),
        cmocka_unit_test(mutable_values_may_get_a_second_edition),
        cmocka_unit_test(what_an_edition_before_said_is_stale),
        cmocka_unit_test(who_waits_is_honest_until_then),
    };
    return cmocka_run_group_tests_name("sim adversary", tests, NULL, NULL);
}
