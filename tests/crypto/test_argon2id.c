/* Argon2id beside libsodium's, which takes its own memory: the same bytes for any input, salt and
 * memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "crypto/argon2id.h"
#include "crypto/hard_hash.h"
#include "crypto/keys.h"
#include "crypto/random.h"

#define LARGEST_KIB 3000

static skad_random random_source;

static uint32_t below(uint32_t bound)
{
    uint32_t number;
    skad_random_bytes(&random_source, (uint8_t *)&number, sizeof number);
    return number % bound;
}

static void compare(uint32_t memory_kib, size_t len, void *memory)
{
    uint8_t input[SKAD_ARGON2ID_INPUT_BYTES_MAX];
    uint8_t salt[SKAD_ARGON2ID_SALT_BYTES];
    uint8_t ours[SKAD_ARGON2ID_OUT_BYTES];
    uint8_t theirs[SKAD_ARGON2ID_OUT_BYTES];
    skad_random_bytes(&random_source, input, sizeof input);
    skad_random_bytes(&random_source, salt, sizeof salt);
    assert_int_equal(crypto_pwhash_argon2id(theirs, sizeof theirs, (const char *)input, len, salt,
                                            1, (size_t)memory_kib << 10,
                                            crypto_pwhash_argon2id_ALG_ARGON2ID13),
                     0);
    for (int kind = SKAD_ARGON2ID_PORTABLE; kind <= (int)skad_argon2id_best(); kind++) {
        skad_argon2id(input, len, salt, memory_kib, memory, (skad_argon2id_kind)kind, ours);
        if (memcmp(ours, theirs, sizeof ours) != 0) {
            fail_msg("kind %d, %u KiB, %zu bytes", kind, (unsigned)memory_kib, len);
        }
    }
}

/* Up to 1100 KiB all that differ in how they are cut, then some: from 512 blocks a segment on,
 * positions need more than one block of addresses. */
static void it_is_what_libsodium_says(void **state)
{
    (void)state;
    void *memory = aligned_alloc(SKAD_ARGON2ID_MEMORY_ALIGN, LARGEST_KIB << 10);
    assert_non_null(memory);
    for (uint32_t memory_kib = 8; memory_kib < 80; memory_kib++) {
        compare(memory_kib, 32, memory);
    }
    for (size_t len = 0; len <= SKAD_ARGON2ID_INPUT_BYTES_MAX; len++) {
        compare(8, len, memory);
    }
    for (unsigned i = 0; i < 60; i++) {
        compare(80 + below(LARGEST_KIB - 80), 48, memory);
    }
    for (uint32_t memory_kib = 508; memory_kib <= 516; memory_kib++) {
        compare(memory_kib, 48, memory);
        compare(2 * memory_kib, 48, memory);
    }
    free(memory);
}

/* What the memory held before makes no difference. */
static void it_reads_nothing_that_it_has_not_written(void **state)
{
    (void)state;
    static const uint8_t input[32] = {1};
    static const uint8_t salt[SKAD_ARGON2ID_SALT_BYTES] = {2};
    uint8_t outs[2][SKAD_ARGON2ID_OUT_BYTES];
    void *memory = aligned_alloc(SKAD_ARGON2ID_MEMORY_ALIGN, 64 << 10);
    assert_non_null(memory);
    for (int i = 0; i < 2; i++) {
        memset(memory, i == 0 ? 0 : 0xff, 64 << 10);
        skad_argon2id(input, sizeof input, salt, 64, memory, skad_argon2id_best(), outs[i]);
    }
    assert_memory_equal(outs[0], outs[1], sizeof outs[0]);
    free(memory);
}

/* Memory beyond what a thread keeps is given back, and the hash is the same each time. */
static void memory_is_held_to_its_bounds(void **state)
{
    (void)state;
    uint8_t first[SKAD_HASH_BYTES];
    uint8_t again[SKAD_HASH_BYTES];
    assert_true(skad_hard_hash_memory_ok(0));
    assert_false(skad_hard_hash_memory_ok(SKAD_HARD_HASH_KIB_MIN - 1));
    assert_true(skad_hard_hash_memory_ok(SKAD_HARD_HASH_KIB_MIN));
    assert_true(skad_hard_hash_memory_ok(SKAD_HARD_HASH_KIB_MAX));
    assert_false(skad_hard_hash_memory_ok(SKAD_HARD_HASH_KIB_MAX + 1));
    assert_int_equal(skad_hard_hash(SKAD_HASH_NODE_ID, SKAD_HARD_HASH_KIB_MAX, first, 0, again),
                     SKAD_OK);
    assert_int_equal(skad_hard_hash(SKAD_HASH_NODE_ID, SKAD_HARD_HASH_KIB_MAX, first, 0, first),
                     SKAD_OK);
    assert_memory_equal(first, again, sizeof first);
}

int main(void)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {7};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_libsodium_says),
        cmocka_unit_test(it_reads_nothing_that_it_has_not_written),
        cmocka_unit_test(memory_is_held_to_its_bounds),
    };
    skad_crypto_init();
    skad_random_init(&random_source, seed);
    return cmocka_run_group_tests_name("argon2id", tests, NULL, NULL);
}
