/* Answers as JSON, and the short texts that people read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/client/text.h"
#include "src/client/json.h"

#define ITEMS_MAX 64

typedef struct json_case {
    const char *label;
    size_t len;
    const char *bytes;
    const char *expected;
} json_case;

#define BYTES(literal) sizeof(literal) - 1, literal

static const json_case cases[] = {
    {"nil", BYTES("\xc0"), "null"},
    {"true", BYTES("\xc3"), "true"},
    {"the largest number", BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615"},
    {"a negative number", BYTES("\xd1\x80\x00"), "-32768"},
    {"a fraction", BYTES("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"), "1.5"},
    {"no number", BYTES("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), "null"},
    {"bytes are hex", BYTES("\xc4\x03\x00\xab\xff"), "\"00abff\""},
    {"quotes are escaped", BYTES("\xa4\"\\\n\x01"), "\"\\\"\\\\\\u000a\\u0001\""},
    {"other bytes than ASCII are replaced", BYTES("\xa3\xff\x7fz"), "\"??z\""},
    {"an empty array", BYTES("\x90"), "[]"},
    {"an empty map", BYTES("\x80"), "{}"},
    {"an array of arrays", BYTES("\x93\x90\x92\x01\x02\x91\x90"), "[[],[1,2],[[]]]"},
    {"a map of maps",
     BYTES("\x82\xa1"
           "a\x81\xa1"
           "b\x01\xa1"
           "c\x92\x80\xc0"),
     "{\"a\":{\"b\":1},\"c\":[{},null]}"},
    {"keys become strings", BYTES("\x81\x05\x06"), "{\"5\":6}"},
};

static skad_answer cut(const char *bytes, size_t len, skad_item *items)
{
    size_t count = 0;
    size_t consumed = 0;
    assert_int_equal(skad_cut((const uint8_t *)bytes, len, SKAD_CUT_LENIENT, items, ITEMS_MAX,
                              &count, &consumed),
                     SKAD_CUT_OK);
    return (skad_answer){items, items + count};
}

static void values_become_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_item items[ITEMS_MAX];
        char *text = NULL;
        size_t text_len = 0;
        FILE *out = open_memstream(&text, &text_len);
        assert_non_null(out);
        skad_json_write(out, cut(cases[i].bytes, cases[i].len, items));
        fclose(out);
        if (strcmp(text, cases[i].expected) != 0) {
            fail_msg("%s: %s instead of %s", cases[i].label, text, cases[i].expected);
        }
        free(text);
    }
}

/* {"a": {"x": [1, 2]}, "b": 7, "c": true, "d": "text"} */
#define SAMPLE                                                                                     \
    BYTES("\x84\xa1"                                                                               \
          "a\x81\xa1x\x92\x01\x02\xa1"                                                             \
          "b\x07\xa1"                                                                              \
          "c\xc3\xa1"                                                                              \
          "d\xa4text")

static void values_are_found_behind_containers(void **state)
{
    (void)state;
    skad_item items[ITEMS_MAX];
    const struct {
        size_t len;
        const char *bytes;
    } sample = {SAMPLE};
    skad_answer map = cut(sample.bytes, sample.len, items);
    char text[SKAD_ANSWER_TEXT_BYTES];

    assert_int_equal(skad_answer_uint(map, "b"), 7);
    assert_true(skad_answer_bool(map, "c"));
    assert_int_equal(skad_answer_bytes(map, "d").len, 4);
    skad_text_of(map, "d", text);
    assert_string_equal(text, "text");
    skad_text_list(skad_answer_get(skad_answer_get(map, "a"), "x"), text);
    assert_string_equal(text, "1 2");
}

static void what_is_missing_or_of_another_type_is_empty(void **state)
{
    (void)state;
    skad_item items[ITEMS_MAX];
    const struct {
        size_t len;
        const char *bytes;
    } sample = {SAMPLE};
    skad_answer map = cut(sample.bytes, sample.len, items);
    char text[SKAD_ANSWER_TEXT_BYTES];

    assert_int_equal(skad_answer_uint(map, "z"), 0);
    assert_int_equal(skad_answer_uint(map, "d"), 0);
    assert_false(skad_answer_bool(map, "b"));
    assert_null(skad_answer_bytes(map, "b").data);
    assert_null(skad_answer_get(skad_answer_get(map, "b"), "x").item);
    assert_null(skad_answer_at(map, 8).item);
    assert_int_equal(skad_answer_count(map), 0);
    skad_text_of(map, "z", text);
    assert_string_equal(text, "");
    skad_text_list(skad_answer_get(map, "z"), text);
    assert_string_equal(text, "-");
}

typedef struct duration_case {
    uint64_t us;
    const char *text;
} duration_case;

static void durations_have_a_unit_that_suits_them(void **state)
{
    (void)state;
    static const duration_case durations[] = {
        {0, "-"},
        {1, "1 us"},
        {999, "999 us"},
        {1000, "1.0 ms"},
        {12345, "12.3 ms"},
        {1500000, "1.5 s"},
        {119000000, "119.0 s"},
        {180000000, "3 min"},
        {7200000000, "2 h"},
        {172800000000, "2 d"},
    };
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        char text[SKAD_TEXT_BYTES];
        skad_text_duration(durations[i].us, text);
        assert_string_equal(text, durations[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_json),
        cmocka_unit_test(values_are_found_behind_containers),
        cmocka_unit_test(what_is_missing_or_of_another_type_is_empty),
        cmocka_unit_test(durations_have_a_unit_that_suits_them),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
