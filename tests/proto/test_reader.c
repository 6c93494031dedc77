/* The msgpack reader: what strict mode takes and refuses, prefixes, claims, and typed reads. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/reader.h"
#include "tests/support/wire.h"

#define ITEMS 64

static skad_item items[ITEMS];

/* Cuts a copy of exactly `len` bytes on the heap, so that a sanitizer sees each read beyond it. */
static skad_cut_result cut(const uint8_t *data, size_t len, skad_cut_mode mode, size_t *count)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    size_t consumed = 0;

    assert_non_null(copy);
    memcpy(copy, data, len);
    skad_cut_result result = skad_cut(copy, len, mode, items, ITEMS, count, &consumed);
    free(copy);
    return result;
}

typedef struct form {
    const char *label;
    uint8_t bytes[24];
    size_t len;
    skad_cut_result strict;
    skad_cut_result lenient;
} form;

#define OK      SKAD_CUT_OK
#define INVALID SKAD_CUT_INVALID
#define MORE    SKAD_CUT_MORE

static const form FORMS[] = {
    {"nil", {0xc0}, 1, OK, OK},
    {"false", {0xc2}, 1, INVALID, OK},
    {"true", {0xc3}, 1, INVALID, OK},
    {"reserved byte", {0xc1}, 1, INVALID, INVALID},
    {"0", {0x00}, 1, OK, OK},
    {"127", {0x7f}, 1, OK, OK},
    {"127 in two bytes", {0xcc, 0x7f}, 2, INVALID, OK},
    {"128", {0xcc, 0x80}, 2, OK, OK},
    {"255 in three bytes", {0xcd, 0x00, 0xff}, 3, INVALID, OK},
    {"256", {0xcd, 0x01, 0x00}, 3, OK, OK},
    {"65535 in five bytes", {0xce, 0, 0, 0xff, 0xff}, 5, INVALID, OK},
    {"65536", {0xce, 0, 1, 0, 0}, 5, OK, OK},
    {"2^32-1 in nine bytes", {0xcf, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, 9, INVALID, OK},
    {"2^32", {0xcf, 0, 0, 0, 1, 0, 0, 0, 0}, 9, OK, OK},
    {"1 as int 8", {0xd0, 1}, 2, INVALID, OK},
    {"256 as int 16, as long as uint 16", {0xd1, 1, 0}, 3, INVALID, OK},
    {"65536 as int 32", {0xd2, 0, 1, 0, 0}, 5, INVALID, OK},
    {"2^32 as int 64", {0xd3, 0, 0, 0, 1, 0, 0, 0, 0}, 9, INVALID, OK},
    {"-1", {0xff}, 1, INVALID, OK},
    {"-200", {0xd1, 0xff, 0x38}, 3, INVALID, OK},
    {"float", {0xca, 0, 0, 0, 0}, 5, INVALID, OK},
    {"double", {0xcb, 0, 0, 0, 0, 0, 0, 0, 0}, 9, INVALID, OK},
    {"short str", {0xa2, 'a', 'b'}, 3, INVALID, OK},
    {"empty str", {0xa0}, 1, INVALID, OK},
    {"str 8", {0xd9, 1, 'a'}, 3, INVALID, OK},
    {"empty bin", {0xc4, 0}, 2, OK, OK},
    {"bin 8", {0xc4, 2, 'a', 'b'}, 4, OK, OK},
    {"bin 16 of two bytes", {0xc5, 0, 2, 'a', 'b'}, 5, INVALID, OK},
    {"bin 32 of two bytes", {0xc6, 0, 0, 0, 2, 'a', 'b'}, 7, INVALID, OK},
    {"empty bin 16", {0xc5, 0, 0}, 3, INVALID, OK},
    {"bin that ends early", {0xc4, 3, 'a', 'b'}, 4, MORE, MORE},
    {"empty array", {0x90}, 1, OK, OK},
    {"array of two", {0x92, 1, 2}, 3, OK, OK},
    {"array 16 of two", {0xdc, 0, 2, 1, 2}, 5, INVALID, OK},
    {"array 32 of two", {0xdd, 0, 0, 0, 2, 1, 2}, 7, INVALID, OK},
    {"empty array 16", {0xdc, 0, 0}, 3, INVALID, OK},
    {"map", {0x81, 1, 2}, 3, INVALID, OK},
    {"map 16", {0xde, 0, 1, 1, 2}, 5, INVALID, OK},
    {"fixext 1", {0xd4, 1, 2}, 3, INVALID, INVALID},
    {"ext 8", {0xc7, 1, 1, 2}, 4, INVALID, INVALID},
    {"ext 32 of 2^32-1", {0xc9, 0xff, 0xff, 0xff, 0xff, 1, 2}, 7, INVALID, INVALID},
    {"nothing", {0}, 0, MORE, MORE},
    {"a byte after the value", {0x01, 0x02}, 2, INVALID, OK},
    {"array claiming 2^28", {0xdd, 0x10, 0, 0, 0}, 5, INVALID, INVALID},
    {"array claiming 2^32-1", {0xdd, 0xff, 0xff, 0xff, 0xff}, 5, INVALID, INVALID},
    {"map claiming 2^31", {0xdf, 0x80, 0, 0, 0}, 5, INVALID, INVALID},
    {"bin claiming 2^32-1", {0xc6, 0xff, 0xff, 0xff, 0xff}, 5, MORE, MORE},
    {"four deep", {0x91, 0x91, 0x91, 0x91, 1}, 5, OK, OK},
    {"five deep", {0x91, 0x91, 0x91, 0x91, 0x91, 1}, 6, INVALID, OK},
    {"five deep, empty", {0x91, 0x91, 0x91, 0x91, 0x90}, 5, INVALID, OK},
    {"eight deep", {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 1}, 9, INVALID, OK},
    {"nine deep", {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 1}, 10, INVALID, INVALID},
    {"a long form balanced by nothing", {0x92, 0xcc, 0x01, 0x02}, 4, INVALID, OK},
};

static void strict_takes_only_shortest_forms_of_four_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        size_t count;
        if (cut(FORMS[i].bytes, FORMS[i].len, SKAD_CUT_STRICT, &count) != FORMS[i].strict) {
            fail_msg("strict: %s", FORMS[i].label);
        }
    }
}

static void lenient_takes_any_form_but_extensions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        size_t count;
        if (cut(FORMS[i].bytes, FORMS[i].len, SKAD_CUT_LENIENT, &count) != FORMS[i].lenient) {
            fail_msg("lenient: %s", FORMS[i].label);
        }
    }
}

/* [1, {"k": -5}, "text", bin(300), [true, nil, 1.5]] */
static size_t write_mixed(uint8_t *out, size_t cap)
{
    uint8_t bytes[300] = {0};
    skad_writer writer;

    skad_writer_init(&writer, out, cap);
    skad_write_array(&writer, 5);
    skad_write_uint(&writer, 1);
    skad_write_map(&writer, 1);
    skad_write_str(&writer, "k");
    skad_write_int(&writer, -5);
    skad_write_str(&writer, "text");
    skad_write_bin(&writer, bytes, sizeof bytes);
    skad_write_array(&writer, 3);
    skad_write_bool(&writer, true);
    skad_write_nil(&writer);
    skad_write_double(&writer, 1.5);
    assert_false(writer.overflow);
    return writer.len;
}

static void each_prefix_of_a_value_needs_more(void **state)
{
    (void)state;
    uint8_t value[400];
    size_t count;
    size_t len = write_mixed(value, sizeof value);

    for (size_t i = 0; i < len; i++) {
        assert_int_equal(cut(value, i, SKAD_CUT_LENIENT, &count), SKAD_CUT_MORE);
    }
    assert_int_equal(cut(value, len, SKAD_CUT_LENIENT, &count), SKAD_CUT_OK);
    assert_int_equal(count, 11);
}

static void lenient_leaves_what_follows_the_value(void **state)
{
    (void)state;
    const uint8_t two[] = {0x91, 0x05, 0x92, 0x01, 0x02};
    size_t count;
    size_t consumed;

    assert_int_equal(skad_cut(two, sizeof two, SKAD_CUT_LENIENT, items, ITEMS, &count, &consumed),
                     SKAD_CUT_OK);
    assert_int_equal(consumed, 2);
    assert_int_equal(count, 2);
}

static void as_many_items_as_there_is_room_for(void **state)
{
    (void)state;
    const uint8_t three[] = {0x93, 1, 0x90, 3};
    static const skad_cut_mode modes[] = {SKAD_CUT_STRICT, SKAD_CUT_LENIENT};
    size_t count;
    size_t consumed;

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(skad_cut(three, sizeof three, modes[i], items, 4, &count, &consumed),
                         SKAD_CUT_OK);
        assert_int_equal(skad_cut(three, sizeof three, modes[i], items, 3, &count, &consumed),
                         SKAD_CUT_INVALID);
    }
}

static void strict_tells_where_arrays_begin(void **state)
{
    (void)state;
    const uint8_t nested[] = {0x93, 0xcd, 0x01, 0x00, 0x91, 0xc4, 0x00, 0x90};
    size_t count;
    size_t consumed;

    assert_int_equal(
        skad_cut(nested, sizeof nested, SKAD_CUT_STRICT, items, ITEMS, &count, &consumed),
        SKAD_CUT_OK);
    assert_int_equal(count, 5);
    assert_int_equal(items[0].u.offset, 0);
    assert_int_equal(items[2].u.offset, 4);
    assert_int_equal(items[4].u.offset, 7);
}

static void long_lengths_have_exact_headers(void **state)
{
    (void)state;
    static const size_t lengths[] = {255, 256, 65535, 65536};
    static uint8_t buffer[70000];

    for (size_t i = 0; i < 4; i++) {
        skad_writer writer;
        size_t count;
        skad_writer_init(&writer, buffer, sizeof buffer);
        skad_write_zeros(&writer, lengths[i]);
        assert_int_equal(cut(buffer, writer.len, SKAD_CUT_STRICT, &count), SKAD_CUT_OK);
        assert_int_equal(items[0].count, lengths[i]);
    }
}

static void typed_reads_give_what_was_written(void **state)
{
    (void)state;
    uint8_t value[400];
    size_t len = write_mixed(value, sizeof value);
    size_t count;
    size_t consumed;
    skad_reader reader;

    assert_int_equal(skad_cut(value, len, SKAD_CUT_LENIENT, items, ITEMS, &count, &consumed),
                     SKAD_CUT_OK);
    skad_reader_init(&reader, items, count);
    assert_int_equal(skad_read_array(&reader, 5, 5), 5);
    assert_int_equal(skad_read_uint(&reader, 1), 1);
    assert_int_equal(skad_read_map(&reader, 1), 1);
    assert_false(skad_read_str_is(&reader, "x"));
    assert_false(skad_read_str_is(&reader, "kk"));
    assert_true(skad_read_str_is(&reader, "k"));
    assert_true(skad_read_number(&reader) == -5.0);
    skad_span text = skad_read_str(&reader, 4);
    assert_int_equal(text.len, 4);
    assert_memory_equal(text.data, "text", 4);
    assert_int_equal(skad_read_bin(&reader, 300, 300).len, 300);
    assert_int_equal(skad_read_peek(&reader), SKAD_ITEM_ARRAY);
    assert_false(skad_read_nil(&reader));
    skad_read_array(&reader, 3, 3);
    assert_true(skad_read_bool(&reader));
    assert_true(skad_read_nil(&reader));
    assert_false(skad_reader_done(&reader));
    assert_true(skad_read_number(&reader) == 1.5);
    assert_true(skad_reader_done(&reader));
}

static void skip_passes_one_whole_value(void **state)
{
    (void)state;
    uint8_t value[400];
    size_t len = write_mixed(value, sizeof value);
    size_t count;
    size_t consumed;
    skad_reader reader;

    assert_int_equal(skad_cut(value, len, SKAD_CUT_LENIENT, items, ITEMS, &count, &consumed),
                     SKAD_CUT_OK);
    skad_reader_init(&reader, items, count);
    skad_read_skip(&reader);
    assert_true(skad_reader_done(&reader));
    skad_read_skip(&reader);
    assert_true(reader.failed);
    skad_reader_init(&reader, items, count);
    skad_read_array(&reader, 5, 5);
    skad_read_skip(&reader);
    skad_read_skip(&reader);
    assert_true(skad_read_str_is(&reader, "text"));
}

/* Each reads [300] or [bin(3)] wrongly; all must fail, and stay failed. */
static void first_wrong_read_fails_all_later_ones(void **state)
{
    (void)state;
    const uint8_t value[] = {0x92, 0xcd, 0x01, 0x2c, 0xc4, 3, 'a', 'b', 'c'};
    size_t count;
    size_t consumed;
    uint8_t out[4] = {9, 9, 9, 9};
    skad_reader reader;

    assert_int_equal(
        skad_cut(value, sizeof value, SKAD_CUT_STRICT, items, ITEMS, &count, &consumed),
        SKAD_CUT_OK);
    skad_reader_init(&reader, items, count);
    assert_int_equal(skad_read_array(&reader, 3, 4), 0);
    assert_true(reader.failed);
    skad_reader_init(&reader, items, count);
    skad_read_array(&reader, 2, 2);
    assert_int_equal(skad_read_uint(&reader, 299), 0);
    assert_true(reader.failed);
    assert_int_equal(skad_read_uint(&reader, 300), 0);
    skad_reader_init(&reader, items + 2, 1);
    assert_int_equal(skad_read_bin(&reader, 0, 2).len, 0);
    assert_true(reader.failed);
    skad_reader_init(&reader, items + 2, 1);
    assert_int_equal(skad_read_bin(&reader, 4, 9).len, 0);
    assert_true(reader.failed);
    skad_reader_init(&reader, items + 2, 1);
    skad_read_bytes(&reader, out, 4);
    assert_true(reader.failed);
    assert_int_equal(out[0] | out[3], 0);
    skad_reader_init(&reader, items, 0);
    assert_int_equal(skad_read_peek(&reader), SKAD_ITEM_NIL);
    assert_true(reader.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_takes_only_shortest_forms_of_four_types),
        cmocka_unit_test(lenient_takes_any_form_but_extensions),
        cmocka_unit_test(each_prefix_of_a_value_needs_more),
        cmocka_unit_test(lenient_leaves_what_follows_the_value),
        cmocka_unit_test(as_many_items_as_there_is_room_for),
        cmocka_unit_test(strict_tells_where_arrays_begin),
        cmocka_unit_test(long_lengths_have_exact_headers),
        cmocka_unit_test(typed_reads_give_what_was_written),
        cmocka_unit_test(skip_passes_one_whole_value),
        cmocka_unit_test(first_wrong_read_fails_all_later_ones),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
