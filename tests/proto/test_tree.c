/* File trees: the shape that a size demands, and the refusal of every other. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/tree.h"
#include "proto/writer.h"

static void size_fixes_the_level(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        unsigned level;
    } cases[] = {
        {0, 0},
        {1, 0},
        {992, 0},
        {993, 1},
        {1000, 1},
        {30000, 1},
        {30001, 2},
        {900000, 2},
        {900001, 3},
        {27000000, 3},
        {27000001, 4},
        {SKAD_FILE_BYTES_MAX / 30, 6},
        {SKAD_FILE_BYTES_MAX / 30 + 1, 7},
        {SKAD_FILE_BYTES_MAX, 7},
        {SKAD_FILE_BYTES_MAX + 1, SKAD_TREE_LEVEL_MAX + 1},
        {UINT64_MAX, SKAD_TREE_LEVEL_MAX + 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(skad_tree_level(cases[i].size), cases[i].level);
    }
    assert_int_equal(skad_tree_capacity(0), 1000);
    assert_int_equal(skad_tree_capacity(2), 900000);
    assert_true(skad_tree_capacity(SKAD_TREE_LEVEL_MAX) == SKAD_FILE_BYTES_MAX);
}

static void size_fixes_the_number_of_keys(void **state)
{
    (void)state;
    assert_int_equal(skad_tree_keys(1, 1), 1);
    assert_int_equal(skad_tree_keys(1, 1000), 1);
    assert_int_equal(skad_tree_keys(1, 1001), 2);
    assert_int_equal(skad_tree_keys(1, 30000), 30);
    assert_int_equal(skad_tree_keys(2, 30001), 2);
    assert_int_equal(skad_tree_keys(7, SKAD_FILE_BYTES_MAX), 30);
}

static void inline_root_goes_both_ways(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, 255, 256, SKAD_TREE_INLINE_BYTES_MAX};
    uint8_t data[SKAD_TREE_INLINE_BYTES_MAX + 1];
    uint8_t node[SKAD_VALUE_BYTES_MAX];
    skad_tree_node out;

    memset(data, 0x5a, sizeof data);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        size_t len = skad_tree_encode_inline(data, lens[i], node, sizeof node);
        assert_true(len > 0);
        assert_true(skad_tree_decode(node, len, true, &out));
        assert_int_equal(out.level, 0);
        assert_int_equal(out.size, lens[i]);
        assert_int_equal(out.data.len, lens[i]);
        assert_false(skad_tree_decode(node, len, false, &out));
    }
    assert_int_equal(skad_tree_encode_inline(data, sizeof data, node, sizeof node), 0);
    assert_int_equal(skad_tree_encode_inline(data, 100, node, 104), 0);
    assert_int_equal(skad_tree_encode_inline(data, 100, node, 105), 105);
}

static void node_of_keys_goes_both_ways(void **state)
{
    (void)state;
    skad_id keys[SKAD_TREE_FANOUT];
    uint8_t node[SKAD_VALUE_BYTES_MAX];
    skad_tree_node out;

    memset(keys, 0xab, sizeof keys);
    for (unsigned level = 1; level <= SKAD_TREE_LEVEL_MAX; level++) {
        uint64_t size = skad_tree_capacity(level);
        size_t len = skad_tree_encode_node(level, size, keys, 30, node, sizeof node);
        assert_true(len > 0);
        assert_true(skad_tree_decode(node, len, true, &out));
        assert_int_equal(out.level, level);
        assert_int_equal(out.keys_count, 30);
        assert_true(out.size == size);
        assert_memory_equal(out.keys, keys, sizeof keys);
    }
}

static void encoder_refuses_what_no_tree_has(void **state)
{
    (void)state;
    skad_id keys[SKAD_TREE_FANOUT + 1];
    uint8_t node[2000];

    memset(keys, 0, sizeof keys);
    assert_int_equal(skad_tree_encode_node(0, 1000, keys, 1, node, sizeof node), 0);
    assert_int_equal(skad_tree_encode_node(8, 1000, keys, 1, node, sizeof node), 0);
    assert_int_equal(skad_tree_encode_node(1, 0, keys, 0, node, sizeof node), 0);
    assert_int_equal(skad_tree_encode_node(1, 30001, keys, 31, node, sizeof node), 0);
    assert_int_equal(skad_tree_encode_node(1, 2000, keys, 1, node, sizeof node), 0);
    assert_int_equal(skad_tree_encode_node(1, 2000, keys, 3, node, sizeof node), 0);
    assert_int_equal(skad_tree_encode_node(1, 2000, keys, 2, node, 60), 0);
    assert_true(skad_tree_encode_node(1, 2000, keys, 2, node, sizeof node) > 0);
}

static size_t write_node(uint8_t *out, uint64_t level, uint64_t size, size_t payload)
{
    skad_writer writer;

    skad_writer_init(&writer, out, 2000);
    skad_write_array(&writer, 3);
    skad_write_uint(&writer, level);
    skad_write_uint(&writer, size);
    skad_write_zeros(&writer, payload);
    assert_false(writer.overflow);
    return writer.len;
}

static void decoder_refuses_forged_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t level;
        uint64_t size;
        size_t payload;
        bool as_root;
        bool as_inner;
    } cases[] = {
        {"one key too few", 1, 2000, 32, false, false},
        {"right", 1, 2000, 64, true, true},
        {"one key too many", 1, 2000, 96, false, false},
        {"half a key", 1, 2000, 65, false, false},
        {"no bytes below", 1, 0, 0, false, false},
        {"more than the level holds", 1, 30001, 31 * 32, false, false},
        {"level 1 where the root alone would do", 1, 992, 32, false, true},
        {"level 1, smallest for a root", 1, 993, 32, true, true},
        {"level 2 where level 1 would do", 2, 30000, 32, false, true},
        {"level 2, smallest for a root", 2, 30001, 64, true, true},
        {"level 8", 8, 1000, 32, false, false},
        {"more than any file", 7, SKAD_FILE_BYTES_MAX + 1, 960, false, false},
        {"size says less than the data", 0, 4, 5, false, false},
        {"size says more than the data", 0, 6, 5, false, false},
        {"inline, largest", 0, 992, 992, true, false},
    };
    uint8_t node[2000];
    skad_tree_node out;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = write_node(node, cases[i].level, cases[i].size, cases[i].payload);
        if (skad_tree_decode(node, len, true, &out) != cases[i].as_root ||
            skad_tree_decode(node, len, false, &out) != cases[i].as_inner) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void decoder_is_strict(void **state)
{
    (void)state;
    const uint8_t long_size[] = {0x93, 0x00, 0xcc, 0x01, 0xc4, 0x01, 0x00};
    const uint8_t two[] = {0x92, 0x00, 0x00};
    uint8_t node[2000];
    skad_tree_node out;
    size_t len = write_node(node, 1, 2000, 64);

    for (size_t i = 0; i < len; i++) {
        assert_false(skad_tree_decode(node, i, true, &out));
    }
    node[len] = 0xc0;
    assert_false(skad_tree_decode(node, len + 1, true, &out));
    assert_false(skad_tree_decode(long_size, sizeof long_size, true, &out));
    assert_false(skad_tree_decode(two, sizeof two, true, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size_fixes_the_level),
        cmocka_unit_test(size_fixes_the_number_of_keys),
        cmocka_unit_test(inline_root_goes_both_ways),
        cmocka_unit_test(node_of_keys_goes_both_ways),
        cmocka_unit_test(encoder_refuses_what_no_tree_has),
        cmocka_unit_test(decoder_refuses_forged_shapes),
        cmocka_unit_test(decoder_is_strict),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
