/* A rate with a burst: how much fits now, and when more does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/base/rate.h"

#define NOW_US (5 * SKAD_US_PER_S)

static void a_burst_fits_at_once_and_then_one_at_a_time(void **state)
{
    (void)state;
    const skad_rate rate = {.per_s = 10, .burst = 5};
    uint64_t until_us = 0;
    for (unsigned i = 0; i < 5; i++) {
        assert_true(skad_rate_allows(&rate, 1, &until_us, NOW_US));
    }
    assert_int_equal(until_us, NOW_US + 500000);
    assert_false(skad_rate_allows(&rate, 1, &until_us, NOW_US));
    assert_false(skad_rate_allows(&rate, 1, &until_us, NOW_US)); /* the second time, too */
    assert_int_equal(until_us, NOW_US + 500000); /* what was refused costs nothing */
    assert_true(skad_rate_allows(&rate, 1, &until_us, NOW_US + 1));
    assert_false(skad_rate_allows(&rate, 1, &until_us, NOW_US + 100000));
    assert_true(skad_rate_allows(&rate, 1, &until_us, NOW_US + 100001));
}

static void what_is_not_used_is_not_saved_beyond_a_burst(void **state)
{
    (void)state;
    const skad_rate rate = {.per_s = 10, .burst = 5};
    uint64_t until_us = NOW_US;
    unsigned allowed = 0;
    while (skad_rate_allows(&rate, 1, &until_us, NOW_US + 3600 * SKAD_US_PER_S)) {
        allowed++;
    }
    assert_int_equal(allowed, 5);
}

/* A datagram is let through as long as there is any room, and its whole length is paid for. */
static void what_goes_beyond_the_burst_is_waited_off(void **state)
{
    (void)state;
    const skad_rate rate = {.per_s = 1000, .burst = 1000};
    uint64_t until_us = 0;
    assert_true(skad_rate_allows(&rate, 999, &until_us, NOW_US));
    assert_true(skad_rate_allows(&rate, 500, &until_us, NOW_US));
    assert_int_equal(until_us, NOW_US + 1499000);
    assert_false(skad_rate_has_room(&rate, until_us, NOW_US + 499000));
    assert_true(skad_rate_has_room(&rate, until_us, NOW_US + 499001));
}

static void a_part_of_a_microsecond_counts_as_a_whole(void **state)
{
    (void)state;
    const skad_rate rate = {.per_s = 3, .burst = 3};
    uint64_t until_us = NOW_US;
    skad_rate_charge(&rate, 1, &until_us, NOW_US);
    assert_int_equal(until_us, NOW_US + 333334);
    skad_rate_charge(&rate, 3, &until_us, NOW_US);
    assert_int_equal(until_us, NOW_US + 1333334);
}

static void what_was_used_long_ago_is_not_owed_any_more(void **state)
{
    (void)state;
    const skad_rate rate = {.per_s = 1, .burst = 1};
    uint64_t until_us = NOW_US - 1;
    assert_true(skad_rate_has_room(&rate, until_us, NOW_US));
    skad_rate_charge(&rate, 1, &until_us, NOW_US);
    assert_int_equal(until_us, NOW_US + SKAD_US_PER_S);
}

static void a_rate_of_zero_allows_all_and_counts_nothing(void **state)
{
    (void)state;
    const skad_rate none = {0};
    uint64_t until_us = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(skad_rate_allows(&none, UINT32_MAX, &until_us, NOW_US));
    }
    assert_int_equal(until_us, 0);
    assert_true(skad_rate_relaxed(&none, 0, NOW_US));
}

static void it_is_relaxed_until_half_of_a_burst_is_used(void **state)
{
    (void)state;
    const skad_rate rate = {.per_s = 1, .burst = 10};
    assert_true(skad_rate_relaxed(&rate, 0, NOW_US));
    assert_true(skad_rate_relaxed(&rate, NOW_US, NOW_US));
    assert_true(skad_rate_relaxed(&rate, NOW_US + 5000000, NOW_US));
    assert_false(skad_rate_relaxed(&rate, NOW_US + 5000001, NOW_US));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_fits_at_once_and_then_one_at_a_time),
        cmocka_unit_test(what_is_not_used_is_not_saved_beyond_a_burst),
        cmocka_unit_test(what_goes_beyond_the_burst_is_waited_off),
        cmocka_unit_test(a_part_of_a_microsecond_counts_as_a_whole),
        cmocka_unit_test(what_was_used_long_ago_is_not_owed_any_more),
        cmocka_unit_test(a_rate_of_zero_allows_all_and_counts_nothing),
        cmocka_unit_test(it_is_relaxed_until_half_of_a_burst_is_used),
    };
    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
