/* What a terminal may show of bytes that anyone may have stored. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/cli/file/terminal.h"

#define BYTES_MAX 32

typedef struct text_case {
    const char *label;
    const char *bytes;
    const char *shown;
} text_case;

static const text_case cases[] = {
    {"text", "v1.4 is out\n", "v1.4 is out\n"},
    {"a table", "a\tb", "a\tb"},
    {"a backslash", "C:\\x", "C:\\x"},
    {"a change of colour", "\x1b[31mred", "\\x1b[31mred"},
    {"a window's title", "\x1b]0;x\x07", "\\x1b]0;x\\x07"},
    {"a line that is written over", "good\rbad", "good\\x0dbad"},
    {"a backspace", "a\bb", "a\\x08b"},
    {"delete", "\x7f", "\\x7f"},
    {"umlauts", "f\xc3\xbcr", "f\xc3\xbcr"},
    {"three bytes", "\xe2\x82\xac", "\xe2\x82\xac"},
    {"four bytes", "\xf0\x9f\x8e\x89", "\xf0\x9f\x8e\x89"},
    {"the control sequence introducer in one byte",
     "\x9b"
     "31m",
     "\\x9b31m"},
    {"the same in UTF-8",
     "\xc2\x9b"
     "31m",
     "\\xc2\\x9b31m"},
    {"text turned round",
     "\xe2\x80\xae"
     "abc",
     "\\xe2\\x80\\xaeabc"},
    {"text isolated", "\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
    {"a mark from left to right", "\xe2\x80\x8e", "\\xe2\\x80\\x8e"},
    {"a mark from right to left", "\xe2\x80\x8f", "\\xe2\\x80\\x8f"},
    {"an Arabic mark", "\xd8\x9c", "\\xd8\\x9c"},
    {"a line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
    {"a paragraph separator", "\xe2\x80\xa9", "\\xe2\\x80\\xa9"},
    {"a byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf"},
    {"a soft hyphen", "\xc2\xad", "\\xc2\\xad"},
    {"a space without width", "\xe2\x80\x8b", "\\xe2\\x80\\x8b"},
    {"a word joiner", "\xe2\x81\xa0", "\\xe2\\x81\\xa0"},
    {"a tag", "\xf3\xa0\x81\xbf", "\\xf3\\xa0\\x81\\xbf"},
    {"behind the tags", "\xf3\xa0\x82\x80", "\xf3\xa0\x82\x80"},
    {"their neighbours", "\xe2\x80\x8d\xe2\x80\x90\xd8\x9b\xd8\x9d\xe2\x80\xa7\xef\xbb\xbe",
     "\xe2\x80\x8d\xe2\x80\x90\xd8\x9b\xd8\x9d\xe2\x80\xa7\xef\xbb\xbe"},
    {"a longer form of a slash", "\xc0\xaf", "\\xc0\\xaf"},
    {"a longer form in three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
    {"a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"cut off in the middle", "\xe2\x82x", "\\xe2\\x82x"},
    {"cut off at the end", "x\xe2\x82", "x\\xe2\\x82"},
    {"no first byte", "\x80\xff", "\\x80\\xff"},
    {"nothing", "", ""},
};

static void assert_shown(const text_case *one, const char *out, size_t len)
{
    if (len != strlen(one->shown) || memcmp(out, one->shown, len) != 0) {
        fail_msg("%s: '%.*s'", one->label, (int)len, out);
    }
}

static void text_is_shown_and_all_else_in_digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[4 * BYTES_MAX];
        size_t taken = 0;
        size_t len = strlen(cases[i].bytes);
        size_t written =
            skad_terminal_text((const uint8_t *)cases[i].bytes, len, true, out, &taken);
        assert_int_equal(taken, len);
        assert_shown(&cases[i], out, written);
    }
}

/* Wherever a long text is cut into two calls, it looks the same. */
static void a_cut_within_a_character_does_not_show(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
        size_t len = strlen(cases[i].bytes);
        for (size_t cut = 0; cut <= len; cut++) {
            char out[8 * BYTES_MAX];
            size_t first = 0;
            size_t second = 0;
            size_t written = skad_terminal_text(bytes, cut, false, out, &first);
            assert_true(first <= cut && cut - first < 4);
            written += skad_terminal_text(bytes + first, len - first, true, out + written, &second);
            assert_int_equal(first + second, len);
            assert_shown(&cases[i], out, written);
        }
    }
}

static void each_single_byte_takes_at_most_four(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        char out[4];
        size_t taken = 0;
        uint8_t byte = (uint8_t)value;
        size_t written = skad_terminal_text(&byte, 1, true, out, &taken);
        bool plain = (value >= ' ' && value < 0x7f) || value == '\n' || value == '\t';
        assert_int_equal(taken, 1);
        assert_int_equal(written, plain ? 1 : 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_shown_and_all_else_in_digits),
        cmocka_unit_test(a_cut_within_a_character_does_not_show),
        cmocka_unit_test(each_single_byte_takes_at_most_four),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
