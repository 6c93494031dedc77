/* The msgpack writer: shortest forms, and what happens when the buffer is full. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/writer.h"

static void integers_take_their_shortest_form(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        size_t bytes;
        uint8_t first;
    } cases[] = {
        {0, 1, 0x00},          {127, 1, 0x7f},        {128, 2, 0xcc},
        {255, 2, 0xcc},        {256, 3, 0xcd},        {65535, 3, 0xcd},
        {65536, 5, 0xce},      {UINT32_MAX, 5, 0xce}, {(uint64_t)UINT32_MAX + 1, 9, 0xcf},
        {UINT64_MAX, 9, 0xcf},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[16];
        skad_writer writer;
        skad_writer_init(&writer, out, sizeof out);
        skad_write_uint(&writer, cases[i].value);
        assert_int_equal(writer.len, cases[i].bytes);
        assert_int_equal(out[0], cases[i].first);
    }
}

static void headers_take_their_shortest_form(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        size_t array_bytes;
        size_t bin_bytes;
    } cases[] = {{0, 1, 2}, {15, 1, 2}, {16, 3, 2}, {255, 3, 2}, {256, 3, 3}, {65535, 3, 3}};
    static uint8_t out[65540];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_writer writer;
        skad_writer_init(&writer, out, sizeof out);
        skad_write_array(&writer, cases[i].count);
        assert_int_equal(writer.len, cases[i].array_bytes);
        skad_writer_init(&writer, out, sizeof out);
        skad_write_zeros(&writer, cases[i].count);
        assert_int_equal(writer.len, cases[i].bin_bytes + cases[i].count);
        assert_false(writer.overflow);
    }
}

static void every_type_has_its_bytes(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x81, 0xa1, 'k',  0xff, 0xcb, 0x3f, 0xf8, 0, 0, 0,   0,
                                       0,    0,    0xc3, 0xc2, 0xc0, 0xc4, 2,    7, 8, 0x05};
    uint8_t out[32];
    skad_writer writer;

    skad_writer_init(&writer, out, sizeof out);
    skad_write_map(&writer, 1);
    skad_write_str(&writer, "k");
    skad_write_int(&writer, -1);
    skad_write_double(&writer, 1.5);
    skad_write_bool(&writer, true);
    skad_write_bool(&writer, false);
    skad_write_nil(&writer);
    skad_write_bin(&writer, (const uint8_t[]){7, 8}, 2);
    skad_write_raw(&writer, (const uint8_t[]){5}, 1);
    assert_false(writer.overflow);
    assert_int_equal(writer.len, sizeof expected);
    assert_memory_equal(out, expected, sizeof expected);
}

static void exactly_full_is_no_overflow(void **state)
{
    (void)state;
    uint8_t out[4];
    skad_writer writer;

    skad_writer_init(&writer, out, sizeof out);
    skad_write_bin(&writer, (const uint8_t[]){1, 2}, 2);
    assert_false(writer.overflow);
    assert_int_equal(writer.len, 4);
    skad_write_zeros(&writer, 0);
    assert_true(writer.overflow);
}

static void nothing_is_written_after_an_overflow(void **state)
{
    (void)state;
    uint8_t out[5] = {0, 0, 0, 0, 0xee};
    skad_writer writer;

    skad_writer_init(&writer, out, 4);
    skad_write_bin(&writer, (const uint8_t[]){1, 2, 3}, 3);
    assert_true(writer.overflow);
    size_t len = writer.len;
    skad_write_nil(&writer);
    skad_write_zeros(&writer, 1);
    skad_write_raw(&writer, (const uint8_t[]){5}, 1);
    assert_true(writer.overflow);
    assert_int_equal(writer.len, len);
    assert_int_equal(out[4], 0xee);
}

static void zeros_stand_where_something_else_was(void **state)
{
    (void)state;
    static const uint8_t expected[][4] = {{0xc4, 1, 0, 0xee}, {0xc4, 2, 0, 0}};
    for (size_t len = 1; len <= 2; len++) {
        uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};
        skad_writer writer;
        skad_writer_init(&writer, out, sizeof out);
        skad_write_zeros(&writer, len);
        assert_false(writer.overflow);
        assert_int_equal(writer.len, 2 + len);
        assert_memory_equal(out, expected[len - 1], sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_take_their_shortest_form),
        cmocka_unit_test(headers_take_their_shortest_form),
        cmocka_unit_test(every_type_has_its_bytes),
        cmocka_unit_test(exactly_full_is_no_overflow),
        cmocka_unit_test(nothing_is_written_after_an_overflow),
        cmocka_unit_test(zeros_stand_where_something_else_was),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
