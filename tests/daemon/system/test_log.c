/* Lines of the log: their form, their length, and how often one may come. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "skad/types.h"
#include "src/daemon/system/log.h"
#include "src/host/system/failure.h"
#include "tests/support/log_lines.h"

static test_log seen;

static void a_line_has_time_level_and_text(void **state)
{
    (void)state;
    static const struct {
        skad_log_level level;
        const char *expected;
    } cases[] = {
        {SKAD_LOG_INFO, " info: n is 7\n"},
        {SKAD_LOG_WARNING, " warning: n is 7\n"},
        {SKAD_LOG_ERROR, " error: n is 7\n"},
    };
    for (size_t i = 0; i < 3; i++) {
        test_log_begin(&seen);
        skad_log(skad_log_stderr(SKAD_LOG_INFO), cases[i].level, "n is %d", 7);
        test_log_end(&seen);
        assert_string_equal(seen.text + 20, cases[i].expected);
        /* 2026-01-31T12:34:56Z */
        assert_int_equal(seen.text[4], '-');
        assert_int_equal(seen.text[10], 'T');
        assert_int_equal(seen.text[16], ':');
        assert_int_equal(seen.text[19], 'Z');
    }
}

static void lower_levels_are_silent(void **state)
{
    (void)state;
    for (int least = SKAD_LOG_INFO; least <= SKAD_LOG_NOTHING; least++) {
        test_log_begin(&seen);
        for (int level = SKAD_LOG_INFO; level < SKAD_LOG_NOTHING; level++) {
            skad_log(skad_log_stderr((skad_log_level)least), (skad_log_level)level, "a line");
        }
        test_log_end(&seen);
        assert_int_equal(test_log_count(&seen, "a line"), SKAD_LOG_NOTHING - least);
    }
}

static void control_characters_forge_no_line(void **state)
{
    (void)state;
    test_log_begin(&seen);
    skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_INFO, "%s",
             "a\nb\x1b[c\x1f"
             "d e\x7f\xc3\xa9");
    test_log_end(&seen);
    assert_string_equal(seen.text + 20, " info: a?b?[c?d e\x7f\xc3\xa9\n");
}

/* 1024 bytes in all, the newline among them; one of the buffer stays free for snprintf's zero. */
static void a_long_line_is_cut(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text);
    for (size_t len = 990; len < 1030; len++) {
        text[len] = '\0';
        test_log_begin(&seen);
        skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_INFO, "%s", text);
        test_log_end(&seen);
        text[len] = 'x';
        size_t whole = 20 + strlen(" info: ") + len + 1;
        assert_int_equal(strlen(seen.text), whole < 1023 ? whole : 1023);
        assert_int_equal(test_log_count(&seen, ""), 1);
        assert_int_equal(seen.text[strlen(seen.text) - 1], '\n');
        assert_int_equal(seen.text[strlen(seen.text) - 2], 'x');
    }
}

static void one_line_a_minute_passes_a_limit(void **state)
{
    (void)state;
    skad_log_limit limit = {0};
    uint64_t held = 99;
    assert_true(skad_log_limit_pass(&limit, 5, &held));
    assert_int_equal(held, 0);
    assert_false(skad_log_limit_pass(&limit, 5, &held));
    assert_false(skad_log_limit_pass(&limit, 60 * SKAD_US_PER_S + 4, &held));
    assert_int_equal(held, 0);
    assert_true(skad_log_limit_pass(&limit, 60 * SKAD_US_PER_S + 5, &held));
    assert_int_equal(held, 2);
    assert_true(skad_log_limit_pass(&limit, 120 * SKAD_US_PER_S + 5, &held));
    assert_int_equal(held, 0);
}

static void a_failure_is_a_sentence_and_false(void **state)
{
    (void)state;
    skad_failure failure;
    char text[1000];
    assert_false(skad_fail(&failure, "%s is %d", "n", 7));
    assert_string_equal(failure.text, "n is 7");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_false(skad_fail(&failure, "%s", text));
    assert_int_equal(strlen(failure.text), 511);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_and_text),
        cmocka_unit_test(lower_levels_are_silent),
        cmocka_unit_test(control_characters_forge_no_line),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(one_line_a_minute_passes_a_limit),
        cmocka_unit_test(a_failure_is_a_sentence_and_false),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
