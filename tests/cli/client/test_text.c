/* Pieces of text for people. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/cli/client/text.h"

typedef struct escape_case {
    const char *label;
    skad_span bytes;
    size_t cap;
    const char *expected;
} escape_case;

static skad_span span(const char *text, size_t len)
{
    return (skad_span){(const uint8_t *)text, len};
}

static void what_could_move_the_cursor_is_escaped(void **state)
{
    (void)state;
    const escape_case cases[] = {
        {"nothing", {NULL, 0}, 16, ""},
        {"plain", span("hello, \"you\"", 12), 32, "hello, \"you\""},
        {"a backslash", span("a\\b", 3), 32, "a\\\\b"},
        {"an escape sequence", span("\033[2J", 4), 32, "\\x1b[2J"},
        {"zero, delete and more", span("\0\177\377\n", 4), 32, "\\x00\\x7f\\xff\\x0a"},
        {"more than fits", span("0123456789abcdef", 16), 12, "01234..."},
        {"more than fits, escaped", span("\n\n\n\n", 4), 16, "\\x0a\\x0a\\x0a..."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        skad_text_escape(cases[i].bytes, text, cases[i].cap);
        if (strcmp(text, cases[i].expected) != 0) {
            fail_msg("%s: '%s'", cases[i].label, text);
        }
    }
}

/* As large as the commands make it: four characters a byte, and a few to spare. */
static void an_escape_fits_four_times_its_bytes_and_eight(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 64; len++) {
        uint8_t bytes[64];
        char text[4 * 64 + 8];
        memset(bytes, 0xff, sizeof bytes);
        skad_text_escape((skad_span){bytes, len}, text, 4 * len + 8);
        assert_int_equal(strlen(text), 4 * len);
    }
}

typedef struct bytes_case {
    uint64_t bytes;
    const char *expected;
} bytes_case;

static void sizes_have_a_unit_that_suits_them(void **state)
{
    (void)state;
    static const bytes_case cases[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {999949, "999.9 kB"},
        {999950, "1.0 MB"},
        {4194304, "4.2 MB"},
        {1999999999, "2.0 GB"},
        {21870000000000, "21.9 TB"},
        {UINT64_MAX, "18446744.1 TB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SKAD_TEXT_BYTES];
        skad_text_bytes(cases[i].bytes, text);
        assert_string_equal(text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_move_the_cursor_is_escaped),
        cmocka_unit_test(an_escape_fits_four_times_its_bytes_and_eight),
        cmocka_unit_test(sizes_have_a_unit_that_suits_them),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
