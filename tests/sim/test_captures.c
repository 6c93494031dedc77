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
        skad_sim_durations_count(&outcome->puts.durations, 200000);
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
    assert_int_equal((unsigned)round(3 * sum.puts_reached.value), 2);
    assert_int_equal(sum.puts_false, 1);
    assert_int_equal(sum.puts_dense, 1);
    assert_true(close_to(sum.all.value, 0.5));
    assert_true(close_to(sum.early.value, (1 + 0.4 + 0) / 3));
    assert_true(close_to(sum.late.value, (1 + 0.6 + 0) / 3));
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
    assert_true(close_to(sum.all.value, 1));
    assert_true(close_to(sum.price.groups, 3));
    worlds->outcomes[0].failed = true;
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    assert_int_equal(sum.worlds, 0);
    assert_true(close_to(sum.all.value, 0) && close_to(sum.all.interval.high, 1));
}

static void the_json_has_the_sums(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double value;
    } figures[] = {{"honest", 1000},    {"ground", 64},         {"worlds", 3},
                   {"gets", 30},        {"get_success", 0.5},   {"get_success_late", 8.0 / 15},
                   {"put_stored", 1},   {"put_false", 1.0 / 3}, {"dense", 0.2},
                   {"rpcs_per_get", 6}, {"rpcs_per_put", 30},   {"holders", 4},
                   {"holders_late", 8}};
    capture_case *worlds = three_worlds();
    skad_sim_capture_sum sum;
    skad_sim_capture_add_up(worlds->scenarios, worlds->outcomes, WORLDS, &sum);
    json_t *object = skad_sim_capture_json(&sum);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        print_message("%s\n", figures[i].name);
        assert_true(close_to(json_number_value(json_object_get(object, figures[i].name)),
                             figures[i].value));
    }
    assert_string_equal(json_string_value(json_object_get(object, "placement")), "under-threshold");
    assert_string_equal(json_string_value(json_object_get(object, "get_success_by")), "worlds");
    assert_string_equal(json_string_value(json_object_get(object, "put_reached_by")), "wilson");
    json_decref(object);
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
        cmocka_unit_test(worlds_are_taken_together),
        cmocka_unit_test(what_failed_does_not_count),
        cmocka_unit_test(the_json_has_the_sums),
        cmocka_unit_test(a_setting_is_a_line),
    };
    return cmocka_run_group_tests_name("sim captures", tests, NULL, NULL);
}
