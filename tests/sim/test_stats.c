/* Intervals: over worlds where trials share a target, over trials where they do not; and whether
 * they contain the truth as often as they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "src/sim/base/prng.h"
#include "src/sim/report/stats.h"

#define EIGHT 8

static bool close_to(double a, double b)
{
    return fabs(a - b) < 1e-3;
}

/* The eight seeds of the complaint: each world found its key captured or not, in all of its 500
 * lookups, and each reported an interval of less than a percent around 0 or around 1. */
static const double eight_parts[EIGHT] = {500, 0, 500, 500, 0, 500, 0, 500};
static const double eight_wholes[EIGHT] = {500, 500, 500, 500, 500, 500, 500, 500};

static void one_world_says_nothing_about_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < EIGHT; i++) {
        skad_sim_estimate it = skad_sim_estimate_share(&eight_parts[i], &eight_wholes[i], 1, false);
        assert_true(it.interval.low <= 0 && it.interval.high >= 1); /* both 0 and 1 are in it */
        assert_int_equal(it.method, SKAD_SIM_METHOD_NONE);
        assert_int_equal(it.samples, 1);
    }
}

static void eight_worlds_of_all_or_nothing_have_a_wide_interval(void **state)
{
    (void)state;
    skad_sim_estimate it = skad_sim_estimate_share(eight_parts, eight_wholes, EIGHT, false);
    assert_int_equal(it.method, SKAD_SIM_METHOD_BOOTSTRAP);
    assert_int_equal(it.samples, EIGHT);
    assert_true(close_to(it.value, 5.0 / 8));
    assert_true(it.interval.low <= 0.25 && it.interval.high > 0.87);
    /* Taken for 4,000 independent lookups, it would be less than four percent wide. */
    it = skad_sim_estimate_share(eight_parts, eight_wholes, EIGHT, true);
    assert_int_equal(it.method, SKAD_SIM_METHOD_WILSON);
    assert_int_equal(it.samples, 4000);
    assert_true(it.interval.high - it.interval.low < 0.04);
}

static void worlds_that_all_agree_leave_room_for_others(void **state)
{
    (void)state;
    const double all[EIGHT] = {500, 500, 500, 500, 500, 500, 500, 500};
    skad_sim_estimate it = skad_sim_estimate_share(all, eight_wholes, EIGHT, false);
    assert_int_equal(it.method, SKAD_SIM_METHOD_WORLDS);
    assert_true(it.interval.high >= 1);
    assert_true(close_to(it.interval.low, skad_sim_wilson(8, 8).low));
}

static void worlds_with_one_trial_each_are_trials(void **state)
{
    (void)state;
    const double parts[] = {1, 0, 1, 1};
    const double wholes[] = {1, 1, 1, 1};
    skad_sim_estimate it = skad_sim_estimate_share(parts, wholes, 4, false);
    assert_int_equal(it.method, SKAD_SIM_METHOD_WILSON);
    assert_true(close_to(it.interval.low, skad_sim_wilson(3, 4).low));
}

static void worlds_without_a_trial_do_not_count(void **state)
{
    (void)state;
    const double parts[] = {0, 3, 0, 5};
    const double wholes[] = {0, 10, 0, 10};
    skad_sim_estimate it = skad_sim_estimate_share(parts, wholes, 4, false);
    assert_int_equal(it.samples, 2);
    assert_true(close_to(it.value, 0.4));
    it = skad_sim_estimate_share(parts, wholes, 1, false);
    assert_int_equal(it.samples, 0);
    assert_true(it.interval.low <= 0 && it.interval.high >= 1);
}

static void the_same_worlds_have_the_same_interval(void **state)
{
    (void)state;
    skad_sim_estimate one = skad_sim_estimate_share(eight_parts, eight_wholes, EIGHT, false);
    skad_sim_estimate two = skad_sim_estimate_share(eight_parts, eight_wholes, EIGHT, false);
    assert_memory_equal(&one.interval, &two.interval, sizeof one.interval);
}

/* Draws worlds whose shares differ (the mean of two uniform numbers: mean 0.5), 400 times, and
 * counts how often the interval contains 0.5. */
static double coverage(size_t worlds, bool independent)
{
    skad_prng prng;
    unsigned contained = 0;
    skad_prng_init(&prng, worlds, 1);
    for (int round = 0; round < 400; round++) {
        double parts[SKAD_SIM_WORLDS_MAX];
        double wholes[SKAD_SIM_WORLDS_MAX];
        for (size_t i = 0; i < worlds; i++) {
            const double share = (skad_prng_unit(&prng) + skad_prng_unit(&prng)) / 2;
            wholes[i] = 200;
            parts[i] = 0;
            for (int trial = 0; trial < 200; trial++) {
                parts[i] += skad_prng_chance(&prng, share);
            }
        }
        skad_sim_estimate it = skad_sim_estimate_share(parts, wholes, worlds, independent);
        contained += it.interval.low <= 0.5 && it.interval.high >= 0.5;
    }
    return contained / 400.0;
}

static void intervals_contain_the_truth_as_often_as_they_say(void **state)
{
    (void)state;
    static const size_t worlds[] = {2, 3, 4, 5, 8, 20, 50};
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        double share = coverage(worlds[i], false);
        print_message("%zu worlds: %.3f\n", worlds[i], share);
        assert_true(share >= 0.92 && (share <= 0.99 || worlds[i] < 5));
    }
    /* What was wrong: trials of one world taken for independent. */
    assert_true(coverage(8, true) < 0.5);
}

static void a_mean_has_an_interval_over_worlds(void **state)
{
    (void)state;
    const double parts[] = {100, 120, 80, 140};
    const double wholes[] = {10, 10, 10, 10};
    skad_sim_estimate it = skad_sim_estimate_mean(parts, wholes, 4);
    assert_true(close_to(it.value, 11));
    assert_int_equal(it.method, SKAD_SIM_METHOD_STUDENT);
    /* Deviation 2.582, its error 1.291, t with three degrees of freedom 3.182. */
    assert_true(close_to(it.interval.low, 11 - 4.108) && close_to(it.interval.high, 11 + 4.108));
    const double more[] = {100, 120, 80, 140, 100, 120};
    const double tens[] = {10, 10, 10, 10, 10, 10};
    it = skad_sim_estimate_mean(more, tens, 6);
    assert_int_equal(it.method, SKAD_SIM_METHOD_BOOTSTRAP);
    assert_true(it.interval.low >= 8 && it.interval.low < 10);
    assert_true(it.interval.high > 12 && it.interval.high <= 14);
    it = skad_sim_estimate_mean(parts, wholes, 1);
    assert_true(close_to(it.interval.low, 10) && close_to(it.interval.high, 10));
    assert_int_equal(it.method, SKAD_SIM_METHOD_NONE);
}

static void methods_have_names(void **state)
{
    (void)state;
    assert_string_equal(skad_sim_method_text(SKAD_SIM_METHOD_NONE), "none");
    assert_string_equal(skad_sim_method_text(SKAD_SIM_METHOD_WILSON), "wilson");
    assert_string_equal(skad_sim_method_text(SKAD_SIM_METHOD_BOOTSTRAP), "bootstrap");
    assert_string_equal(skad_sim_method_text(SKAD_SIM_METHOD_WORLDS), "worlds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_world_says_nothing_about_others),
        cmocka_unit_test(eight_worlds_of_all_or_nothing_have_a_wide_interval),
        cmocka_unit_test(worlds_that_all_agree_leave_room_for_others),
        cmocka_unit_test(worlds_with_one_trial_each_are_trials),
        cmocka_unit_test(worlds_without_a_trial_do_not_count),
        cmocka_unit_test(the_same_worlds_have_the_same_interval),
        cmocka_unit_test(intervals_contain_the_truth_as_often_as_they_say),
        cmocka_unit_test(a_mean_has_an_interval_over_worlds),
        cmocka_unit_test(methods_have_names),
    };
    return cmocka_run_group_tests_name("sim stats", tests, NULL, NULL);
}
