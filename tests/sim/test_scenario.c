/* Scenarios and sweeps: what is good input is taken, all else is refused with one clear line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/sim/scenario/keys.h"
#include "src/sim/scenario/random_scenario.h"
#include "src/sim/scenario/reader.h"
#include "src/sim/scenario/scenario.h"
#include "src/sim/scenario/sweep.h"
#include "src/sim/world/links.h"

static bool parse(const char *text, skad_sim_scenario *out, char reason[SKAD_SIM_REASON_BYTES])
{
    char *copy = strdup(text);
    assert_non_null(copy);
    skad_sim_scenario_default(out);
    bool good = skad_sim_scenario_parse(out, copy, strlen(copy), reason);
    free(copy);
    return good;
}

static void scenario_reads_each_type_of_value(void **state)
{
    (void)state;
    skad_sim_scenario scenario;
    char reason[SKAD_SIM_REASON_BYTES];
    assert_true(parse("# a comment\n nodes = 50\r\nloss=0.25 # another\n\nchurn = weibull\n"
                      "keep_store = yes\nlatency_file = some where.txt",
                      &scenario, reason));
    assert_int_equal(scenario.nodes, 50);
    assert_true(scenario.loss == 0.25);
    assert_int_equal(scenario.churn, SKAD_SIM_WEIBULL);
    assert_true(scenario.keep_store);
    assert_string_equal(scenario.latency_file, "some where.txt");
}

static void scenario_refuses_bad_lines_in_one_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        {"nodse = 5", "line 1: there is no key 'nodse'"},
        {"\nnodes = 1", "line 2: nodes: '1' is not a whole number from 2"},
        {"nodes = 10.5", "is not a whole number"},
        {"nodes = 99999999", "is not a whole number"},
        {"nodes = 5x", "is not a whole number"},
        {"loss = 1.5", "is not a number from 0 to 1"},
        {"loss = nan", "is not a number"},
        {"loss =", "is not a number"},
        {"churn = sometimes", "is none of none|exponential"},
        {"churn = expo", "is none of none|exponential"},
        {"keep_store = maybe", "is neither yes nor no"},
        {"nodes 5", "line 1: write KEY = VALUE"},
        {"nodes = 5\nnodes = 6", "line 2: nodes is there twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        skad_sim_scenario scenario;
        char reason[SKAD_SIM_REASON_BYTES] = "";
        print_message("%s\n", rows[i].text);
        assert_false(parse(rows[i].text, &scenario, reason));
        assert_non_null(strstr(reason, rows[i].reason));
        assert_null(strchr(reason, '\n'));
    }
}

static void scenario_refuses_figures_that_do_not_go_together(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        {"k = 8", "siblings is 16 and k is 8"},
        {"latency_ms = 30\nlatency_max_ms = 20", "latency_max_ms"},
        {"latency = matrix", "needs a latency_file"},
        {"churn = trace", "needs a churn_file"},
        {"nat_full_cone = 0.6\nnat_symmetric = 0.6", "NATs"},
        {"nat_address = 0.6\nnat_restricted = 0.6", "NATs"},
        {"nat_carrier = 0.5\naddresses = internet", "nat_carrier needs"},
        {"get_every_ms = 10", "something to get"},
        {"adversary_share = 0.1", "adversary = none"},
        {"key_of_value = yes\nplacement = near-key", "values or"},
        {"key_of_value = yes\nvalues = 1", "a placement near it"},
        {"adversary = graveyard\ngraves_width = 4\nplacement = near-key", "a number of graves"},
        {"adversary = graveyard\ngraves_width = 4\ngraves = 9", "a placement near the key"},
        {"adversary = drop\ngraves_width = 4\ngraves = 9\nplacement = near-key", "graveyard"},
        {"second_edition = yes\nvalues = 1", "needs mutables"},
        {"ipv6 = yes\nadversary_subnets = 1", "set adversary_allocation"},
        {"adversary_allocation = 48", "give 9 to 24 with ipv6 = no"},
        {"adversary_allocation = 8", "give 9 to 24 with ipv6 = no"},
        {"adversary_allocation = 16\nadversary_subnets = 2", "set one of them"},
        {"adversary_allocation = 9\nadversary_allocations = 3", "would have 98304 /24s"},
        {"adversary_subnets = 2\nadversary_hosts = 1\nadversary_addresses = 3", "do not fit"},
        {"ipv6 = yes\nadversary_addresses = 3", "are of IPv4"},
        {"ipv6 = yes\nadversary_allocation = 15", "give 16 to 56 with ipv6 = yes"},
        {"adversary_allocations = 2", "needs adversary_allocation"},
        {"ipv6 = yes\nadversary_allocation = 31\nadversary_allocations = 2", "from 32 on"},
        {"addresses = internet\nipv6 = yes", "has both families"},
        {"ipv6 = yes\nadversary_allocation = 48\nadversary = frame", "shares the addresses"},
        {"aim = victim\nvictim = 1000\nadversary = drop\nground = 4", "so give 1 to 999"},
        {"capture = value\nadversary = drop\nplacement = spread", "ground is 0: give"},
        {"capture = value\nadversary = drop\nplacement = near-key\nground = 4",
         "= nearest, spread"},
        {"capture = value\nplacement = spread", "has no placement"},
        {"capture = value\nground = 4", "adversary = none"},
        {"capture = value\nnodes = 31", "needs 32 or more"},
        {"capture = value\nvalues = 1", "leave out adversary_share"},
        {"capture = value\ngets = 1", "at least 2"},
        {"capture = value\nadversary = squat\nground = 4\nplacement = spread", "that answers"},
        {"adversary = drop\nground = 4\nadversary_share = 0.1", "set one of them"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        skad_sim_scenario scenario;
        char reason[SKAD_SIM_REASON_BYTES] = "";
        assert_true(parse(rows[i].text, &scenario, reason));
        assert_false(skad_sim_scenario_check(&scenario, reason));
        assert_non_null(strstr(reason, rows[i].reason));
    }
}

static void scenario_tells_what_reads_back_the_same(void **state)
{
    (void)state;
    skad_sim_scenario scenario;
    skad_sim_scenario again;
    skad_sim_row_text row;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_random_scenario(5, &scenario);
    skad_sim_scenario_default(&again);
    for (size_t i = 0; skad_sim_scenario_row(&scenario, i, &row); i++) {
        assert_true(skad_sim_scenario_set(&again, row.key, row.value, reason));
        skad_sim_row_text back;
        assert_true(skad_sim_scenario_row(&again, i, &back));
        assert_string_equal(back.value, row.value);
    }
}

static void random_scenarios_are_good_and_differ(void **state)
{
    (void)state;
    static bool churned[4];
    for (uint64_t seed = 0; seed < 2000; seed++) {
        skad_sim_scenario scenario;
        char reason[SKAD_SIM_REASON_BYTES] = "";
        skad_sim_random_scenario(seed, &scenario);
        if (!skad_sim_scenario_check(&scenario, reason)) {
            fail_msg("seed %lu: %s", (unsigned long)seed, reason);
        }
        churned[scenario.churn] = true;
    }
    assert_true(churned[SKAD_SIM_NO_CHURN] && churned[SKAD_SIM_EXPONENTIAL] &&
                churned[SKAD_SIM_WEIBULL]);
}

/* ---- Sweeps ---- */

static void sweep_makes_all_combinations(void **state)
{
    (void)state;
    skad_sim_sweep sweep = {0};
    skad_sim_scenario scenario;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_scenario_default(&sweep.base);
    sweep.base.adversary = SKAD_SIM_DROP;
    assert_true(skad_sim_sweep_set(&sweep, "adversary_share", "0:0.9:0.05", reason));
    assert_true(skad_sim_sweep_set(&sweep, "paths", "1,2,4,8", reason));
    assert_true(skad_sim_sweep_set(&sweep, "nodes", "77", reason));
    assert_int_equal(skad_sim_sweep_count(&sweep), 19 * 4);
    assert_true(skad_sim_sweep_at(&sweep, 0, &scenario, reason));
    assert_true(scenario.adversary_share == 0 && scenario.paths == 1 && scenario.nodes == 77);
    assert_true(skad_sim_sweep_at(&sweep, 75, &scenario, reason));
    assert_true(scenario.adversary_share == 0.9 && scenario.paths == 8);
    assert_true(skad_sim_sweep_at(&sweep, 5, &scenario, reason));
    assert_true(scenario.adversary_share == 0.05 && scenario.paths == 2);
    skad_sim_sweep_free(&sweep);
}

static void sweep_sets_keys_together_and_replaces_an_axis(void **state)
{
    (void)state;
    skad_sim_sweep sweep = {0};
    skad_sim_scenario scenario;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_scenario_default(&sweep.base);
    assert_true(skad_sim_sweep_set(&sweep, "k siblings", "3,8", reason));
    assert_true(skad_sim_sweep_set(&sweep, "k siblings", "5,6,7", reason));
    assert_int_equal(skad_sim_sweep_count(&sweep), 3);
    assert_true(skad_sim_sweep_at(&sweep, 2, &scenario, reason));
    assert_int_equal(scenario.k, 7);
    assert_int_equal(scenario.siblings, 7);
    skad_sim_sweep_free(&sweep);
}

static void sweep_refuses_bad_lists(void **state)
{
    (void)state;
    static const char *const rows[] = {"1,,2", "1:2",   "1:2:0",     "2:1:1",
                                       "1,x",  "1:2:x", "0:1:0.001", ","};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        skad_sim_sweep sweep = {0};
        char reason[SKAD_SIM_REASON_BYTES] = "";
        skad_sim_scenario_default(&sweep.base);
        print_message("%s\n", rows[i]);
        assert_false(skad_sim_sweep_set(&sweep, "loss", rows[i], reason));
        assert_true(strlen(reason) > 0);
        assert_int_equal(sweep.axes_count, 0);
        skad_sim_sweep_free(&sweep);
    }
}

/* ---- Links ---- */

static char matrix_path[] = "/tmp/skad-test-XXXXXX";

static void write_matrix(const char *text)
{
    FILE *file = fopen(matrix_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool open_links(skad_sim_links *links, skad_sim_scenario *scenario, char *reason)
{
    skad_sim_scenario_default(scenario);
    scenario->latency = SKAD_SIM_MATRIX;
    memcpy(scenario->latency_file, matrix_path, sizeof matrix_path);
    return skad_sim_links_init(links, scenario, reason);
}

static void links_take_latencies_from_a_matrix(void **state)
{
    (void)state;
    skad_sim_scenario scenario;
    skad_sim_links links;
    char reason[SKAD_SIM_REASON_BYTES];
    write_matrix("1 20.5\n30, 4\n");
    assert_true(open_links(&links, &scenario, reason));
    assert_int_equal(skad_sim_links_latency_us(&links, 0, 1), 20500);
    assert_int_equal(skad_sim_links_latency_us(&links, 1, 0), 30000);
    assert_int_equal(skad_sim_links_latency_us(&links, 3, 5), 4000); /* dealt to places 1 and 1 */
    assert_int_equal(skad_sim_links_round_trip_us(&links), 27750);
    skad_sim_links_free(&links);
}

static void links_refuse_bad_matrices(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", "1 2\n", "1 2\n3\n", "1\n2\n", "1 2\n3 4 5\n", "1 x\n2 3\n", "1 -2\n3 4\n"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        skad_sim_scenario scenario;
        skad_sim_links links;
        char reason[SKAD_SIM_REASON_BYTES] = "";
        write_matrix(rows[i]);
        assert_false(open_links(&links, &scenario, reason));
        assert_non_null(strstr(reason, "line"));
    }
    (void)unlink(matrix_path);
    skad_sim_scenario scenario;
    skad_sim_links links;
    char reason[SKAD_SIM_REASON_BYTES] = "";
    assert_false(open_links(&links, &scenario, reason));
    assert_non_null(strstr(reason, "cannot read"));
}

static void links_keep_the_shares_of_a_scenario(void **state)
{
    (void)state;
    skad_sim_scenario scenario;
    skad_sim_links links;
    char reason[SKAD_SIM_REASON_BYTES];
    int lost = 0;
    int doubled = 0;
    int damaged = 0;
    skad_sim_scenario_default(&scenario);
    scenario.loss = 0.1;
    scenario.duplicate = 0.2;
    scenario.corrupt = 0.3;
    assert_true(skad_sim_links_init(&links, &scenario, reason));
    for (int i = 0; i < 20000; i++) {
        skad_sim_fate fate = skad_sim_links_fate(&links);
        uint64_t way_us = skad_sim_links_latency_us(&links, 1, 2);
        assert_true(way_us >= 5000 && way_us <= 25000);
        lost += fate.lost;
        doubled += fate.doubled;
        damaged += fate.damaged;
    }
    /* Five standard deviations are 212, 283 and 324. */
    assert_true(abs(lost - 2000) < 250 && abs(doubled - 4000) < 300 && abs(damaged - 6000) < 350);
    skad_sim_links_free(&links);
}

int main(void)
{
    int fd = mkstemp(matrix_path);
    if (fd < 0) {
        return 1;
    }
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenario_reads_each_type_of_value),
        cmocka_unit_test(scenario_refuses_bad_lines_in_one_sentence),
        cmocka_unit_test(scenario_refuses_figures_that_do_not_go_together),
        cmocka_unit_test(scenario_tells_what_reads_back_the_same),
        cmocka_unit_test(random_scenarios_are_good_and_differ),
        cmocka_unit_test(sweep_makes_all_combinations),
        cmocka_unit_test(sweep_sets_keys_together_and_replaces_an_axis),
        cmocka_unit_test(sweep_refuses_bad_lists),
        cmocka_unit_test(links_take_latencies_from_a_matrix),
        cmocka_unit_test(links_refuse_bad_matrices),
        cmocka_unit_test(links_keep_the_shares_of_a_scenario),
    };
    return cmocka_run_group_tests_name("sim scenario", tests, NULL, NULL);
}
