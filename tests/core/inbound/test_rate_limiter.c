/* Rates by address and prefix: bursts, refill, prefixes that share, families apart, and a flood of
 * prefixes that fills the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/core/base/rate.h"
#include "src/core/inbound/rate_limiter.h"
#include "tests/support/prng.h"

#define SECOND SKAD_US_PER_S

static const uint8_t hash_key[SKAD_TABLE_KEY_BYTES] = {7};

static skad_address ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (skad_address){.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {a, b, c, d}};
}

static void open_limiter(skad_rate_limiter *limiter, size_t cells, skad_rate narrow,
                         skad_rate middle, skad_rate wide)
{
    const skad_rate rates[SKAD_RATE_LEVELS] = {narrow, middle, wide};
    assert_int_equal(skad_rate_limiter_init(limiter, cells, rates, hash_key), SKAD_OK);
}

/* How many of so many requests at one moment are allowed. */
static unsigned allowed(skad_rate_limiter *limiter, const skad_address *source, unsigned count,
                        uint64_t now_us)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        sum += skad_rate_limiter_allows(limiter, source, now_us);
    }
    return sum;
}

static void a_burst_passes_and_then_the_rate(void **state)
{
    (void)state;
    skad_rate_limiter limiter;
    skad_address source = ipv4(8, 1, 1, 1);
    open_limiter(&limiter, 64, (skad_rate){10, 25}, (skad_rate){0}, (skad_rate){0});
    assert_int_equal(allowed(&limiter, &source, 100, SECOND), 25);
    assert_int_equal(allowed(&limiter, &source, 100, SECOND), 0);
    assert_int_equal(allowed(&limiter, &source, 100, 2 * SECOND), 10);
    assert_int_equal(allowed(&limiter, &source, 100, 2 * SECOND + SECOND / 2), 5);
    assert_int_equal(allowed(&limiter, &source, 100, 60 * SECOND), 25); /* no more than a burst */
    skad_rate_limiter_free(&limiter);
}

static void others_are_not_harmed(void **state)
{
    (void)state;
    skad_rate_limiter limiter;
    skad_address loud = ipv4(8, 1, 1, 1);
    skad_address quiet = ipv4(8, 1, 1, 2);
    open_limiter(&limiter, 64, (skad_rate){10, 10}, (skad_rate){0}, (skad_rate){0});
    assert_int_equal(allowed(&limiter, &loud, 1000, SECOND), 10);
    assert_int_equal(allowed(&limiter, &quiet, 10, SECOND), 10);
    skad_rate_limiter_free(&limiter);
}

static void wider_prefixes_share(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        skad_rate rates[3];
        uint8_t family;
        size_t byte;      /* of the address, that is another one for each source */
        unsigned allowed; /* of 100 sources with one request each */
    } cases[] = {
        {"/32 alone", {{1, 1}, {0}, {0}}, SKAD_FAMILY_IPV4, 3, 100},
        {"one /24", {{1, 1}, {5, 5}, {0}}, SKAD_FAMILY_IPV4, 3, 5},
        {"many /24", {{1, 1}, {5, 5}, {0}}, SKAD_FAMILY_IPV4, 2, 100},
        {"one /16", {{1, 1}, {0}, {7, 7}}, SKAD_FAMILY_IPV4, 2, 7},
        {"many /16", {{1, 1}, {0}, {7, 7}}, SKAD_FAMILY_IPV4, 1, 100},
        {"one /64", {{1, 1}, {0}, {0}}, SKAD_FAMILY_IPV6, 8, 1},
        {"many /64", {{1, 1}, {0}, {0}}, SKAD_FAMILY_IPV6, 7, 100},
        {"one /56", {{1, 1}, {5, 5}, {0}}, SKAD_FAMILY_IPV6, 7, 5},
        {"one /48", {{1, 1}, {0}, {7, 7}}, SKAD_FAMILY_IPV6, 6, 7},
        {"many /48", {{1, 1}, {0}, {7, 7}}, SKAD_FAMILY_IPV6, 5, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_rate_limiter limiter;
        unsigned sum = 0;
        open_limiter(&limiter, 4096, cases[i].rates[0], cases[i].rates[1], cases[i].rates[2]);
        for (uint8_t j = 0; j < 100; j++) {
            skad_address source = {.family = cases[i].family, .ip = {8, 1, 1, 1}};
            source.ip[cases[i].byte] = j;
            sum += skad_rate_limiter_allows(&limiter, &source, SECOND);
        }
        if (sum != cases[i].allowed) {
            fail_msg("%s: %u allowed", cases[i].label, sum);
        }
        skad_rate_limiter_free(&limiter);
    }
}

/* At whatever level; and a source without a cell is not. */
static void who_is_exhausted_can_be_told_without_charging(void **state)
{
    (void)state;
    static const skad_rate narrow[] = {{10, 5}, {0}, {0}};
    for (size_t level = 0; level < SKAD_RATE_LEVELS; level++) {
        skad_rate_limiter limiter;
        skad_address loud = ipv4(8, 1, 1, 1);
        skad_address quiet = ipv4(9, 1, 1, 1);
        open_limiter(&limiter, 64, narrow[level], narrow[(level + 2) % 3], narrow[(level + 1) % 3]);
        for (unsigned i = 0; i < 5; i++) {
            assert_false(skad_rate_limiter_exhausted(&limiter, &loud, SECOND));
            assert_false(skad_rate_limiter_exhausted(&limiter, &loud, SECOND));
            assert_true(skad_rate_limiter_allows(&limiter, &loud, SECOND));
        }
        assert_true(skad_rate_limiter_exhausted(&limiter, &loud, SECOND));
        assert_false(skad_rate_limiter_exhausted(&limiter, &quiet, SECOND));
        assert_false(skad_rate_limiter_exhausted(&limiter, &loud, SECOND + SECOND / 10));
        assert_int_equal(allowed(&limiter, &quiet, 10, SECOND), 5);
        skad_rate_limiter_free(&limiter);
    }
}

/* Four cells are one set: each of four addresses has its own, the last as well as the first. */
static void all_of_one_set_are_told_exhausted(void **state)
{
    (void)state;
    skad_rate_limiter limiter;
    open_limiter(&limiter, 4, (skad_rate){1, 2}, (skad_rate){0}, (skad_rate){0});
    for (uint8_t i = 0; i < 4; i++) {
        skad_address source = ipv4(8, 1, 1, i);
        assert_int_equal(allowed(&limiter, &source, 10, SECOND), 2);
    }
    for (uint8_t i = 0; i < 4; i++) {
        skad_address source = ipv4(8, 1, 1, i);
        assert_true(skad_rate_limiter_exhausted(&limiter, &source, SECOND));
    }
    skad_rate_limiter_free(&limiter);
}

/* A refusal at a wide prefix must not be charged to the narrow one. */
static void what_is_refused_is_not_charged(void **state)
{
    (void)state;
    skad_rate_limiter limiter;
    skad_address loud = ipv4(8, 1, 1, 1);
    skad_address other = ipv4(8, 1, 1, 2);
    open_limiter(&limiter, 64, (skad_rate){10, 10}, (skad_rate){10, 5}, (skad_rate){0});
    assert_int_equal(allowed(&limiter, &loud, 100, SECOND), 5);
    assert_int_equal(allowed(&limiter, &other, 100, SECOND), 0);
    assert_int_equal(allowed(&limiter, &other, 5, SECOND + SECOND / 2), 5);
    skad_rate_limiter_free(&limiter);
}

static void without_rates_everything_passes(void **state)
{
    (void)state;
    skad_rate_limiter limiter;
    skad_address source = ipv4(8, 1, 1, 1);
    open_limiter(&limiter, 4, (skad_rate){0}, (skad_rate){0}, (skad_rate){0});
    assert_int_equal(allowed(&limiter, &source, 100000, SECOND), 100000);
    skad_rate_limiter_free(&limiter);
}

/* Ten thousand addresses against 256 cells: what comes through stays near what the cells allow,
 * and pushing one's own cell out washes nothing clean. */
static void a_flood_of_addresses_is_bounded_by_the_table(void **state)
{
    (void)state;
    skad_rate_limiter limiter;
    test_prng prng = {1};
    unsigned sum = 0;
    open_limiter(&limiter, 256, (skad_rate){1, 4}, (skad_rate){0}, (skad_rate){0});
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t number = (uint32_t)test_prng_below(&prng, 10000);
        skad_address source = ipv4(8, 1, (uint8_t)(number >> 8), (uint8_t)number);
        sum += skad_rate_limiter_allows(&limiter, &source, SECOND);
    }
    assert_in_range(sum, 256, 256 * 4 * 5 / 4);
    skad_rate_limiter_free(&limiter);
}

static void a_cell_for_all_follows_the_same_rule(void **state)
{
    (void)state;
    const skad_rate rate = {100, 50};
    const skad_rate none = {0, 0};
    uint64_t until_us = 0;
    unsigned sum = 0;
    for (unsigned i = 0; i < 1000; i++) {
        sum += skad_rate_allows(&rate, 1, &until_us, SECOND + i * SECOND / 1000);
        assert_true(skad_rate_allows(&none, 1, &until_us, SECOND));
    }
    assert_in_range(sum, 148, 151); /* the burst, and a second's rate */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_passes_and_then_the_rate),
        cmocka_unit_test(others_are_not_harmed),
        cmocka_unit_test(wider_prefixes_share),
        cmocka_unit_test(who_is_exhausted_can_be_told_without_charging),
        cmocka_unit_test(all_of_one_set_are_told_exhausted),
        cmocka_unit_test(what_is_refused_is_not_charged),
        cmocka_unit_test(without_rates_everything_passes),
        cmocka_unit_test(a_flood_of_addresses_is_bounded_by_the_table),
        cmocka_unit_test(a_cell_for_all_follows_the_same_rule),
    };
    return cmocka_run_group_tests_name("rate_limiter", tests, NULL, NULL);
}
