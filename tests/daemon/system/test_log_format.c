/* The forms of a line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/daemon/system/log_format.h"

#define AT 1769862896 /* 2026-01-31T12:34:56Z */

static const skad_log_format all[] = {SKAD_LOG_TEXT, SKAD_LOG_LOGFMT, SKAD_LOG_JSON,
                                      SKAD_LOG_JOURNAL};

static const char *line_of(skad_log_format format, skad_log_level level, const char *text)
{
    static char out[1024];
    const size_t len = skad_log_format_line(format, level, AT, text, out, sizeof out);
    assert_true(len < sizeof out);
    out[len] = 0;
    return out;
}

static void each_format_has_its_form(void **state)
{
    (void)state;
    assert_string_equal(line_of(SKAD_LOG_TEXT, SKAD_LOG_INFO, "a b"),
                        "2026-01-31T12:34:56Z info: a b\n");
    assert_string_equal(line_of(SKAD_LOG_LOGFMT, SKAD_LOG_WARNING, "a \"b\" \\c"),
                        "time=2026-01-31T12:34:56Z level=warning msg=\"a \\\"b\\\" \\\\c\"\n");
    assert_string_equal(
        line_of(SKAD_LOG_JSON, SKAD_LOG_ERROR, "a \"b\" \\c"),
        "{\"time\":\"2026-01-31T12:34:56Z\",\"level\":\"error\",\"msg\":\"a \\\"b\\\" \\\\c\"}\n");
    assert_string_equal(line_of(SKAD_LOG_JOURNAL, SKAD_LOG_ERROR, "a \"b\""), "<3>a \"b\"\n");
    assert_string_equal(line_of(SKAD_LOG_JOURNAL, SKAD_LOG_WARNING, "a"), "<4>a\n");
    assert_string_equal(line_of(SKAD_LOG_JOURNAL, SKAD_LOG_INFO, "a"), "<6>a\n");
}

static void nothing_forges_a_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const char *line = line_of(all[i], SKAD_LOG_INFO, "a\nb\r\x1b[c\x01");
        assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
        assert_null(strpbrk(line, "\r\x1b\x01"));
    }
}

static void json_is_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted;
    } cases[] = {
        {"\xc3\xa4", "\xc3\xa4"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xff", "?"},
        {"\xc3", "?"},
        {"\xc3x", "?x"},
        {"\xc0\x80", "??"},
        {"\xed\xa0\x80", "???"},
        {"\xe0\x80\x80", "???"},
        {"\xf5\x80\x80\x80", "????"},
        {"\xf0\x80\x80\x80", "????"},
        {"\x7f", "?"},
        {"\xf4\x90\x80\x80", "????"},
        {"\x80", "?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, "\"msg\":\"%s\"}\n", cases[i].wanted);
        const char *line = line_of(SKAD_LOG_JSON, SKAD_LOG_INFO, cases[i].text);
        if (strstr(line, wanted) == NULL) {
            fail_msg("%zu: %s", i, line);
        }
    }
}

/* The end of a line is whole, wherever the text is cut. */
static void a_long_text_is_cut_within_its_form(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", "\"\n", "\"}\n", "\n"};
    char text[200];
    char out[128];
    for (size_t i = 0; i < 4; i++) {
        for (size_t len = 1; len < sizeof text; len++) {
            memset(text, len % 2 == 0 ? '"' : 'x', len);
            text[len] = 0;
            memset(out, '!', sizeof out);
            const size_t got =
                skad_log_format_line(all[i], SKAD_LOG_INFO, AT, text, out, sizeof out);
            assert_true(got < sizeof out);
            assert_int_equal(out[sizeof out - 1], '!');
            assert_memory_equal(out + got - strlen(ends[i]), ends[i], strlen(ends[i]));
            if (i == 1 || i == 2) { /* no backslash before the last quote that is not escaped */
                size_t slashes = 0;
                while (out[got - strlen(ends[i]) - 1 - slashes] == '\\') {
                    slashes++;
                }
                assert_int_equal(slashes % 2, 0);
            }
        }
    }
}

static void auto_is_the_journal_only_where_stderr_leads_there(void **state)
{
    (void)state;
    skad_log_format format;
    struct stat about;
    char stream[64];
    assert_int_equal(fstat(STDERR_FILENO, &about), 0);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_true(skad_log_format_parse("auto", &format));
    assert_int_equal(format, SKAD_LOG_TEXT);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)about.st_dev,
                   (uintmax_t)about.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    assert_true(skad_log_format_parse("auto", &format));
    assert_int_equal(format, SKAD_LOG_JOURNAL);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)about.st_dev,
                   (uintmax_t)about.st_ino + 1);
    static const char *const others[] = {"", "8", "8:", "x:1", ":1", "8:1x"};
    for (size_t i = 0; i <= sizeof others / sizeof others[0]; i++) {
        assert_int_equal(setenv("JOURNAL_STREAM", i == 0 ? stream : others[i - 1], 1), 0);
        assert_true(skad_log_format_parse("auto", &format));
        assert_int_equal(format, SKAD_LOG_TEXT);
    }
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

static void names_are_stable(void **state)
{
    (void)state;
    static const char *const names[] = {"text", "logfmt", "json", "journal"};
    for (size_t i = 0; i < 4; i++) {
        skad_log_format format;
        assert_string_equal(skad_log_format_name(all[i]), names[i]);
        assert_true(skad_log_format_parse(names[i], &format));
        assert_int_equal(format, all[i]);
    }
    skad_log_format format;
    assert_false(skad_log_format_parse("xml", &format));
    assert_int_equal(skad_log_get_format(), SKAD_LOG_TEXT);
    skad_log_set_format(SKAD_LOG_JSON);
    assert_int_equal(skad_log_get_format(), SKAD_LOG_JSON);
    skad_log_set_format(SKAD_LOG_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_has_its_form),
        cmocka_unit_test(nothing_forges_a_line),
        cmocka_unit_test(json_is_utf8),
        cmocka_unit_test(a_long_text_is_cut_within_its_form),
        cmocka_unit_test(auto_is_the_journal_only_where_stderr_leads_there),
        cmocka_unit_test(names_are_stable),
    };
    return cmocka_run_group_tests_name("log_format", tests, NULL, NULL);
}
