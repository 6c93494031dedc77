/* Four numbers at once: each lane does what one number would. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/base/simd.h"

static void numbers_come_from_anywhere_in_memory_in_their_order(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {1, 2, 3, 4, UINT32_MAX};
    skad_simd vector = skad_simd_at(&numbers[1]);
    for (unsigned lane = 0; lane < 4; lane++) {
        assert_int_equal(vector[lane], numbers[1 + lane]);
    }
    assert_int_equal(skad_simd_of(7)[0], 7);
    assert_int_equal(skad_simd_of(7)[3], 7);
}

static void the_sum_is_of_all_lanes(void **state)
{
    (void)state;
    assert_int_equal(skad_simd_sum((skad_simd){1, 20, 300, 4000}), 4321);
}

static void a_single_bit_in_any_lane_is_seen(void **state)
{
    (void)state;
    assert_false(skad_simd_any((skad_simd){0}));
    for (unsigned lane = 0; lane < 4; lane++) {
        for (unsigned bit = 0; bit < 32; bit += 31) {
            uint32_t numbers[4] = {0};
            numbers[lane] = UINT32_C(1) << bit;
            assert_true(skad_simd_any(skad_simd_at(numbers)));
        }
    }
}

static void each_lane_is_chosen_by_its_own_mask(void **state)
{
    (void)state;
    const skad_simd_signed mask = {-1, 0, -1, 0};
    skad_simd_signed chosen = skad_simd_choose(mask, (skad_simd_signed){1, 2, 3, 4},
                                               (skad_simd_signed){-10, -20, -30, -40});
    assert_int_equal(chosen[0], 1);
    assert_int_equal(chosen[1], -20);
    assert_int_equal(chosen[2], 3);
    assert_int_equal(chosen[3], -40);
}

static void with_the_bias_unsigned_numbers_keep_their_order(void **state)
{
    (void)state;
    static const uint32_t edges[] = {0, 1, 0x7fffffff, 0x80000000, 0x80000001, UINT32_MAX};
    const size_t count = sizeof edges / sizeof edges[0];
    for (size_t i = 0; i < count * count; i++) {
        uint32_t a = edges[i / count];
        uint32_t b = edges[i % count];
        skad_simd_signed above = (skad_simd_signed)skad_simd_of(a ^ SKAD_SIMD_BIAS) >
                                 (skad_simd_signed)skad_simd_of(b ^ SKAD_SIMD_BIAS);
        assert_int_equal(above[0], a > b ? -1 : 0);
        assert_int_equal(above[3], a > b ? -1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_from_anywhere_in_memory_in_their_order),
        cmocka_unit_test(the_sum_is_of_all_lanes),
        cmocka_unit_test(a_single_bit_in_any_lane_is_seen),
        cmocka_unit_test(each_lane_is_chosen_by_its_own_mask),
        cmocka_unit_test(with_the_bias_unsigned_numbers_keep_their_order),
    };
    return cmocka_run_group_tests_name("simd", tests, NULL, NULL);
}
