/* Whole worlds of the real core, with modelled cryptography: what a seed means, what tables are
 * filled with, what adversaries do, what each defence is worth. Sizes are small; the figures of
 * large worlds are in docs/benchmarks.md. Faults and churn are in test_faults.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "src/core/node/parts.h"
#include "src/sim/experiment/experiment.h"
#include "src/sim/report/stats.h"
#include "src/sim/world/population.h"
#include "src/sim/world/prefetch.h"
#include "src/sim/world/prefill_world.h"
#include "tests/support/small_world.h"

/* ---- Seeds ---- */

static void one_seed_is_one_run(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(60);
    scenario.loss = 0.05;
    scenario.duplicate = 0.05;
    scenario.corrupt = 0.02;
    scenario.latency = SKAD_SIM_LOG_NORMAL;
    scenario.churn = SKAD_SIM_WEIBULL;
    scenario.uptime_min = 2;
    skad_sim_outcome first = test_run_world(&scenario);
    skad_sim_outcome second = test_run_world(&scenario);
    assert_memory_equal(&first.fingerprint, &second.fingerprint, sizeof first.fingerprint);
    assert_memory_equal(&first.lookups, &second.lookups, sizeof first.lookups);
    scenario.seed++;
    second = test_run_world(&scenario);
    assert_memory_not_equal(&first.fingerprint, &second.fingerprint, sizeof first.fingerprint);
}

/* The same on every machine and with every compiler: written down once. A change of the core, of
 * the wire or of the simulator changes it, and is to be told as such. */
static void the_event_log_of_a_seed_is_known(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(50);
    char fingerprint[SKAD_SIM_FINGERPRINT_BYTES];
    scenario.latency = SKAD_SIM_LOG_NORMAL;
    scenario.build = SKAD_SIM_JOINED;
    scenario.churn = SKAD_SIM_EXPONENTIAL;
    scenario.uptime_min = 3;
    skad_sim_outcome outcome = test_run_world(&scenario);
    skad_sim_fingerprint_text(&outcome.fingerprint, fingerprint);
    assert_string_equal(fingerprint, "cfa2c60862e37cca74c9dbf9b94b0d3b");
}

/* ---- Tables ---- */

static void filled_tables_are_like_joined_ones(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(300);
    skad_sim_outcome filled = test_run_world(&scenario);
    scenario.build = SKAD_SIM_JOINED;
    skad_sim_outcome joined = test_run_world(&scenario);
    print_message("peers %.1f and %.1f, RPCs %lu and %lu\n", filled.peers_per_node,
                  joined.peers_per_node, (unsigned long)filled.lookups.rpcs,
                  (unsigned long)joined.lookups.rpcs);
    assert_int_equal(filled.lookups.ended, 100);
    assert_int_equal(joined.lookups.ended, 100);
    assert_int_equal(filled.lookups.exact, 100);
    assert_int_equal(joined.lookups.exact, 100);
    assert_true(fabs(filled.peers_per_node / joined.peers_per_node - 1) < 0.1);
    assert_true(fabs((double)filled.lookups.rpcs / (double)joined.lookups.rpcs - 1) < 0.15);
}

static void filled_buckets_are_full_where_there_are_enough(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(2000);
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_true(skad_world_init(world, &scenario, reason));
    skad_sim_prefill(world);
    for (uint32_t node = 0; node < world->count; node += 97) {
        const skad_table *table = skad_node_parts_of(world->nodes[node].node).table;
        assert_null(skad_population_broken(world, node));
        assert_int_equal(table->siblings_count, table->siblings_max);
        assert_true(table->buckets_count >= 7); /* 2000 / 16 = 125 = 2^6.97 */
        for (size_t bucket = 0; bucket < 6; bucket++) {
            assert_int_equal(table->buckets[bucket].members_count, world->profile.k);
        }
    }
    skad_world_free(world);
    free(world);
}

/* Small worlds do without, so that it is set from outside here. */
static void what_is_foreseen_changes_nothing(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(100);
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_fingerprint fingerprints[2];
    for (size_t foresees = 0; foresees < 2; foresees++) {
        skad_world *world = calloc(1, sizeof *world);
        assert_non_null(world);
        assert_true(skad_world_init(world, &scenario, reason));
        assert_null(world->queue.soon);
        world->queue.soon = foresees == 1 ? skad_prefetch : NULL;
        world->queue.soon_user = world;
        skad_sim_prefill(world);
        skad_world_run(world, world->now_us + 200 * SKAD_US_PER_S);
        assert_true(world->counters.delivered > 1000);
        fingerprints[foresees] = world->fingerprint;
        skad_world_free(world);
        free(world);
    }
    assert_memory_equal(&fingerprints[0], &fingerprints[1], sizeof fingerprints[0]);
}

/* ---- Adversaries ---- */

static void more_paths_withstand_more_colluders(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(500);
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.adversary_share = 0.7;
    scenario.paths = 1;
    uint64_t one = test_run_world(&scenario).lookups.nearest;
    scenario.paths = 8;
    uint64_t eight = test_run_world(&scenario).lookups.nearest;
    print_message("seven of ten collude: %lu of 100 with one path, %lu with eight\n",
                  (unsigned long)one, (unsigned long)eight);
    assert_true(eight >= one + 3);
}

static void each_behaviour_harms_in_its_way(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t behaviour;
        bool endpoints; /* lookups still find the nearest node */
    } rows[] = {
        {"drop", SKAD_SIM_DROP, true},
        {"misroute", SKAD_SIM_MISROUTE, true},
        {"poison", SKAD_SIM_POISON, true},
        {"withhold", SKAD_SIM_WITHHOLD, true},
    };
    skad_sim_scenario scenario = test_small_world(300);
    uint64_t honest_rpcs = test_run_world(&scenario).lookups.rpcs;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scenario.adversary = rows[i].behaviour;
        scenario.adversary_share = 0.2;
        skad_sim_outcome outcome = test_run_world(&scenario);
        print_message("%s: nearest %lu, RPCs %lu of %lu without\n", rows[i].label,
                      (unsigned long)outcome.lookups.nearest, (unsigned long)outcome.lookups.rpcs,
                      (unsigned long)honest_rpcs);
        assert_int_equal(outcome.lookups.ended, 100);
        assert_true(!rows[i].endpoints || outcome.lookups.nearest >= 95);
        assert_true(rows[i].behaviour == SKAD_SIM_WITHHOLD || outcome.lookups.rpcs > honest_rpcs);
    }
}

static void withheld_values_are_found_at_honest_holders(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(200);
    scenario.lookups = 0;
    scenario.adversary = SKAD_SIM_WITHHOLD;
    scenario.adversary_share = 0.3;
    scenario.values = 5;
    scenario.mutables = 5;
    scenario.get_every_ms = 500;
    scenario.duration_s = 60;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_true(outcome.gets.ended > 100);
    assert_int_equal(outcome.gets.wrong, 0);
    assert_true(100 * outcome.gets.right >= 99 * outcome.gets.ended);
}

static void identities_near_a_key_are_ground_and_priced(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(400);
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.adversary_share = 0.05;
    scenario.placement = SKAD_SIM_NEAR_KEY;
    scenario.dynamic_bits = 0;
    skad_sim_outcome outcome = test_run_world(&scenario);
    /* Twenty identities, each a draw among 380; the standard error is 380 / sqrt(20) of 380. */
    double draws = outcome.price / exp2((double)scenario.static_bits) / 20;
    print_message("%.0f draws an identity; the nearest found in %lu of 100\n", draws,
                  (unsigned long)outcome.lookups.nearest);
    assert_true(draws > 100 && draws < 900);
    assert_true(outcome.lookups.dense > 90);
}

/* ---- Switches ---- */

static void each_defence_can_be_switched_off(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(400);
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.adversary_share = 0.05;
    scenario.placement = SKAD_SIM_NEAR_KEY;
    scenario.seed = 3; /* one honest node is nearer than some of the twenty, and can be missed */
    skad_sim_outcome all = test_run_world(&scenario);
    scenario.neighbourhood_check = false;
    skad_sim_outcome blind = test_run_world(&scenario);
    assert_int_equal(blind.lookups.dense, 0);
    assert_true(blind.lookups.rpcs < all.lookups.rpcs);
    assert_true(blind.lookups.siblings_found < all.lookups.siblings_found);
    scenario.steps_to_stop = 5;
    assert_true(test_run_world(&scenario).lookups.rpcs <= 500);
}

/* Half of the nodes have died unnoticed: the closing round asks the union of all paths for others.
 */
static void without_a_closing_round_less_is_found_among_the_dead(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(400);
    scenario.crash_share = 0.5;
    scenario.neighbourhood_check = false;
    skad_sim_outcome closed = test_run_world(&scenario);
    scenario.closing_round = false;
    skad_sim_outcome open = test_run_world(&scenario);
    print_message("closest found %lu, without a closing round %lu\n",
                  (unsigned long)closed.lookups.siblings_found,
                  (unsigned long)open.lookups.siblings_found);
    assert_true(open.lookups.siblings_found < closed.lookups.siblings_found);
}

static void shorter_answers_and_no_siblings_show(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(300);
    skad_sim_outcome usual = test_run_world(&scenario);
    scenario.beta = 4;
    skad_sim_outcome terse = test_run_world(&scenario);
    assert_true(terse.counters.sent_bytes / terse.counters.sent <
                usual.counters.sent_bytes / usual.counters.sent);
    scenario.beta = 16;
    scenario.eta = 0;
    assert_true(test_run_world(&scenario).peers_per_node < usual.peers_per_node - 20);
}

static void diversity_bounds_what_few_subnets_hold(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(300);
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.adversary_share = 0.5;
    scenario.adversary_subnets = 1;
    double crowded = test_run_world(&scenario).peers_per_node;
    scenario.group_bucket_max = 2;
    scenario.group_table_max = 10;
    scenario.group_path_max = 2;
    skad_sim_outcome diverse = test_run_world(&scenario);
    print_message("peers %.1f, with diversity %.1f\n", crowded, diverse.peers_per_node);
    assert_true(diverse.peers_per_node < crowded * 0.8);
    assert_int_equal(diverse.lookups.nearest, 100);
}

/* Whatever nodes do, the family of their addresses makes next to no difference to it. */
static void both_families_fare_alike(void **state)
{
    (void)state;
    static const uint64_t behaviours[] = {SKAD_SIM_HONEST, SKAD_SIM_MISROUTE, SKAD_SIM_WITHHOLD,
                                          SKAD_SIM_POISON};
    for (size_t i = 0; i < sizeof behaviours / sizeof behaviours[0]; i++) {
        skad_sim_scenario scenario = test_small_world(200);
        scenario.adversary = behaviours[i];
        scenario.adversary_share = behaviours[i] == SKAD_SIM_HONEST ? 0 : 0.2;
        skad_sim_outcome narrow = test_run_world(&scenario);
        scenario.ipv6 = true;
        skad_sim_outcome wide = test_run_world(&scenario);
        assert_in_range(wide.lookups.rpcs, narrow.lookups.rpcs - narrow.lookups.rpcs / 25,
                        narrow.lookups.rpcs + narrow.lookups.rpcs / 25);
        assert_in_range(wide.lookups.siblings_found, narrow.lookups.siblings_found - 16,
                        narrow.lookups.siblings_found + 16);
        assert_true(wide.counters.sent_bytes > narrow.counters.sent_bytes);
    }
}

/* The most peers that a table of an honest node has among the adversaries. */
static size_t most_adversaries(const skad_sim_scenario *scenario)
{
    char reason[SKAD_SIM_REASON_BYTES];
    size_t most = 0;
    skad_table_row *rows = calloc(4096, sizeof *rows);
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(rows);
    assert_non_null(world);
    assert_true(skad_world_init(world, scenario, reason));
    skad_sim_prefill(world);
    skad_world_run(world, world->now_us + 600 * SKAD_US_PER_S);
    for (uint32_t node = 0; node < world->honest; node++) {
        size_t count =
            skad_node_table(world->nodes[node].node, skad_world_time(world, node), rows, 4096);
        size_t adversaries = 0;
        for (size_t i = 0; i < count; i++) {
            const skad_address *address = skad_sim_contact_address(&rows[i].contact);
            adversaries += skad_sim_node_at(&world->addresses, address) >= world->honest;
        }
        most = adversaries > most ? adversaries : most;
    }
    skad_world_free(world);
    free(world);
    free(rows);
    return most;
}

/* Half of the nodes are adversaries. With a /32 each they have half of the places; in one
 * allocation they have what its widest group may have in a table: 20 peers in a /48, 40 in a /32.
 */
static void diversity_bounds_what_one_allocation_holds(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(300);
    scenario.ipv6 = true;
    scenario.adversary = SKAD_SIM_COLLUDE;
    scenario.adversary_share = 0.5;
    scenario.group_bucket_max = 2;
    scenario.group_table_max = 10;
    scenario.group_path_max = 2;
    assert_true(most_adversaries(&scenario) > 50);
    scenario.adversary_allocation = 48;
    assert_int_equal(most_adversaries(&scenario), 20);
    scenario.adversary_allocation = 32;
    assert_int_equal(most_adversaries(&scenario), 40);
    assert_int_equal(test_run_world(&scenario).lookups.nearest, 100);
}

/* ---- Invariants ---- */

static void a_broken_invariant_ends_the_run(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(30);
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    scenario.invariants = true;
    assert_true(skad_world_init(world, &scenario, reason));
    skad_sim_prefill(world);
    assert_null(world->broken);
    skad_node_parts_of(world->nodes[7].node)
        .table->siblings_count--; /* its peer still says it is one */
    skad_world_run(world, world->now_us + 600 * SKAD_US_PER_S);
    assert_non_null(world->broken);
    assert_int_equal(world->broken_node, 7);
    skad_world_free(world);
    free(world);
}

static void a_raised_flag_ends_the_run_with_what_there_is(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(50);
    volatile sig_atomic_t stop = 1;
    const skad_sim_watch watch = {.stop = &stop};
    skad_sim_outcome outcome;
    skad_sim_experiment(&scenario, &watch, &outcome);
    assert_true(outcome.incomplete);
    assert_false(outcome.failed);
    assert_true(outcome.lookups.ended < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_is_one_run),
        cmocka_unit_test(the_event_log_of_a_seed_is_known),
        cmocka_unit_test(filled_tables_are_like_joined_ones),
        cmocka_unit_test(filled_buckets_are_full_where_there_are_enough),
        cmocka_unit_test(what_is_foreseen_changes_nothing),
        cmocka_unit_test(more_paths_withstand_more_colluders),
        cmocka_unit_test(each_behaviour_harms_in_its_way),
        cmocka_unit_test(withheld_values_are_found_at_honest_holders),
        cmocka_unit_test(identities_near_a_key_are_ground_and_priced),
        cmocka_unit_test(each_defence_can_be_switched_off),
        cmocka_unit_test(without_a_closing_round_less_is_found_among_the_dead),
        cmocka_unit_test(shorter_answers_and_no_siblings_show),
        cmocka_unit_test(diversity_bounds_what_few_subnets_hold),
        cmocka_unit_test(both_families_fare_alike),
        cmocka_unit_test(diversity_bounds_what_one_allocation_holds),
        cmocka_unit_test(a_broken_invariant_ends_the_run),
        cmocka_unit_test(a_raised_flag_ends_the_run_with_what_there_is),
    };
    return cmocka_run_group_tests_name("sim world", tests, NULL, NULL);
}
