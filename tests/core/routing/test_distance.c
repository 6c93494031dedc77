/* The XOR metric against bit-by-bit arithmetic, and the axioms that routing leans on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/distance.h"
#include "tests/support/prng.h"

#define SEED 1

static unsigned bit_of(const skad_id *id, unsigned bit)
{
    return (unsigned)id->bytes[bit / 8] >> (7 - bit % 8) & 1U;
}

static unsigned naive_common_prefix(const skad_id *a, const skad_id *b)
{
    unsigned shared = 0;
    while (shared < SKAD_ID_BITS && bit_of(a, shared) == bit_of(b, shared)) {
        shared++;
    }
    return shared;
}

/* The sign of d(target, a) - d(target, b), read off the first bit in which the two differ. */
static int naive_compare(const skad_id *target, const skad_id *a, const skad_id *b)
{
    for (unsigned bit = 0; bit < SKAD_ID_BITS; bit++) {
        unsigned da = bit_of(a, bit) ^ bit_of(target, bit);
        unsigned db = bit_of(b, bit) ^ bit_of(target, bit);
        if (da != db) {
            return da < db ? -1 : 1;
        }
    }
    return 0;
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void the_prefix_is_the_first_eight_bytes_as_a_number(void **state)
{
    (void)state;
    skad_id id = {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff}};
    assert_int_equal(skad_id_prefix(&id), 0x0123456789abcdefULL);
}

static void common_prefix_counts_the_bits_before_the_first_difference(void **state)
{
    (void)state;
    test_prng prng = {SEED};
    for (unsigned shared = 0; shared < SKAD_ID_BITS; shared++) {
        skad_id a = test_prng_id(&prng);
        skad_id b = test_prng_id_near(&prng, &a, shared);
        assert_int_equal(skad_common_prefix(&a, &b), shared);
        assert_int_equal(naive_common_prefix(&a, &b), shared);
        assert_false(skad_id_equal(&a, &b));
    }
}

static void an_id_shares_all_its_bits_with_itself(void **state)
{
    (void)state;
    test_prng prng = {SEED};
    skad_id id = test_prng_id(&prng);
    skad_id copy = id;
    assert_int_equal(skad_common_prefix(&id, &copy), SKAD_ID_BITS);
    assert_true(skad_id_equal(&id, &copy));
    assert_int_equal(skad_distance_compare(&id, &copy, &copy), 0);
}

static void comparison_agrees_with_bit_by_bit_arithmetic(void **state)
{
    (void)state;
    test_prng prng = {SEED};
    for (unsigned i = 0; i < 2000; i++) {
        skad_id target = test_prng_id(&prng);
        skad_id a = test_prng_id_near(&prng, &target, i % SKAD_ID_BITS);
        skad_id b = test_prng_id_near(&prng, &target, (i / 7) % SKAD_ID_BITS);
        int expected = naive_compare(&target, &a, &b);
        assert_int_equal(sign(skad_distance_compare(&target, &a, &b)), expected);
        assert_int_equal(sign(skad_distance_compare(&target, &b, &a)), -expected);
    }
}

static void nothing_is_closer_than_the_target_itself(void **state)
{
    (void)state;
    test_prng prng = {SEED};
    for (unsigned i = 0; i < 200; i++) {
        skad_id target = test_prng_id(&prng);
        skad_id other = test_prng_id_near(&prng, &target, i % SKAD_ID_BITS);
        assert_true(skad_distance_compare(&target, &target, &other) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_prefix_is_the_first_eight_bytes_as_a_number),
        cmocka_unit_test(common_prefix_counts_the_bits_before_the_first_difference),
        cmocka_unit_test(an_id_shares_all_its_bits_with_itself),
        cmocka_unit_test(comparison_agrees_with_bit_by_bit_arithmetic),
        cmocka_unit_test(nothing_is_closer_than_the_target_itself),
    };
    return cmocka_run_group_tests_name("distance", tests, NULL, NULL);
}
