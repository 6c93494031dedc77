/* Worlds of one capture taken together: means, intervals over worlds, and the shape of the JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/report/captures.h"

static bool close_to(double a, double b)
{
    return fabs(a - b) < 1e-3;
}

/* ---- Intervals ---- */

static void an_interval_is_over_worlds(void **state)
{
    (void)state;
    /* Mean 0.6, deviation 0.1826, its error 0.0913; t with three degrees of freedom is 3.182. */
    const double four[] = {0.4, 0.5, 0.7, 0.8};
    skad_sim_interval interval = skad_sim_t_interval(four, 4);
    assert_true(close_to(skad_sim_mean(four, 4), 0.6));
    assert_true(close_to(interval.low, 0.3095) && close_to(interval.high, 0.8905));
}

static void an_interval_stays_a_share(void **state)
{
    (void)state;
    const double two[] = {0, 1};
    skad_sim_interval interval = skad_sim_t_interval(two, 2);
    assert_true(interval.low <= 0 && interval.low >= 0);
    assert_true(interval.high <= 1 && interval.high >= 1);
}

static void one_world_says_nothing_about_others(void **state)
{
    (void)state;
    const double one[] = {0.5};
    for (size_t count = 0; count <= 1; count++) {
        skad_sim_interval interval = skad_sim_t_interval(one, count);
        assert_true(interval.low <= 0 && interval.high >= 1);
    }
}

/* Beyond the table of quantiles: 2.0860 for twenty degrees of freedom, 1.9686 for 255. */
static void many_worlds_come_near_the_normal_distribution(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        double quantile;
    } cases[] = {{12, 2.2010}, {21, 2.0860}, {31, 2.0423}, {256, 1.9693}};
    double samples[SKAD_SIM_WORLDS_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t n = cases[i].count;
        double squares = 0;
        for (size_t j = 0; j < n; j++) {
            samples[j] = j % 2 == 0 ? 0.4 : 0.6;
        }
        double mean = skad_sim_mean(samples, n);
        for (size_t j = 0; j < n; j++) {
            squares += (samples[j] - mean) * (samples[j] - mean);
        }
        double error = sqrt(squares / (double)(n - 1) / (double)n);
        skad_sim_interval interval = skad_sim_t_interval(samples, n);
        print_message("%zu samples\n", n);
        assert_true(fabs((interval.high - mean) / error - cases[i].quantile) < 2e-3);
    }
}

/* ---- Adding up ---- */

#define WORLDS 3

typedef struct capture_case {
    skad_sim_scenario scenarios[WORLDS];
    skad_sim_outcome outcomes[WORLDS];
} capture_case;

/* Three worlds of ten gets: all right; half of them; none, after a put that says it was stored. */
static capture_case *three_worlds(void)
{
    static capture_case worlds;
    static const unsigned right[WORLDS] = {10, 5, 0};
    memset(&worlds, 0, sizeof worlds);
    for (size_t i = 0; i < WORLDS; i++) {
        skad_sim_scenario *scenario = &worlds.scenarios[i];
        skad_sim_outcome *outcome = &worlds.outcomes[i];
        skad_sim_scenario_default(scenario);
        scenario->nodes = 1000;
        scenario->ground = 64;
        scenario->adversary = SKAD_SIM_COLLUDE;
        scenario->placement = SKAD_SIM_UNDER_THRESHOLD;
        scenario->capture = SKAD_SIM_RECORD;
        scenario->static_bits = 10;
        scenario->dynamic_bits = 4;
        outcome->draws = 1000 * (double)(i + 1);
        outcome->gets = (skad_sim_gets){.ended = 10, .right = right[i], .rpcs = 60, .dense = 2};
        outcome->captured = (skad_sim_captured_key){.early = 5,
                                                    .early_right = right[i] / 2,
                                                    .late = 5,
                                                    .late_right = right[i] - right[i] / 2,
                                                    .stored = true,
                                                    .dense = i == 2,
                                                    .put_rpcs = 30,
                                                    .holders = i == 2 ? 0 : 6,
                                                    .holders_late = i == 2 ? 0 : 12};
        skad_sim_durations_count(&outcome->gets.durations, 100000);
        skad_sim_durations_count(&outcome->puts_durations, 200000);
    }
    return &worlds;
}

static void worlds_are_taken_together(void **state)
{
    (void)state;
    capture_case *worlds = three_worlds();
    skad_sim_capture_sum sum;
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    assert_int_equal(sum.worlds, 3);
    assert_int_equal(sum.gets, 30);
    assert_int_equal(sum.puts_reached, 2);
    assert_int_equal(sum.puts_false, 1);
    assert_int_equal(sum.puts_dense, 1);
    assert_true(close_to(sum.all.share, 0.5));
    assert_true(close_to(sum.early.share, (1 + 0.4 + 0) / 3));
    assert_true(close_to(sum.late.share, (1 + 0.6 + 0) / 3));
    assert_true(close_to(sum.dense, 0.2));
    assert_true(close_to(sum.rpcs_per_get, 6) && close_to(sum.rpcs_per_put, 30));
    assert_true(close_to(sum.holders, 4) && close_to(sum.holders_late, 8));
    /* 2,000 draws of 2^10 on average, and 64 nonces of 2^4. */
    assert_true(close_to(sum.price.tries, 2000.0 * 1024 + 64 * 16));
    assert_true(close_to(sum.price.identities, 64) && close_to(sum.price.groups, 64));
}

static void what_failed_does_not_count(void **state)
{
    (void)state;
    capture_case *worlds = three_worlds();
    skad_sim_capture_sum sum;
    worlds->outcomes[1].failed = true;
    worlds->outcomes[2].incomplete = true;
    worlds->scenarios[0].adversary_subnets = 3;
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    assert_int_equal(sum.worlds, 1);
    assert_true(close_to(sum.all.share, 1));
    assert_true(close_to(sum.price.groups, 3));
    worlds->outcomes[0].failed = true;
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    assert_int_equal(sum.worlds, 0);
    assert_true(close_to(sum.all.share, 0) && close_to(sum.all.interval.high, 1));
}

static void the_json_has_its_shape(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "{\"honest\":1000,\"ground\":64,\"worlds\":3,\"gets\":30,\"placement\":\"under-"
        "threshold\",",
        "\"behaviour\":\"collude\",\"type\":\"record\",\"arrive\":\"before\",",
        "\"get_success\":0.500000,\"get_success_low\":0.000000,\"get_success_high\":1.000000,",
        "\"get_success_early\":0.466667,",
        "\"get_success_late\":0.533333,",
        "\"put_reached\":0.666667,\"put_reached_low\":",
        "\"put_stored\":1.000000,",
        "\"put_false\":0.333333,\"dense\":0.200000,",
        "\"rpcs_per_get\":6.000,",
        "\"rpcs_per_put\":30.000,\"holders\":4.000,\"holders_late\":8.000,",
        "\"get_ms_p50\":",
        "\"put_ms_p90\":",
        "\"price\":{\"tries\":2.04902e+06,\"core_hours\":",
        "\"gpu_hours\":",
        "\"identities\":64,\"groups\":64}}"};
    capture_case *worlds = three_worlds();
    skad_sim_capture_sum sum;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    skad_sim_capture_json(out, &sum);
    assert_int_equal(fclose(out), 0);
    const char *at = text;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *found = strstr(at, parts[i]);
        if (found == NULL) {
            fail_msg("no %s in %s", parts[i], at);
        }
        at = found + strlen(parts[i]);
    }
    assert_int_equal(*at, 0);
    free(text);
}

static char *line_of(const skad_sim_capture_sum *sum)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    skad_sim_capture_line(out, sum);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void a_setting_is_a_line(void **state)
{
    (void)state;
    capture_case *worlds = three_worlds();
    skad_sim_capture_sum sum;
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    char *line = line_of(&sum);
    assert_non_null(
        strstr(line, "  1000    64 under-threshold collude  record         66.7   33.3   50.0"));
    assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
    free(line);
    for (size_t i = 0; i < WORLDS; i++) {
        worlds->outcomes[i].incomplete = true;
    }
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    line = line_of(&sum);
    assert_non_null(strstr(line, "record       no world ended\n"));
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_is_over_worlds),
        cmocka_unit_test(an_interval_stays_a_share),
        cmocka_unit_test(one_world_says_nothing_about_others),
        cmocka_unit_test(many_worlds_come_near_the_normal_distribution),
        cmocka_unit_test(worlds_are_taken_together),
        cmocka_unit_test(what_failed_does_not_count),
        cmocka_unit_test(the_json_has_its_shape),
        cmocka_unit_test(a_setting_is_a_line),
    };
    return cmocka_run_group_tests_name("sim captures", tests, NULL, NULL);
}
