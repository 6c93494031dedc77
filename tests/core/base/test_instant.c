/* Instants in 32 bits: their order, also where the counter comes round. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/base/instant.h"

#define DAY_US   (86400 * SKAD_US_PER_S)
#define ROUND_MS (UINT64_C(1) << 32) /* the counter of milliseconds comes round */

static int32_t later(uint32_t a, uint32_t b)
{
    int32_t ms = skad_instant_later((skad_instant){a}, (skad_instant){b});
    assert_int_equal(ms, skad_second_later((skad_second){a}, (skad_second){b}));
    return ms;
}

static uint32_t kept(uint32_t ms, uint32_t now_ms)
{
    return skad_instant_kept((skad_instant){ms}, (skad_instant){now_ms}).ms;
}

static void the_later_of_two_is_told_across_the_turn_of_the_counter(void **state)
{
    (void)state;
    assert_int_equal(later(5, 3), 2);
    assert_int_equal(later(3, 5), -2);
    assert_int_equal(later(7, 7), 0);
    assert_int_equal(later(2, UINT32_MAX), 3);
    assert_int_equal(later(UINT32_MAX, 2), -3);
}

static void units_are_cut_off_and_not_rounded(void **state)
{
    (void)state;
    assert_int_equal(skad_instant_at(1999).ms, 1);
    assert_int_equal(skad_second_at(1999999).s, 1);
    assert_int_equal(skad_instant_at((ROUND_MS + 6) * SKAD_US_PER_MS).ms, 6);
}

static void microseconds_come_back_from_both_sides_of_now(void **state)
{
    static const struct {
        const char *label;
        uint64_t now_us;
        int64_t away_us;
    } cases[] = {
        {"now", 100 * DAY_US, 0},
        {"half an hour ahead", 100 * DAY_US, 1800000000},
        {"an hour ago", 100 * DAY_US, -3600000000},
        {"24 days ago", 100 * DAY_US, -24 * (int64_t)DAY_US},
        {"24 days ahead", 100 * DAY_US, 24 * (int64_t)DAY_US},
        {"across the turn ahead", (ROUND_MS - 2) * SKAD_US_PER_MS, 5000},
        {"across the turn back", (ROUND_MS + 2) * SKAD_US_PER_MS, -5000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t us = cases[i].now_us + (uint64_t)cases[i].away_us;
        if (skad_instant_us(skad_instant_at(us), cases[i].now_us) != us) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void time_since_an_instant_crosses_the_turn_of_the_counter(void **state)
{
    (void)state;
    const skad_instant before = skad_instant_at((ROUND_MS - 2) * SKAD_US_PER_MS);
    assert_int_equal(skad_instant_since_ms(before, (ROUND_MS + 3) * SKAD_US_PER_MS), 5);
    assert_int_equal(skad_second_since_s((skad_second){UINT32_MAX}, 4 * SKAD_US_PER_S), 5);
}

static void an_old_instant_is_kept_at_twelve_days(void **state)
{
    (void)state;
    const uint32_t now_ms = 500; /* just after the turn */
    const uint32_t twelve_days_ms = UINT32_C(1) << 30;
    assert_int_equal(kept(now_ms - twelve_days_ms, now_ms), now_ms - twelve_days_ms);
    assert_int_equal(kept(now_ms - twelve_days_ms - 1, now_ms), now_ms - twelve_days_ms);
    assert_int_equal(kept(now_ms - 3, now_ms), now_ms - 3);
    assert_int_equal(kept(now_ms + 3, now_ms), now_ms + 3); /* what is to come, too */
}

/* Looked at once a week, an instant of long ago never seems to be of tomorrow. */
static void an_instant_that_is_looked_at_never_comes_round(void **state)
{
    (void)state;
    uint32_t ms = 0;
    for (uint64_t us = 0; us < 400 * DAY_US; us += 7 * DAY_US) {
        ms = kept(ms, skad_instant_at(us).ms);
        assert_true(later(ms, skad_instant_at(us).ms) <= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_later_of_two_is_told_across_the_turn_of_the_counter),
        cmocka_unit_test(units_are_cut_off_and_not_rounded),
        cmocka_unit_test(microseconds_come_back_from_both_sides_of_now),
        cmocka_unit_test(time_since_an_instant_crosses_the_turn_of_the_counter),
        cmocka_unit_test(an_old_instant_is_kept_at_twelve_days),
        cmocka_unit_test(an_instant_that_is_looked_at_never_comes_round),
    };
    return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
