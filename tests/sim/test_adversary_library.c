/* The library of attacks (src/sim/adversaries): what each of those that have no other test does to
 * a small world, and what holds against it. Older ones are in test_adversary.c and test_attacks.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/sim/experiment/values.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/phases.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

/* A world with published values, a minute of lookups and gets. */
static skad_sim_scenario busy_world(uint64_t behaviour, double share)
{
    skad_sim_scenario scenario = test_small_world(200);
    scenario.lookup_every_ms = 100;
    scenario.duration_s = 60;
    scenario.values = 3;
    scenario.mutables = 3;
    scenario.get_every_ms = 500;
    scenario.adversary = behaviour;
    scenario.adversary_share = share;
    return scenario;
}

static uint64_t get_us(const skad_sim_outcome *outcome)
{
    return skad_sim_durations_us(&outcome->gets.durations, 0.9);
}

static uint64_t lookup_us(const skad_sim_outcome *outcome)
{
    return skad_sim_durations_us(&outcome->lookups.durations, 0.5);
}

/* ---- False answers ---- */

static void stale_values_win_where_nearly_all_holders_keep_them(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_STALE, 0.95);
    scenario.values = 0;
    scenario.second_edition = true;
    uint64_t stale = 0;
    uint64_t withheld = 0;
    for (scenario.seed = 1; scenario.seed <= 3; scenario.seed++) {
        scenario.adversary = SKAD_SIM_STALE;
        stale += test_run_world(&scenario).gets.stale;
        scenario.adversary = SKAD_SIM_WITHHOLD;
        withheld += test_run_world(&scenario).gets.stale;
    }
    print_message("%lu stale, %lu where they only withhold\n", (unsigned long)stale,
                  (unsigned long)withheld);
    assert_true(stale > 20);
    assert_int_equal(withheld, 0);
    scenario = busy_world(SKAD_SIM_STALE, 0.5);
    scenario.second_edition = true;
    skad_sim_outcome half = test_run_world(&scenario);
    assert_int_equal(half.gets.right, half.gets.ended); /* the highest sequence wins */
}

static void wrong_values_are_taken_by_no_node(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_WRONG, 0.5);
    skad_sim_outcome wrong = test_run_world(&scenario);
    assert_true(wrong.gets.ended > 100);
    assert_int_equal(wrong.gets.wrong, 0);
    assert_int_equal(wrong.gets.right, wrong.gets.ended);
    scenario.adversary_share =
        0.98; /* that they are given at all shows where hardly any is right */
    skad_sim_outcome most = test_run_world(&scenario);
    print_message("%lu of %lu gets right\n", (unsigned long)most.gets.right,
                  (unsigned long)most.gets.ended);
    assert_int_equal(most.gets.wrong, 0);
    assert_true(most.gets.right < most.gets.ended);
}

static void late_answers_cost_time_and_nothing_else(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_LATE, 0.4);
    skad_sim_outcome late = test_run_world(&scenario);
    scenario.late_ms = 0;
    skad_sim_outcome usual = test_run_world(&scenario);
    print_message("p50 %lu us, usually %lu\n", (unsigned long)lookup_us(&late),
                  (unsigned long)lookup_us(&usual));
    assert_true(lookup_us(&late) > 5 * lookup_us(&usual));
    assert_int_equal(late.lookups.nearest, late.lookups.ended);
    assert_int_equal(late.gets.right, late.gets.ended);
}

/* Of all keys, the gets of one alone are slower. */
static void what_is_dropped_by_key_harms_that_key(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_DROP_KEY, 0.7);
    scenario.values = 1;
    scenario.mutables = 0;
    scenario.get_every_ms = 200;
    skad_sim_outcome target = test_run_world(&scenario);
    scenario.adversary = SKAD_SIM_GUEST;
    skad_sim_outcome usual = test_run_world(&scenario);
    print_message("p90 of gets %lu us, usually %lu\n", (unsigned long)get_us(&target),
                  (unsigned long)get_us(&usual));
    assert_true(get_us(&target) > 3 * get_us(&usual));
    assert_int_equal(target.gets.right, target.gets.ended);
    assert_true(lookup_us(&target) < 2 * lookup_us(&usual));
}

static void the_one_that_is_shunned_is_slow_and_no_other(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_SHUN, 0.4);
    scenario.get_every_ms = 0;
    scenario.lookup_every_ms = 500;
    skad_sim_outcome others = test_run_world(&scenario);
    scenario.asker = SKAD_SIM_VICTIM_ASKS;
    skad_sim_outcome victim = test_run_world(&scenario);
    print_message("p50 %lu us, of all %lu\n", (unsigned long)lookup_us(&victim),
                  (unsigned long)lookup_us(&others));
    assert_true(lookup_us(&victim) > 5 * lookup_us(&others));
    assert_int_equal(victim.lookups.nearest, victim.lookups.ended);
}

/* ---- Eclipses ---- */

static skad_sim_scenario eclipse_world(skad_sim_aim aim)
{
    skad_sim_scenario scenario = busy_world(SKAD_SIM_ECLIPSE, 0);
    scenario.ground = 40;
    scenario.aim = aim;
    scenario.placement = SKAD_SIM_NEAR_KEY;
    scenario.asker = SKAD_SIM_VICTIM_ASKS;
    scenario.lookup_every_ms = 500;
    return scenario;
}

static void a_running_node_is_not_eclipsed(void **state)
{
    (void)state;
    skad_sim_scenario scenario = eclipse_world(SKAD_SIM_AT_VICTIM);
    skad_sim_outcome outcome = test_run_world(&scenario);
    print_message("%lu of %lu peers are hostile\n", (unsigned long)outcome.victim.hostile,
                  (unsigned long)outcome.victim.peers);
    assert_true(outcome.victim.hostile > 0); /* they get in, */
    assert_true(outcome.victim.hostile < outcome.victim.peers / 2);
    assert_int_equal(outcome.lookups.nearest, outcome.lookups.ended); /* and rule nothing */
}

/* From few /24s, and with the limits of the public profile, fewer get in. */
static void few_subnets_have_few_places_in_a_joiners_table(void **state)
{
    (void)state;
    skad_sim_scenario scenario = eclipse_world(SKAD_SIM_AT_JOINER);
    scenario.group_bucket_max = 2;
    scenario.group_table_max = 10;
    scenario.group_path_max = 2;
    uint64_t spread = test_run_world(&scenario).victim.hostile;
    scenario.adversary_subnets = 2;
    skad_sim_outcome outcome = test_run_world(&scenario);
    print_message("hostile peers: %lu of many /24s, %lu of two\n", (unsigned long)spread,
                  (unsigned long)outcome.victim.hostile);
    assert_true(spread > 25);
    assert_true(outcome.victim.hostile > 0 && outcome.victim.hostile <= 20);
    assert_int_equal(outcome.lookups.nearest, outcome.lookups.ended);
    scenario.adversary_subnets = 0;
    scenario.ipv6 = true;
    scenario.adversary_allocation = 48;
    outcome = test_run_world(&scenario);
    print_message("%lu of one /48\n", (unsigned long)outcome.victim.hostile);
    assert_true(outcome.victim.hostile > 0 && outcome.victim.hostile <= 20);
}

/* What no rule can mend: a node that knows one other, and that is an adversary. */
static void an_adversary_as_the_only_seed_owns_the_joiner(void **state)
{
    (void)state;
    skad_sim_scenario scenario = eclipse_world(SKAD_SIM_AT_JOINER);
    scenario.victim_seed = SKAD_SIM_HOSTILE_SEED;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_true(outcome.lookups.ended > 50);
    assert_int_equal(outcome.lookups.captured, outcome.lookups.ended);
    assert_true(outcome.victim.peers > 0);
    assert_int_equal(outcome.victim.hostile, outcome.victim.peers);
    scenario.victim_seed = SKAD_SIM_HONEST_SEED;
    outcome = test_run_world(&scenario);
    assert_int_equal(outcome.lookups.captured, 0);
}

/* ---- Links ---- */

static void an_attacker_on_the_path_is_paths_lost_or_late(void **state)
{
    (void)state;
    static const uint64_t kinds[] = {SKAD_SIM_ON_PATH, SKAD_SIM_ON_PATH_LATE};
    for (size_t i = 0; i < 2; i++) {
        skad_sim_scenario scenario = busy_world(kinds[i], 0);
        scenario.ground = 1;
        scenario.link_share = 1e-9;
        skad_sim_outcome usual = test_run_world(&scenario);
        scenario.link_share = 0.2;
        skad_sim_outcome outcome = test_run_world(&scenario);
        print_message("lost %lu of %lu; p50 %lu us, usually %lu\n",
                      (unsigned long)outcome.counters.lost, (unsigned long)outcome.counters.sent,
                      (unsigned long)lookup_us(&outcome), (unsigned long)lookup_us(&usual));
        assert_int_equal(usual.counters.lost, 0);
        assert_true((outcome.counters.lost > outcome.counters.sent / 10) == (i == 0));
        assert_true(lookup_us(&outcome) > 3 * lookup_us(&usual));
        assert_true(outcome.gets.right * 100 >= outcome.gets.ended * 98);
    }
}

static void sybils_on_one_side_of_a_partition_leave_the_other_alone(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_COLLUDE, 0.2);
    scenario.partition_at_s = 0;
    scenario.partition_for_s = 120;
    scenario.partition_share = 0.4; /* the last nodes: forty of these eighty are adversaries */
    scenario.asker = SKAD_SIM_VICTIM_ASKS;
    scenario.get_every_ms = 0;
    scenario.lookup_every_ms = 500;
    scenario.duration_s = 120;
    scenario.victim = 5;
    skad_sim_outcome alone = test_run_world(&scenario);
    scenario.victim = 150;
    skad_sim_outcome with = test_run_world(&scenario);
    print_message("captured: %lu of %lu with Sybils, %lu of %lu without\n",
                  (unsigned long)with.lookups.captured, (unsigned long)with.lookups.ended,
                  (unsigned long)alone.lookups.captured, (unsigned long)alone.lookups.ended);
    assert_int_equal(alone.lookups.captured, 0);
    assert_true(with.lookups.ended > 20);
    assert_true(with.lookups.rpcs * alone.lookups.ended > alone.lookups.rpcs * with.lookups.ended);
}

/* ---- Crowds and churn ---- */

static void guests_that_come_and_go_are_borne(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_GUEST, 0);
    scenario.ground = 300;
    scenario.arrival_per_s = 30;
    skad_sim_outcome stay = test_run_world(&scenario);
    assert_int_equal(stay.up, 500);
    assert_int_equal(stay.joined, 500);
    assert_true(stay.places.hostile > stay.places.all / 10);
    assert_true(stay.gets.right * 100 >= stay.gets.ended * 98);
    scenario.leave_at_s = 30;
    skad_sim_outcome left = test_run_world(&scenario);
    print_message("nearest found by %lu of %lu lookups, gets right %lu of %lu\n",
                  (unsigned long)left.lookups.nearest, (unsigned long)left.lookups.ended,
                  (unsigned long)left.gets.right, (unsigned long)left.gets.ended);
    assert_int_equal(left.up, 200);
    assert_true(left.gets.right * 100 >= left.gets.ended * 98);
}

static void flapping_costs_time_and_no_record(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_FLAP, 0.3);
    scenario.attack_rate = 0.001;
    skad_sim_outcome usual = test_run_world(&scenario);
    scenario.attack_rate = 5;
    skad_sim_outcome flaps = test_run_world(&scenario);
    print_message("p50 %lu us, usually %lu; nowhere %lu\n", (unsigned long)lookup_us(&flaps),
                  (unsigned long)lookup_us(&usual), (unsigned long)flaps.counters.unroutable);
    assert_true(flaps.counters.unroutable > 1000);
    assert_true(lookup_us(&flaps) > lookup_us(&usual));
    assert_int_equal(flaps.gets.right, flaps.gets.ended);
}

/* ---- Stores and sources ---- */

typedef struct stores {
    uint64_t records; /* in all stores of honest nodes */
    uint64_t challenges;
    uint64_t verifications;
} stores;

/* Lets a league send to a filled world for a minute. */
static stores fill(const skad_sim_scenario *scenario)
{
    char reason[SKAD_SIM_REASON_BYTES];
    stores out = {0};
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_true(skad_world_init(world, scenario, reason));
    skad_sim_prefill(world);
    world->began_us = world->now_us;
    skad_leagues_begin(world, NULL, 0);
    skad_world_run(world, world->now_us + 60 * SKAD_US_PER_S);
    for (uint32_t node = 0; node < world->honest; node++) {
        skad_node_stats stats;
        skad_node_stats_get(world->nodes[node].node, skad_world_time(world, node), &stats);
        out.records += stats.store.records;
        out.challenges += stats.verdicts[SKAD_VERDICT_CHALLENGE];
        out.verifications += stats.verifications;
    }
    skad_world_free(world);
    free(world);
    return out;
}

static void floods_of_announcements_fill_stores(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_ANNOUNCE_FLOOD, 0.1);
    scenario.nodes = 60;
    scenario.attack_rate = 200;
    stores filled = fill(&scenario);
    print_message("%lu records of 12,000 turns\n", (unsigned long)filled.records);
    assert_true(filled.records > 8000);
    scenario.nodes = 200;
    scenario.attack_rate = 50;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_int_equal(outcome.puts.stored, outcome.puts.ended); /* there is room for others */
    assert_int_equal(outcome.gets.right, outcome.gets.ended);
}

/* What is brought again is held once. */
static void washing_holds_no_record_twice(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_WASH, 0.1);
    scenario.nodes = 60;
    scenario.attack_rate = 100;
    stores washed = fill(&scenario);
    print_message("%lu records of 6,000 turns\n", (unsigned long)washed.records);
    assert_true(washed.records > 2000);
    assert_true(washed.records <= 3001);
}

static void spoofed_sources_get_challenges_where_rates_are_limited(void **state)
{
    (void)state;
    skad_sim_scenario scenario = busy_world(SKAD_SIM_SPOOF, 0.1);
    scenario.nodes = 60;
    scenario.attack_victims = 1;
    scenario.attack_rate = 3000;
    stores open = fill(&scenario);
    scenario.limit_rates = true;
    stores limited = fill(&scenario);
    print_message("verifications %lu, with rates %lu and %lu challenges\n",
                  (unsigned long)open.verifications, (unsigned long)limited.verifications,
                  (unsigned long)limited.challenges);
    assert_int_equal(open.challenges, 0);
    assert_true(limited.challenges > 1000);
    assert_true(limited.verifications < open.verifications / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stale_values_win_where_nearly_all_holders_keep_them),
        cmocka_unit_test(wrong_values_are_taken_by_no_node),
        cmocka_unit_test(late_answers_cost_time_and_nothing_else),
        cmocka_unit_test(what_is_dropped_by_key_harms_that_key),
        cmocka_unit_test(the_one_that_is_shunned_is_slow_and_no_other),
        cmocka_unit_test(a_running_node_is_not_eclipsed),
        cmocka_unit_test(few_subnets_have_few_places_in_a_joiners_table),
        cmocka_unit_test(an_adversary_as_the_only_seed_owns_the_joiner),
        cmocka_unit_test(an_attacker_on_the_path_is_paths_lost_or_late),
        cmocka_unit_test(sybils_on_one_side_of_a_partition_leave_the_other_alone),
        cmocka_unit_test(guests_that_come_and_go_are_borne),
        cmocka_unit_test(flapping_costs_time_and_no_record),
        cmocka_unit_test(floods_of_announcements_fill_stores),
        cmocka_unit_test(washing_holds_no_record_twice),
        cmocka_unit_test(spoofed_sources_get_challenges_where_rates_are_limited),
    };
    return cmocka_run_group_tests_name("sim library", tests, NULL, NULL);
}
