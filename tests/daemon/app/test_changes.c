/* Changes of state in the log: each once, and not too often. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "src/daemon/app/changes.h"
#include "tests/support/log_lines.h"

#define S SKAD_US_PER_S

typedef struct desk {
    skad_changes changes;
    skad_health_report report;
    uint64_t at_s;
    test_log log;
    size_t summaries;
} desk;

static int begin(void **state)
{
    static desk made;
    memset(&made, 0, sizeof made);
    made.at_s = 1000;
    *state = &made;
    return 0;
}

/* Samples of so many seconds; how many lines contain the text. */
static size_t pass(desk *self, uint64_t seconds, skad_health_verdict verdict, bool loaded,
                   uint64_t bans, const char *text)
{
    self->report.verdict = verdict;
    self->report.checks[SKAD_HEALTH_CHECK_STORE].state = verdict;
    (void)snprintf(self->report.checks[SKAD_HEALTH_CHECK_STORE].text,
                   sizeof self->report.checks[0].text, "a reason");
    test_log_begin(&self->log);
    for (uint64_t passed_s = 0; passed_s < seconds; passed_s += SKAD_HEALTH_SAMPLE_S) {
        const skad_changes_sample sample = {
            .mono_us = self->at_s * S, .health = &self->report, .loaded = loaded, .bans = bans};
        self->summaries +=
            skad_changes_look(&self->changes, skad_log_stderr(SKAD_LOG_INFO), &sample);
        self->at_s += SKAD_HEALTH_SAMPLE_S;
    }
    test_log_end(&self->log);
    return test_log_count(&self->log, text);
}

static void health_is_told_when_it_changes_and_lasts(void **state)
{
    desk *self = *state;
    assert_int_equal(pass(self, 60, SKAD_HEALTH_OK, false, 0, ""), 0);
    assert_int_equal(pass(self, 5, SKAD_HEALTH_FAILING, false, 0, ""), 0); /* one sample */
    assert_int_equal(pass(self, 60, SKAD_HEALTH_OK, false, 0, ""), 0);
    assert_int_equal(pass(self, 600, SKAD_HEALTH_DEGRADED, false, 0, ""), 1);
    assert_int_equal(test_log_count(&self->log, " warning: health: degraded: store: a reason"), 1);
    assert_int_equal(
        pass(self, 600, SKAD_HEALTH_FAILING, false, 0, " error: health: failing: store: a reason"),
        1);
    assert_int_equal(pass(self, 600, SKAD_HEALTH_OK, false, 0, " info: health: ok"), 1);
}

static void the_start_is_no_change(void **state)
{
    desk *self = *state;
    assert_int_equal(pass(self, 55, SKAD_HEALTH_DEGRADED, false, 0, ""), 0);
    assert_int_equal(pass(self, 60, SKAD_HEALTH_OK, false, 0, ""), 0);
}

static void a_start_that_fails_is_told(void **state)
{
    desk *self = *state;
    assert_int_equal(pass(self, 60, SKAD_HEALTH_FAILING, false, 0, ""), 0);
    assert_int_equal(pass(self, 60, SKAD_HEALTH_FAILING, false, 0, "health: failing"), 1);
}

static void a_state_that_flickers_has_a_line_a_minute(void **state)
{
    desk *self = *state;
    size_t lines = 0;
    (void)pass(self, 60, SKAD_HEALTH_OK, false, 0, "");
    for (size_t i = 0; i < 30; i++) { /* 10 minutes */
        lines += pass(self, 10, SKAD_HEALTH_DEGRADED, false, 0, "health: ");
        lines += pass(self, 10, SKAD_HEALTH_OK, false, 0, "health: ");
    }
    assert_in_range(lines, 2, 10);
}

static void overload_begins_and_ends(void **state)
{
    desk *self = *state;
    assert_int_equal(pass(self, 60, SKAD_HEALTH_OK, false, 0, ""), 0);
    assert_int_equal(pass(self, 5, SKAD_HEALTH_OK, true, 0, ""), 0);
    assert_int_equal(pass(self, 60, SKAD_HEALTH_OK, false, 0, ""), 0);
    assert_int_equal(pass(self, 120, SKAD_HEALTH_OK, true, 0, " warning: overloaded: "), 1);
    assert_int_equal(pass(self, 120, SKAD_HEALTH_OK, false, 0, " info: no longer overloaded"), 1);
}

static void bans_are_counted_as_they_come(void **state)
{
    desk *self = *state;
    assert_int_equal(pass(self, 60, SKAD_HEALTH_OK, false, 0, ""), 0);
    assert_int_equal(pass(self, 120, SKAD_HEALTH_OK, false, 2,
                          " warning: banned: 2 more by the node itself, 2 in all"),
                     1);
    assert_int_equal(pass(self, 120, SKAD_HEALTH_OK, false, 1, ""), 0);
    assert_int_equal(pass(self, 120, SKAD_HEALTH_OK, false, 4, "banned: 3 more by the node itself"),
                     1);
}

static void a_summary_is_due_each_hour(void **state)
{
    desk *self = *state;
    (void)pass(self, 3600, SKAD_HEALTH_OK, false, 0, "");
    assert_int_equal(self->summaries, 0);
    (void)pass(self, 3 * 3600, SKAD_HEALTH_OK, false, 0, "");
    assert_int_equal(self->summaries, 3);
}

#define AT_DESK(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(health_is_told_when_it_changes_and_lasts),
        AT_DESK(the_start_is_no_change),
        AT_DESK(a_start_that_fails_is_told),
        AT_DESK(a_state_that_flickers_has_a_line_a_minute),
        AT_DESK(overload_begins_and_ends),
        AT_DESK(bans_are_counted_as_they_come),
        AT_DESK(a_summary_is_due_each_hour),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
