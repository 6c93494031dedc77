/* How long answers take in the network, and the timeout that follows, which no minority moves far.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/round_trips.h"
#include "src/core/routing/rtt.h"

#define V4     SKAD_FAMILY_IPV4
#define V6     SKAD_FAMILY_IPV6
#define MS(us) ((us)*SKAD_US_PER_MS)

static void note(skad_round_trips *trips, unsigned count, uint64_t us)
{
    for (unsigned i = 0; i < count; i++) {
        skad_round_trips_note(trips, V4, us);
    }
}

static void without_a_sample_it_is_a_second(void **state)
{
    (void)state;
    skad_round_trips trips = {0};
    assert_int_equal(skad_round_trips_timeout_us(&trips, V4), SKAD_RTO_INITIAL_US);
    note(&trips, 50, MS(20));
    assert_int_equal(skad_round_trips_timeout_us(&trips, V6), SKAD_RTO_INITIAL_US);
}

/* The first few answers may all be those of liars nearby. */
static void a_few_samples_do_not_shorten_it(void **state)
{
    (void)state;
    skad_round_trips trips = {0};
    note(&trips, 20, MS(1));
    assert_int_equal(skad_round_trips_timeout_us(&trips, V4), SKAD_RTO_INITIAL_US);
    note(&trips, 10, MS(1));
    assert_int_equal(skad_round_trips_timeout_us(&trips, V4), SKAD_RTO_MIN_US);
}

/* A step of the histogram is a fifth. */
static void it_is_twice_as_long_as_three_quarters_of_the_answers_took(void **state)
{
    static const uint64_t trips_us[] = {MS(15), MS(40), MS(100), MS(400)};
    (void)state;
    for (size_t i = 0; i < sizeof trips_us / sizeof trips_us[0]; i++) {
        skad_round_trips trips = {0};
        for (unsigned j = 0; j < 50; j++) {
            note(&trips, 1, trips_us[i] / 2);
            note(&trips, 3, trips_us[i]);
            note(&trips, 1, trips_us[i] * 2);
        }
        assert_in_range(skad_round_trips_timeout_us(&trips, V4), trips_us[i] * 2,
                        trips_us[i] * 12 / 5);
    }
}

/* At the end of a step as in its middle, in the first octave as in the last. */
static void each_time_is_told_by_at_most_a_fifth_more(void **state)
{
    (void)state;
    for (uint64_t us = SKAD_RTO_MIN_US / 2; us <= SKAD_RTO_INITIAL_US / 2; us += 7) {
        skad_round_trips trips = {0};
        note(&trips, 100, us);
        const uint64_t timeout = skad_round_trips_timeout_us(&trips, V4);
        const uint64_t most = us * 12 / 5;
        assert_in_range(timeout, 2 * us, most > SKAD_RTO_INITIAL_US ? SKAD_RTO_INITIAL_US : most);
    }
}

static void it_keeps_within_its_bounds(void **state)
{
    (void)state;
    skad_round_trips trips = {0};
    note(&trips, 100, 0);
    assert_int_equal(skad_round_trips_timeout_us(&trips, V4), SKAD_RTO_MIN_US);
    note(&trips, 1000, UINT64_MAX);
    assert_int_equal(skad_round_trips_timeout_us(&trips, V4), SKAD_RTO_INITIAL_US);
}

/* Seven of ten answer at once: honest nodes are still given their time. Two of ten answer as late
 * as they can: the dead are not waited for longer. */
static void a_minority_of_liars_moves_it_little(void **state)
{
    (void)state;
    skad_round_trips fast = {0};
    skad_round_trips late = {0};
    for (unsigned i = 0; i < 100; i++) {
        note(&fast, 7, MS(1));
        note(&fast, 3, MS(40));
        note(&late, 8, MS(40));
        note(&late, 2, MS(900));
    }
    assert_in_range(skad_round_trips_timeout_us(&fast, V4), MS(80), MS(96));
    assert_in_range(skad_round_trips_timeout_us(&late, V4), MS(80), MS(96));
}

/* One node of twenty is far away: no lookup waits for all as for that, but it is waited for. */
static void the_slowest_are_given_their_time(void **state)
{
    (void)state;
    skad_round_trips trips = {0};
    assert_int_equal(skad_round_trips_late_us(&trips, V4), SKAD_RTO_INITIAL_US);
    for (unsigned i = 0; i < 10; i++) {
        note(&trips, 19, MS(30));
        note(&trips, 1, MS(300));
    }
    assert_in_range(skad_round_trips_timeout_us(&trips, V4), MS(60), MS(72));
    assert_in_range(skad_round_trips_late_us(&trips, V4), MS(600), MS(720));
    skad_round_trips fast = {0};
    note(&fast, 100, MS(30));
    assert_in_range(skad_round_trips_late_us(&fast, V4), MS(60), MS(72));
}

static void it_follows_a_network_that_has_become_slower(void **state)
{
    (void)state;
    skad_round_trips trips = {0};
    note(&trips, 10000, MS(20));
    assert_in_range(skad_round_trips_timeout_us(&trips, V4), MS(40), MS(48));
    note(&trips, 500, MS(200));
    assert_in_range(skad_round_trips_timeout_us(&trips, V4), MS(400), MS(480));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_sample_it_is_a_second),
        cmocka_unit_test(a_few_samples_do_not_shorten_it),
        cmocka_unit_test(it_is_twice_as_long_as_three_quarters_of_the_answers_took),
        cmocka_unit_test(each_time_is_told_by_at_most_a_fifth_more),
        cmocka_unit_test(it_keeps_within_its_bounds),
        cmocka_unit_test(a_minority_of_liars_moves_it_little),
        cmocka_unit_test(the_slowest_are_given_their_time),
        cmocka_unit_test(it_follows_a_network_that_has_become_slower),
    };
    return cmocka_run_group_tests_name("round_trips", tests, NULL, NULL);
}
