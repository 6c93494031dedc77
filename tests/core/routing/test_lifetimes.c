/* How long peers stay, estimated from what a node sees. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/lifetimes.h"
#include "tests/support/prng.h"

#define MINUTE_MS UINT32_C(60000)

static double mean_minutes(const skad_lifetimes *lifetimes)
{
    return (double)skad_lifetimes_mean_us(lifetimes) / (60.0 * (double)SKAD_US_PER_S);
}

static void a_node_begins_with_sixteen_minutes(void **state)
{
    (void)state;
    skad_lifetimes lifetimes;
    skad_lifetimes_init(&lifetimes, SKAD_LIFETIMES_FIRST_US);
    assert_int_equal(skad_lifetimes_mean_us(&lifetimes), SKAD_LIFETIMES_FIRST_US);
    skad_lifetimes_init(&lifetimes, UINT64_MAX);
    assert_int_equal(skad_lifetimes_mean_us(&lifetimes), 32 * 3600 * SKAD_US_PER_S);
    skad_lifetimes_init(&lifetimes, 0);
    assert_int_equal(skad_lifetimes_mean_us(&lifetimes), 0);
}

static void the_mean_is_time_seen_over_leavers(void **state)
{
    (void)state;
    skad_lifetimes lifetimes;
    skad_lifetimes_init(&lifetimes, SKAD_LIFETIMES_FIRST_US); /* one of sixteen minutes */
    for (int i = 0; i < 6; i++) {
        skad_lifetimes_ended(&lifetimes);
        skad_lifetimes_lived(&lifetimes, 6 * MINUTE_MS);
    }
    assert_int_equal(skad_lifetimes_mean_us(&lifetimes), (16 + 36) * 60 * SKAD_US_PER_S / 7);
}

/* A node whose network was down for a week has not watched its peers for a week. */
static void an_answer_counts_for_half_an_hour_at_most(void **state)
{
    (void)state;
    skad_lifetimes lifetimes;
    skad_lifetimes_init(&lifetimes, SKAD_LIFETIMES_FIRST_US);
    skad_lifetimes_lived(&lifetimes, 7 * 24 * 60 * MINUTE_MS);
    assert_int_equal(skad_lifetimes_mean_us(&lifetimes), (16 + 30) * 60 * SKAD_US_PER_S);
}

static void where_nobody_leaves_they_seem_to_stay_for_ever(void **state)
{
    (void)state;
    skad_lifetimes lifetimes;
    skad_lifetimes_init(&lifetimes, SKAD_LIFETIMES_FIRST_US);
    for (int i = 0; i < 5000; i++) {
        skad_lifetimes_lived(&lifetimes, 15 * MINUTE_MS);
        assert_true(skad_lifetimes_sound(&lifetimes));
    }
    assert_int_equal(skad_lifetimes_mean_us(&lifetimes), UINT64_MAX);
}

static void nor_do_many_ends_overflow(void **state)
{
    (void)state;
    skad_lifetimes lifetimes;
    skad_lifetimes_init(&lifetimes, UINT64_MAX);
    for (int i = 0; i < 100000; i++) {
        skad_lifetimes_ended(&lifetimes);
        assert_true(skad_lifetimes_sound(&lifetimes));
    }
    assert_int_equal(skad_lifetimes_mean_us(&lifetimes), 0);
}

/* Peers with exponential lives are asked every so often; who does not answer gives way to another.
 */
static void watch(skad_lifetimes *lifetimes, test_prng *prng, double mean_ms, double every_ms,
                  double for_ms)
{
    const size_t peers = 100;
    for (double now_ms = 0; now_ms < for_ms; now_ms += every_ms) {
        for (size_t i = 0; i < peers; i++) {
            double drawn = (double)test_prng_below(prng, 1U << 30) / (1U << 30);
            if (drawn < exp(-every_ms / mean_ms)) {
                skad_lifetimes_lived(lifetimes, (uint32_t)every_ms);
            } else {
                skad_lifetimes_ended(lifetimes);
            }
        }
    }
}

static void exponential_lives_are_estimated_and_changes_noticed(void **state)
{
    (void)state;
    static const double means[] = {60, 10, 120, 20};
    skad_lifetimes lifetimes;
    test_prng prng = {5};
    skad_lifetimes_init(&lifetimes, SKAD_LIFETIMES_FIRST_US);
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        double every_ms = 3 * MINUTE_MS;
        watch(&lifetimes, &prng, means[i] * MINUTE_MS, every_ms, 60 * MINUTE_MS);
        double ratio = mean_minutes(&lifetimes) / means[i];
        print_message("mean %.0f min: %.1f after an hour of a hundred peers\n", means[i],
                      mean_minutes(&lifetimes));
        assert_true(ratio > 0.5 && ratio < 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_begins_with_sixteen_minutes),
        cmocka_unit_test(the_mean_is_time_seen_over_leavers),
        cmocka_unit_test(an_answer_counts_for_half_an_hour_at_most),
        cmocka_unit_test(where_nobody_leaves_they_seem_to_stay_for_ever),
        cmocka_unit_test(nor_do_many_ends_overflow),
        cmocka_unit_test(exponential_lives_are_estimated_and_changes_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
