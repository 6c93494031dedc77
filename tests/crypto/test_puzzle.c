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

/* Solutions for an ID of 0x33 in epoch 2900, found with libargon2. */
typedef struct solution {
    const char *label;
    uint32_t memory_kib;
    unsigned zero_bits; /* exactly */
    uint8_t nonce[SKAD_NONCE_BYTES];
} solution;

static const solution solutions[] = {
    {"plain hash", 0, 12, {0, 0, 0, 0, 0, 0, 0x2e, 0x24}},
    {"8 KiB", 8, 12, {0, 0, 0, 0, 0, 0, 0x02, 0x65}},
    {"128 KiB", 128, 12, {0, 0, 0, 0, 0, 0, 0x05, 0x5c}},
};
#define SOLUTIONS (sizeof solutions / sizeof solutions[0])

static bool solves(const solution *one, const skad_id *id, const skad_puzzle_nonce *nonce)
{
    return skad_puzzle_dynamic_ok(id, nonce, one->memory_kib, one->zero_bits);
}

static void make_dynamic_solution(const solution *one, skad_id *id, skad_puzzle_nonce *nonce)
{
    memset(id->bytes, 0x33, sizeof id->bytes);
    nonce->epoch = 2900;
    memcpy(nonce->bytes, one->nonce, sizeof nonce->bytes);
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
    for (size_t i = 0; i < SOLUTIONS; i++) {
        skad_id id;
        skad_puzzle_nonce nonce;
        make_dynamic_solution(&solutions[i], &id, &nonce);
        for (unsigned bits = 0; bits <= 255; bits++) {
            assert_int_equal(skad_puzzle_dynamic_ok(&id, &nonce, solutions[i].memory_kib, bits),
                             bits <= solutions[i].zero_bits);
        }
    }
}

static void a_solution_serves_no_other_epoch(void **state)
{
    (void)state;
    static const uint32_t epochs[] = {0, 2899, 2901, 2900u << 8, 2900u << 16, UINT32_MAX};
    for (size_t i = 0; i < SOLUTIONS; i++) {
        skad_id id;
        skad_puzzle_nonce nonce;
        make_dynamic_solution(&solutions[i], &id, &nonce);
        for (size_t j = 0; j < sizeof epochs / sizeof epochs[0]; j++) {
            nonce.epoch = epochs[j];
            assert_false(solves(&solutions[i], &id, &nonce));
        }
    }
}

static void a_solution_serves_no_other_memory(void **state)
{
    (void)state;
    static const uint32_t others[] = {0, 8, 9, 64, 127, 128, 129};
    for (size_t i = 0; i < SOLUTIONS; i++) {
        skad_id id;
        skad_puzzle_nonce nonce;
        make_dynamic_solution(&solutions[i], &id, &nonce);
        for (size_t j = 0; j < sizeof others / sizeof others[0]; j++) {
            assert_int_equal(skad_puzzle_dynamic_ok(&id, &nonce, others[j], solutions[i].zero_bits),
                             others[j] == solutions[i].memory_kib);
        }
    }
}

static void a_solution_serves_no_other_id_and_each_byte_counts(void **state)
{
    (void)state;
    for (size_t which = 0; which < SOLUTIONS; which++) {
        const solution *one = &solutions[which];
        skad_id id;
        skad_puzzle_nonce nonce;
        make_dynamic_solution(one, &id, &nonce);
        for (size_t i = 0; i < sizeof id.bytes; i++) {
            id.bytes[i] ^= 0x10;
            assert_false(solves(one, &id, &nonce));
            id.bytes[i] ^= 0x10;
        }
        for (size_t i = 0; i < sizeof nonce.bytes; i++) {
            nonce.bytes[i] ^= 0x10;
            assert_false(solves(one, &id, &nonce));
            nonce.bytes[i] ^= 0x10;
        }
        assert_true(solves(one, &id, &nonce));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_puzzle_demands_its_bits_and_no_more),
        cmocka_unit_test(dynamic_puzzle_demands_its_bits_and_no_more),
        cmocka_unit_test(a_solution_serves_no_other_epoch),
        cmocka_unit_test(a_solution_serves_no_other_id_and_each_byte_counts),
        cmocka_unit_test(a_solution_serves_no_other_memory),
    };
    return cmocka_run_group_tests_name("puzzle", tests, NULL, NULL);
}
