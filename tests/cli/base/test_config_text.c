/* The text of a configuration file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/base/config_text.h"

/* One line that stands for all steps: "2:key=value 3!flaw ". */
static void read_all(const char *given, char *out, size_t cap)
{
    char *text = strdup(given);
    skad_config_text self;
    size_t len = 0;
    assert_non_null(text);
    skad_config_text_begin(&self, text);
    out[0] = 0;
    for (;;) {
        const char *key = NULL;
        const char *value = NULL;
        skad_failure flaw;
        const skad_config_step step = skad_config_text_next(&self, &key, &value, &flaw);
        if (step == SKAD_CONFIG_END) {
            break;
        }
        len += (size_t)(step == SKAD_CONFIG_ENTRY
                            ? snprintf(out + len, cap - len, "%u:%s=%s|", self.line, key, value)
                            : snprintf(out + len, cap - len, "%u!%s|", self.line, flaw.text));
        assert_true(len < cap);
    }
    free(text);
}

static void lines_become_keys_and_values(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *text;
        const char *wanted;
    } cases[] = {
        {"nothing", "", ""},
        {"blanks and comments", "\n  \t\n# a = b\n  # c\n\r\n", ""},
        {"one entry", "key = value", "1:key=value|"},
        {"without blanks", "key=value\n", "1:key=value|"},
        {"with many", "\t key \t=  a b  \r\n", "1:key=a b|"},
        {"a comment behind", "key = value # said\n", "1:key=value|"},
        {"a # within a value", "key = a#b", "1:key=a#b|"},
        {"no value", "key =\nkey = # none", "1:key=|2:key=|"},
        {"an = in a value", "key = a=b", "1:key=a=b|"},
        {"no =", "key\nx = y", "1!write KEY = VALUE|2:x=y|"},
        {"no key", " = x", "1!write KEY = VALUE; a key has small letters and '-'|"},
        {"two words", "my key = x", "1!write KEY = VALUE; a key has small letters and '-'|"},
        {"capital letters", "Key = x", "1!write KEY = VALUE; a key has small letters and '-'|"},
        {"a section", "[node]", "1!write KEY = VALUE|"},
        {"a control character", "key = a\033[1m", "1!the line has control characters|"},
        {"letters of all alphabets", "key = \xc3\xa4", "1:key=\xc3\xa4|"},
        {"line numbers", "\n\na = b\n\nc = d\n", "3:a=b|5:c=d|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char got[512];
        read_all(cases[i].text, got, sizeof got);
        if (strcmp(got, cases[i].wanted) != 0) {
            fail_msg("%s: %s", cases[i].label, got);
        }
    }
}

static void a_line_has_its_bound(void **state)
{
    (void)state;
    static char line[SKAD_CONFIG_LINE_BYTES_MAX + 2];
    static char got[2 * SKAD_CONFIG_LINE_BYTES_MAX];
    memset(line, 'x', sizeof line - 1);
    memcpy(line, "key=", 4);
    line[SKAD_CONFIG_LINE_BYTES_MAX] = 0;
    read_all(line, got, sizeof got);
    assert_int_equal(strlen(got), strlen("1:") + SKAD_CONFIG_LINE_BYTES_MAX + strlen("|"));
    line[SKAD_CONFIG_LINE_BYTES_MAX] = 'x';
    read_all(line, got, sizeof got);
    assert_string_equal(got, "1!the line is too long|");
}

static void a_key_has_its_bound(void **state)
{
    (void)state;
    char got[128];
    read_all("aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd = 1", got, sizeof got);
    assert_string_equal(got, "1:aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd=1|");
    read_all("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddX = 1", got, sizeof got);
    assert_string_equal(got, "1!write KEY = VALUE; a key has small letters and '-'|");
    read_all("aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde = 1", got, sizeof got);
    assert_string_equal(got, "1!write KEY = VALUE; a key has small letters and '-'|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_keys_and_values),
        cmocka_unit_test(a_line_has_its_bound),
        cmocka_unit_test(a_key_has_its_bound),
    };
    return cmocka_run_group_tests_name("config_text", tests, NULL, NULL);
}
