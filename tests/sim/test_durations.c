/* Histograms of times: no time is told wrong by more than a column, and quantiles are those of a
 * sorted list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/sim/base/prng.h"
#include "src/sim/experiment/durations.h"
#include "src/sim/experiment/hops.h"

static void one_time_is_told_to_its_column(void **state)
{
    (void)state;
    for (uint64_t us = 0; us < 100000000; us += 1 + us / 97) {
        skad_sim_durations durations = {{0}};
        skad_sim_durations_count(&durations, us);
        uint64_t told = skad_sim_durations_us(&durations, 0.5);
        assert_in_range(told, us, us + us / 16);
        assert_int_equal(skad_sim_durations_us(&durations, 0), told);
        assert_int_equal(skad_sim_durations_us(&durations, 1), told);
    }
}

static void without_times_and_beyond_the_last_column_there_is_an_answer(void **state)
{
    (void)state;
    skad_sim_durations durations = {{0}};
    assert_int_equal(skad_sim_durations_us(&durations, 0.99), 0);
    skad_sim_durations_count(&durations, UINT64_MAX);
    assert_true(skad_sim_durations_us(&durations, 0.99) >= 134000000);
}

static int by_size(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void quantiles_are_those_of_the_sorted_times(void **state)
{
    (void)state;
    static uint64_t times[1000];
    static const size_t ranks[] = {1, 10, 500, 900, 990, 1000};
    skad_sim_durations durations = {{0}};
    skad_prng prng;
    skad_prng_init(&prng, 7, SKAD_PRNG_WORK);
    for (size_t i = 0; i < 1000; i++) {
        times[i] = (uint64_t)skad_prng_log_normal(&prng, 100000, 1.5);
        skad_sim_durations_count(&durations, times[i]);
    }
    qsort(times, 1000, sizeof times[0], by_size);
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        uint64_t exact = times[ranks[i] - 1];
        assert_in_range(skad_sim_durations_us(&durations, (double)ranks[i] / 1000), exact,
                        exact + exact / 16);
    }
}

static void requests_are_told_exactly_below_thirty_two(void **state)
{
    (void)state;
    for (uint64_t count = 0; count < 1900; count++) {
        skad_sim_requests requests = {{0}};
        skad_sim_requests_count(&requests, count);
        uint64_t told = skad_sim_requests_at(&requests, 0.9);
        assert_in_range(told, count, count < 32 ? count : count + count / 16);
    }
}

static void hops_have_quantiles(void **state)
{
    (void)state;
    uint64_t hops[SKAD_SIM_HOPS] = {0};
    assert_int_equal(skad_sim_hops_at(hops, 0.5), 0);
    for (uint8_t i = 0; i < 100; i++) {
        skad_sim_hops_count(hops, i < 50 ? 1 : i < 90 ? 3 : 200);
    }
    assert_int_equal(skad_sim_hops_at(hops, 0.5), 1);
    assert_int_equal(skad_sim_hops_at(hops, 0.9), 3);
    assert_int_equal(skad_sim_hops_at(hops, 0.99), SKAD_SIM_HOPS - 1);
}

static void the_nearest_answer_and_the_first_giver_count(void **state)
{
    (void)state;
    const skad_id key = {{0}};
    skad_sim_hop hop = {0};
    const skad_step steps[] = {
        {.id = {{8}}, .hop = 1, .state = SKAD_STEP_ANSWERED},
        {.id = {{1}}, .hop = 5, .state = SKAD_STEP_FAILED},
        {.id = {{2}}, .hop = 2, .state = SKAD_STEP_ANSWERED, .gave_value = true},
        {.id = {{4}}, .hop = 3, .state = SKAD_STEP_ANSWERED, .gave_value = true},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        skad_sim_hop_see(&hop, &key, &steps[i]);
    }
    assert_true(hop.answered && hop.gave);
    assert_int_equal(hop.nearest, 2);
    assert_int_equal(hop.giver, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_time_is_told_to_its_column),
        cmocka_unit_test(without_times_and_beyond_the_last_column_there_is_an_answer),
        cmocka_unit_test(quantiles_are_those_of_the_sorted_times),
        cmocka_unit_test(requests_are_told_exactly_below_thirty_two),
        cmocka_unit_test(hops_have_quantiles),
        cmocka_unit_test(the_nearest_answer_and_the_first_giver_count),
    };
    return cmocka_run_group_tests_name("sim durations", tests, NULL, NULL);
}
