/* The two puzzles at exactly the number of zero bits that a solution has, found by an independent
 * implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/puzzle.h"

/* BLAKE2b("skad1 static", id) begins with exactly ten zero bits for this one. */
static void make_static_solution(skad_id *id)
{
    memset(id, 0, sizeof *id);
    id->bytes[30] = 644 >> 8;
    id->bytes[31] = 644 & 0xff;
}

/* Exactly twelve zero bits in epoch 2900. */
static void make_dynamic_solution(skad_id *id, skad_puzzle_nonce *nonce)
{
    memset(id->bytes, 0x33, sizeof id->bytes);
    *nonce = (skad_puzzle_nonce){2900, {0, 0, 0, 0, 0, 0, 0x06, 0x69}};
}

static void static_puzzle_demands_its_bits_and_no_more(void **state)
{
    (void)state;
    skad_id id;
    make_static_solution(&id);
    for (unsigned bits = 0; bits <= 255; bits++) {
        assert_int_equal(skad_puzzle_static_ok(&id, bits), bits <= 10);
    }
}

static void dynamic_puzzle_demands_its_bits_and_no_more(void **state)
{
    (void)state;
    skad_id id;
    skad_puzzle_nonce nonce;
    make_dynamic_solution(&id, &nonce);
    for (unsigned bits = 0; bits <= 255; bits++) {
        assert_int_equal(skad_puzzle_dynamic_ok(&id, &nonce, bits), bits <= 12);
    }
}

static void a_solution_serves_no_other_epoch(void **state)
{
    (void)state;
    skad_id id;
    skad_puzzle_nonce nonce;
    make_dynamic_solution(&id, &nonce);
    static const uint32_t epochs[] = {0, 2899, 2901, 2900u << 8, 2900u << 16, UINT32_MAX};
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        nonce.epoch = epochs[i];
        assert_false(skad_puzzle_dynamic_ok(&id, &nonce, 12));
    }
}

static void a_solution_serves_no_other_id_and_each_byte_counts(void **state)
{
    (void)state;
    skad_id id;
    skad_puzzle_nonce nonce;
    make_dynamic_solution(&id, &nonce);
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        id.bytes[i] ^= 0x10;
        assert_false(skad_puzzle_dynamic_ok(&id, &nonce, 12));
        id.bytes[i] ^= 0x10;
    }
    for (size_t i = 0; i < sizeof nonce.bytes; i++) {
        nonce.bytes[i] ^= 0x10;
        assert_false(skad_puzzle_dynamic_ok(&id, &nonce, 12));
        nonce.bytes[i] ^= 0x10;
    }
    assert_true(skad_puzzle_dynamic_ok(&id, &nonce, 12));
}

static void the_nonce_is_xored_into_the_end_of_the_id(void **state)
{
    (void)state;
    skad_id id;
    skad_puzzle_nonce nonce;
    make_dynamic_solution(&id, &nonce);
    for (size_t i = 0; i < sizeof nonce.bytes; i++) { /* the same xor, the other way round */
        uint8_t moved = id.bytes[24 + i];
        id.bytes[24 + i] = nonce.bytes[i];
        nonce.bytes[i] = moved;
    }
    assert_true(skad_puzzle_dynamic_ok(&id, &nonce, 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_puzzle_demands_its_bits_and_no_more),
        cmocka_unit_test(dynamic_puzzle_demands_its_bits_and_no_more),
        cmocka_unit_test(a_solution_serves_no_other_epoch),
        cmocka_unit_test(a_solution_serves_no_other_id_and_each_byte_counts),
        cmocka_unit_test(the_nonce_is_xored_into_the_end_of_the_id),
    };
    return cmocka_run_group_tests_name("puzzle", tests, NULL, NULL);
}
