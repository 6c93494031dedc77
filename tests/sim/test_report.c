/* What is told of an experiment: JSON that is JSON, and a progress line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/report/progress.h"
#include "src/sim/report/results.h"

/* What a function writes, as text; free it. */
static char *text_of(void (*write)(FILE *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    write(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void write_sweep(FILE *out)
{
    skad_sim_sweep sweep = {0};
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_scenario scenarios[2];
    static skad_sim_outcome outcomes[2];
    skad_sim_scenario_default(&sweep.base);
    assert_true(skad_sim_sweep_set(&sweep, "loss", "0.25,0.5", reason));
    assert_true(skad_sim_sweep_at(&sweep, 0, &scenarios[0], reason));
    assert_true(skad_sim_sweep_at(&sweep, 1, &scenarios[1], reason));
    outcomes[0].lookups.ended = 4;
    outcomes[0].lookups.nearest = 3;
    outcomes[1].incomplete = true;
    const skad_sim_results results = {.command = "test",
                                      .sweep = &sweep,
                                      .scenarios = scenarios,
                                      .outcomes = outcomes,
                                      .count = 2,
                                      .worlds = 1};
    skad_sim_json_results(out, &results);
    skad_sim_sweep_free(&sweep);
}

static void results_tell_what_was_swept_and_what_is_incomplete(void **state)
{
    (void)state;
    char *text = text_of(write_sweep);
    assert_non_null(strstr(text, "{\"format\":1,\"version\":\""));
    assert_non_null(strstr(text, "\"command\":\"test\",\"crypto\":\"modelled\""));
    assert_non_null(strstr(text, "\"results\":[{\"swept\":{\"loss\":0.25},\"worlds\":1,"
                                 "\"lookups\":{\"success\":0.75,"));
    assert_non_null(strstr(text, "{\"swept\":{\"loss\":0.5},\"worlds\":0,"));
    assert_string_equal(text + strlen(text) - strlen(",\"incomplete\":true}\n"),
                        ",\"incomplete\":true}\n");
    int depth = 0;
    for (const char *at = text; *at != 0; at++) {
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        assert_true(depth >= 0);
    }
    assert_int_equal(depth, 0);
    free(text);
}

/* ---- Progress ---- */

static void the_progress_line_tells_share_speed_and_rest(void **state)
{
    (void)state;
    char line[SKAD_SIM_PROGRESS_BYTES];
    const skad_sim_progress_reading reading = {
        .experiments = 4, .done = 1, .simulated_s = 120, .events = 3e6};
    skad_sim_progress_line(&reading, 3, line);
    assert_string_equal(line, "[######..................]  25 %  1.0 of 4  simulated 120 s  "
                              "1.00 M events/s  9 s left");
    skad_sim_progress_line(&(skad_sim_progress_reading){.experiments = 1}, 0, line);
    assert_null(strstr(line, "left"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_tell_what_was_swept_and_what_is_incomplete),
        cmocka_unit_test(the_progress_line_tells_share_speed_and_rest),
    };
    return cmocka_run_group_tests_name("sim report", tests, NULL, NULL);
}
