/* The generator is the documented keystream, forgets what it gave, and has no modulo bias. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sodium.h>

#include "crypto/random.h"

static void the_first_bytes_are_the_published_keystream(void **state)
{
    (void)state;
    /* ChaCha20, zero key, zero nonce (RFC 8439, A.1, test vector 1): bytes 32 to 63, since the
     * first 32 became the next key. */
    static const char *const expected =
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586";
    static const uint8_t seed[SKAD_SEED_BYTES];
    skad_random random;
    uint8_t out[32];
    char text[2 * sizeof out + 1];
    skad_random_init(&random, seed);
    skad_random_bytes(&random, out, sizeof out);
    sodium_bin2hex(text, sizeof text, out, sizeof out);
    assert_string_equal(text, expected);
}

static void each_refill_takes_the_key_that_the_last_one_made(void **state)
{
    (void)state;
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    uint8_t key[SKAD_SEED_BYTES];
    memset(key, 3, sizeof key);
    skad_random random;
    skad_random_init(&random, key);
    for (unsigned round = 0; round < 5; round++) {
        uint8_t stream[256];
        uint8_t out[224];
        crypto_stream_chacha20(stream, sizeof stream, nonce, key);
        skad_random_bytes(&random, out, sizeof out);
        assert_memory_equal(out, stream + 32, sizeof out);
        memcpy(key, stream, sizeof key);
    }
}

static void how_it_is_cut_does_not_change_what_comes(void **state)
{
    (void)state;
    static const uint8_t seed[SKAD_SEED_BYTES] = {1};
    uint8_t whole[1000];
    skad_random random;
    skad_random_init(&random, seed);
    skad_random_bytes(&random, whole, sizeof whole);
    for (size_t step = 1; step <= 300; step += 13) {
        uint8_t pieces[1000];
        skad_random_init(&random, seed);
        for (size_t at = 0; at < sizeof pieces; at += step) {
            size_t left = sizeof pieces - at;
            skad_random_bytes(&random, pieces + at, step < left ? step : left);
        }
        assert_memory_equal(pieces, whole, sizeof whole);
    }
}

static void drawn_bytes_and_the_seed_are_gone_from_the_state(void **state)
{
    (void)state;
    uint8_t seed[SKAD_SEED_BYTES];
    memset(seed, 5, sizeof seed);
    skad_random random;
    skad_random_init(&random, seed);
    uint8_t out[100];
    skad_random_bytes(&random, out, sizeof out);
    assert_memory_not_equal(random.key, seed, sizeof seed);
    static const uint8_t zeros[sizeof out];
    assert_memory_equal(random.pool, zeros, sizeof zeros);
    assert_int_equal(random.used, sizeof out);
}

static void below_stays_below_and_reaches_everything(void **state)
{
    (void)state;
    static const uint8_t seed[SKAD_SEED_BYTES] = {2};
    skad_random random;
    skad_random_init(&random, seed);
    unsigned counts[6] = {0};
    for (unsigned i = 0; i < 6000; i++) {
        uint64_t number = skad_random_below(&random, 6);
        assert_true(number < 6);
        counts[number]++;
    }
    for (unsigned i = 0; i < 6; i++) {
        /* A standard deviation is 29; the seed is fixed, so this holds always or never. */
        assert_in_range(counts[i], 850, 1150);
    }
    for (unsigned i = 0; i < 100; i++) {
        assert_true(skad_random_below(&random, 1) == 0);
    }
}

static void below_refuses_the_numbers_that_would_bias_it(void **state)
{
    (void)state;
    /* For a bound of 3 * 2^62 the lowest 2^62 numbers are refused; a plain remainder would make
     * numbers below 2^62 twice as frequent: half of all instead of a third. */
    static const uint8_t seed[SKAD_SEED_BYTES] = {4};
    skad_random random;
    skad_random_init(&random, seed);
    unsigned low = 0;
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t number = skad_random_below(&random, 3ULL << 62);
        assert_true(number < 3ULL << 62);
        low += number < 1ULL << 62;
    }
    assert_in_range(low, 900, 1100);
}

static void the_system_gives_different_bytes_each_time(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    skad_random_system(a, sizeof a);
    skad_random_system(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_bytes_are_the_published_keystream),
        cmocka_unit_test(each_refill_takes_the_key_that_the_last_one_made),
        cmocka_unit_test(how_it_is_cut_does_not_change_what_comes),
        cmocka_unit_test(drawn_bytes_and_the_seed_are_gone_from_the_state),
        cmocka_unit_test(below_stays_below_and_reaches_everything),
        cmocka_unit_test(below_refuses_the_numbers_that_would_bias_it),
        cmocka_unit_test(the_system_gives_different_bytes_each_time),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
