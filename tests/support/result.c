#include "tests/support/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX (1U << 20)
#define ITEMS_MAX 131072

static uint8_t bytes[BYTES_MAX];
static skad_item items[ITEMS_MAX];
static skad_writer writer;

skad_writer *test_result_begin(void)
{
    skad_writer_init(&writer, bytes, sizeof bytes);
    return &writer;
}

skad_answer test_result_end(void)
{
    size_t count;
    size_t consumed;
    assert_false(writer.overflow);
    assert_int_equal(
        skad_cut(bytes, writer.len, SKAD_CUT_LENIENT, items, ITEMS_MAX, &count, &consumed),
        SKAD_CUT_OK);
    assert_int_equal(consumed, writer.len);
    return (skad_answer){items, items + count};
}

void test_result_expect(skad_answer map, const char *key, uint64_t value)
{
    skad_answer found = skad_answer_get(map, key);
    bool is_number = found.item != NULL &&
                     (found.item->type == SKAD_ITEM_UINT || found.item->type == SKAD_ITEM_BOOL);
    if (!is_number || found.item->u.number != value) {
        fail_msg("%s is not %llu", key, (unsigned long long)value);
    }
}

void test_result_expect_all(skad_answer map, const test_number *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        test_result_expect(map, numbers[i].key, numbers[i].value);
    }
}

void test_result_expect_text(skad_answer value, const char *expected)
{
    assert_non_null(value.item);
    assert_true(value.item->type == SKAD_ITEM_STR || value.item->type == SKAD_ITEM_BIN);
    size_t len = strlen(expected);
    if (value.item->count != len || memcmp(value.item->u.data, expected, len) != 0) {
        fail_msg("not '%s' but '%.*s'", expected, (int)value.item->count,
                 (const char *)value.item->u.data);
    }
}

void test_result_expect_nil(skad_answer map, const char *key)
{
    skad_answer found = skad_answer_get(map, key);
    if (found.item == NULL || found.item->type != SKAD_ITEM_NIL) {
        fail_msg("%s is not nil", key);
    }
}

void test_result_expect_error(skad_answer answer, uint32_t msgid, const char *code,
                              const char *message)
{
    assert_int_equal(skad_answer_count(answer), 4);
    assert_int_equal(skad_answer_at(answer, 1).item->u.number, msgid);
    skad_answer error = skad_answer_at(answer, 2);
    test_result_expect_text(skad_answer_get(error, "code"), code);
    test_result_expect_text(skad_answer_get(error, "message"), message);
    assert_int_equal(skad_answer_at(answer, 3).item->type, SKAD_ITEM_NIL);
}
