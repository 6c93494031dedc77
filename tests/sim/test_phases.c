/* The adversary's plan: what a budget buys, who is aimed at, and when adversaries come, leave and
 * return (scenario/budget.h, world/phases.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/routing/distance.h"
#include "src/sim/scenario/budget.h"
#include "src/sim/world/churn.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/phases.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

static skad_sim_scenario planned_world(uint64_t behaviour)
{
    skad_sim_scenario scenario = test_small_world(40);
    scenario.adversary = behaviour;
    scenario.ground = 10;
    return scenario;
}

static skad_world *make(const skad_sim_scenario *scenario)
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    if (!skad_sim_scenario_check(scenario, reason)) {
        fail_msg("%s", reason);
    }
    assert_true(skad_world_init(world, scenario, reason));
    return world;
}

static void end(skad_world *world)
{
    skad_world_free(world);
    free(world);
}

static void begin(skad_world *world)
{
    skad_phases_prepare(world);
    skad_sim_prefill(world);
    world->began_us = world->now_us;
    skad_phases_begin(world);
    skad_leagues_begin(world, NULL, 0);
}

static uint32_t adversaries_up(const skad_world *world)
{
    uint32_t up = 0;
    for (uint32_t node = world->honest; node < world->count; node++) {
        up += skad_world_up(world, node);
    }
    return up;
}

static uint32_t up_after(skad_world *world, uint64_t seconds)
{
    skad_world_run(world, world->began_us + seconds * SKAD_US_PER_S);
    return adversaries_up(world);
}

/* ---- Budgets ---- */

static void a_budget_buys_fewer_identities_where_places_are_dear(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_COLLUDE);
    scenario.nodes = 1000;
    scenario.ground = 0;
    double each_s = skad_sim_identity_core_s(&scenario);
    scenario.budget_core_s = 20.5 * each_s;
    assert_int_equal(skad_sim_scenario_ground(&scenario), 20);
    assert_int_equal(skad_sim_scenario_count(&scenario), 1020);
    assert_int_equal(skad_sim_scenario_honest(&scenario), 1000);
    static const struct {
        skad_sim_placement placement;
        double draws;
    } rows[] = {{SKAD_SIM_NEAR_KEY, 1000}, {SKAD_SIM_NEAREST, 1000}, {SKAD_SIM_SPREAD, 62.5}};
    scenario.dynamic_bits = 0;
    scenario.placement = SKAD_SIM_ANYWHERE;
    each_s = skad_sim_identity_core_s(&scenario);
    for (size_t i = 0; i < 3; i++) {
        scenario.placement = rows[i].placement;
        double ratio = skad_sim_identity_core_s(&scenario) / each_s;
        print_message("%.1f times as dear\n", ratio);
        assert_true(ratio > rows[i].draws * 0.99 && ratio < rows[i].draws * 1.01);
    }
}

static void a_budget_of_bytes_is_all_that_is_sent(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_SPOOF);
    uint64_t bytes[2];
    for (size_t i = 0; i < 2; i++) {
        scenario.attack_rate = 400;
        scenario.budget_bytes_per_s = i == 0 ? 0 : 10000;
        skad_world *world = make(&scenario);
        begin(world);
        skad_world_run(world, world->began_us + 20 * SKAD_US_PER_S);
        bytes[i] = world->counters.queue_full;
        end(world);
    }
    assert_int_equal(bytes[0], 0);
    assert_true(bytes[1] > 7000 && bytes[1] < 8000); /* of 8,000 datagrams all but some hundred */
}

static void what_buys_nothing_or_aims_at_nothing_is_told_in_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        skad_sim_scenario with; /* what is not zero replaces the usual */
        const char *reason;
    } rows[] = {
        {"budget", {.budget_core_s = 0.001}, "buys no identity: one costs"},
        {"far too much", {.budget_core_s = 1e14}, "buys more than 1000000 identities"},
        {"both", {.budget_core_s = 1e6, .ground = 3}, "set one of them"},
        {"bytes", {.ground = 3, .budget_bytes_per_s = 10}, "sends nothing: give 100 or more"},
        {"victim", {.ground = 3, .aim = SKAD_SIM_AT_VICTIM, .victim = 40}, "so give 1 to 39"},
        {"asker", {.ground = 3, .asker = SKAD_SIM_VICTIM_ASKS, .victim = 900}, "does not exist"},
        {"seed", {.ground = 3, .victim_seed = SKAD_SIM_HOSTILE_SEED}, "needs aim = joiner"},
        {"from", {.ground = 3, .arrive_from_s = 5}, "needs arrival_per_s"},
        {"return", {.ground = 3, .leave_at_s = 50, .return_at_s = 40}, "before they have left"},
        {"return only", {.ground = 3, .return_at_s = 40}, "needs leave_at_s"},
        {"links", {.ground = 3, .link_share = 0.5}, "link_share is for"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reason[SKAD_SIM_REASON_BYTES] = "";
        const skad_sim_scenario *with = &rows[i].with;
        skad_sim_scenario scenario = planned_world(SKAD_SIM_COLLUDE);
        scenario.ground = with->ground;
        scenario.budget_core_s = with->budget_core_s;
        scenario.budget_bytes_per_s = with->budget_bytes_per_s;
        scenario.aim = with->aim;
        scenario.asker = with->asker;
        scenario.victim = with->victim > 0 ? with->victim : 1;
        scenario.victim_seed = with->victim_seed;
        scenario.arrive_from_s = with->arrive_from_s;
        scenario.leave_at_s = with->leave_at_s;
        scenario.return_at_s = with->return_at_s;
        scenario.link_share = with->link_share;
        assert_false(skad_sim_scenario_check(&scenario, reason));
        print_message("%s: %s\n", rows[i].label, reason);
        assert_non_null(strstr(reason, rows[i].reason));
    }
    char reason[SKAD_SIM_REASON_BYTES] = "";
    skad_sim_scenario scenario = test_small_world(40);
    scenario.leave_at_s = 5;
    assert_false(skad_sim_scenario_check(&scenario, reason));
    assert_non_null(strstr(reason, "has no phases"));
}

/* ---- Targets ---- */

static void identities_are_ground_for_the_victim(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_COLLUDE);
    scenario.aim = SKAD_SIM_AT_VICTIM;
    scenario.victim = 7;
    static const uint64_t placements[] = {SKAD_SIM_NEAR_KEY, SKAD_SIM_NEAREST, SKAD_SIM_SPREAD};
    for (size_t i = 0; i < 3; i++) {
        scenario.placement = placements[i];
        skad_world *world = make(&scenario);
        assert_true(skad_id_equal(skad_leagues_key(world), skad_world_id(world, 7)));
        for (uint32_t node = world->honest; node < world->count; node++) {
            uint64_t away = skad_id_prefix(skad_world_id(world, node)) ^
                            skad_id_prefix(skad_world_id(world, 7));
            assert_true(away <= UINT64_MAX / 2); /* a region of sixteen of forty is a half */
        }
        end(world);
    }
}

static void a_joiner_joins_when_time_begins(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_GUEST);
    scenario.aim = SKAD_SIM_AT_JOINER;
    scenario.victim = 3;
    skad_world *world = make(&scenario);
    skad_phases_prepare(world);
    assert_false(skad_world_up(world, 3));
    skad_sim_prefill(world);
    world->began_us = world->now_us;
    skad_phases_begin(world);
    assert_true(skad_world_up(world, 3));
    skad_world_run(world, world->began_us + 20 * SKAD_US_PER_S);
    skad_node_stats stats;
    skad_node_stats_get(world->nodes[3].node, skad_world_time(world, 3), &stats);
    assert_true(stats.joined);
    end(world);
}

/* ---- Phases ---- */

static void they_arrive_at_a_rate_leave_and_return(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_WITHHOLD);
    scenario.arrival_per_s = 0.5;
    scenario.arrive_from_s = 10;
    scenario.leave_at_s = 60;
    scenario.return_at_s = 90;
    skad_world *world = make(&scenario);
    begin(world);
    assert_int_equal(up_after(world, 9), 0);
    assert_int_equal(up_after(world, 15), 3); /* at 10, 12 and 14 s */
    assert_int_equal(up_after(world, 40), 10);
    assert_int_equal(up_after(world, 61), 0);
    assert_int_equal(up_after(world, 89), 0);
    assert_int_equal(up_after(world, 91), 10);
    end(world);
}

/* Those that would come while all are away come with the others. */
static void none_arrives_while_all_are_away(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_WITHHOLD);
    scenario.arrival_per_s = 0.5;
    scenario.leave_at_s = 5;
    scenario.return_at_s = 30;
    skad_world *world = make(&scenario);
    begin(world);
    assert_int_equal(up_after(world, 4), 3);
    assert_int_equal(up_after(world, 25), 0);
    assert_int_equal(up_after(world, 31), 10);
    end(world);
}

static void they_are_honest_at_first(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_DROP);
    scenario.honest_for_s = 30;
    skad_world *world = make(&scenario);
    assert_true(skad_phases_honest(world));
    begin(world);
    (void)up_after(world, 29);
    assert_true(skad_phases_honest(world));
    (void)up_after(world, 30);
    assert_false(skad_phases_honest(world));
    end(world);
    scenario.ground = 30;
    scenario.honest_for_s = 1000;
    skad_sim_outcome honest = test_run_world(&scenario);
    scenario.honest_for_s = 0;
    skad_sim_outcome drops = test_run_world(&scenario);
    print_message("RPCs %lu and %lu\n", (unsigned long)honest.lookups.rpcs,
                  (unsigned long)drops.lookups.rpcs);
    assert_true(honest.lookups.rpcs * 3 < drops.lookups.rpcs * 2);
}

/* Requests of a hundred lookups within five seconds. */
static uint64_t requests_under(const char *behaviour)
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_scenario scenario = planned_world(0);
    scenario.ground = 30;
    assert_true(skad_sim_behaviour_find(behaviour, &scenario.adversary, reason));
    return test_run_world(&scenario).lookups.rpcs;
}

static void each_part_of_a_mixture_has_its_phase(void **state)
{
    (void)state;
    const uint64_t never = requests_under("drop:1@1000");
    const uint64_t all_the_time = requests_under("drop:1");
    const uint64_t at_last = requests_under("drop:1@2.5");
    const uint64_t at_first = requests_under("drop:1@0-2.5");
    print_message("never %lu, at last %lu, at first %lu, always %lu\n", (unsigned long)never,
                  (unsigned long)at_last, (unsigned long)at_first, (unsigned long)all_the_time);
    assert_true(never < at_last && at_last < all_the_time);
    assert_true(never < at_first && at_first < all_the_time);
    const uint64_t half = requests_under("drop:0.5@1000,drop:0.5");
    assert_true(never < half && half < all_the_time);
}

static void they_may_stay_while_others_come_and_go(void **state)
{
    (void)state;
    skad_sim_scenario scenario = planned_world(SKAD_SIM_WITHHOLD);
    char reason[SKAD_SIM_REASON_BYTES];
    scenario.churn = SKAD_SIM_EXPONENTIAL;
    for (unsigned stays = 0; stays < 2; stays++) {
        scenario.adversary_stays = stays != 0;
        skad_world *world = make(&scenario);
        skad_sim_churn churn;
        assert_true(skad_sim_churn_init(&churn, &scenario, reason));
        skad_sim_churn_settle(&churn, world);
        assert_true((adversaries_up(world) == 10) == scenario.adversary_stays);
        skad_sim_churn_free(&churn);
        end(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_budget_buys_fewer_identities_where_places_are_dear),
        cmocka_unit_test(a_budget_of_bytes_is_all_that_is_sent),
        cmocka_unit_test(what_buys_nothing_or_aims_at_nothing_is_told_in_a_line),
        cmocka_unit_test(identities_are_ground_for_the_victim),
        cmocka_unit_test(a_joiner_joins_when_time_begins),
        cmocka_unit_test(they_arrive_at_a_rate_leave_and_return),
        cmocka_unit_test(none_arrives_while_all_are_away),
        cmocka_unit_test(they_are_honest_at_first),
        cmocka_unit_test(each_part_of_a_mixture_has_its_phase),
        cmocka_unit_test(they_may_stay_while_others_come_and_go),
    };
    return cmocka_run_group_tests_name("sim phases", tests, NULL, NULL);
}
