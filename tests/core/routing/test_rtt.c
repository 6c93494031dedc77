/* Round-trip times: the arithmetic of RFC 6298, and the clamps of ours. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/rtt.h"

#define SAMPLES_MAX 5

typedef struct rtt_case {
    const char *label;
    size_t count;
    uint64_t samples[SAMPLES_MAX];
    uint32_t smoothed_us;
    uint32_t deviation_us;
    uint64_t timeout_us;
} rtt_case;

/* Each row worked out by hand: deviation' = (3 deviation + |smoothed - sample|) / 4, then
 * smoothed' = (7 smoothed + sample) / 8, timeout = smoothed + 4 deviation. */
static const rtt_case cases[] = {
    {"no sample: a second", 0, {0}, 0, 0, 1000000},
    {"first sample: deviation is half", 1, {100000}, 100000, 50000, 300000},
    {"the same again: deviation falls by a quarter", 2, {100000, 100000}, 100000, 37500, 250000},
    {"a slower one", 2, {100000, 180000}, 110000, 57500, 340000},
    {"a faster one", 2, {100000, 20000}, 90000, 57500, 320000},
    {"two more", 3, {100000, 180000, 30000}, 100000, 63125, 352500},
    {"steady and fast: the floor", 5, {1000, 1000, 1000, 1000, 1000}, 1000, 157, 25000},
    {"slow: the ceiling", 1, {900000}, 900000, 450000, 2000000},
    {"nothing measurable counts as a microsecond", 1, {0}, 1, 0, 25000},
    {"longer than a minute counts as a minute", 1, {90000000}, 60000000, 30000000, 2000000},
    {"the largest number", 2, {UINT64_MAX - 1, UINT64_MAX - 1}, 60000000, 22500000, 2000000},
    {"smoothing never falls back to unknown", 3, {1, 0, 0}, 1, 0, 25000},
};

static void samples_are_smoothed_as_in_rfc_6298(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const rtt_case *c = &cases[i];
        skad_rtt rtt = {0};
        for (size_t j = 0; j < c->count; j++) {
            skad_rtt_sample(&rtt, c->samples[j]);
        }
        uint64_t timeout_us = skad_rtt_timeout_us(&rtt);
        if (rtt.smoothed_us != c->smoothed_us || rtt.deviation_us != c->deviation_us ||
            timeout_us != c->timeout_us) {
            fail_msg("%s: smoothed %u, deviation %u, timeout %llu", c->label, rtt.smoothed_us,
                     rtt.deviation_us, (unsigned long long)timeout_us);
        }
    }
}

static void the_timeout_stays_within_its_bounds_whatever_comes(void **state)
{
    (void)state;
    skad_rtt rtt = {0};
    for (uint64_t i = 0; i < 1000; i++) {
        skad_rtt_sample(&rtt, i % 2 == 0 ? 0 : 60 * SKAD_US_PER_S);
        assert_in_range(skad_rtt_timeout_us(&rtt), SKAD_RTO_MIN_US, SKAD_RTO_MAX_US);
        assert_in_range(rtt.smoothed_us, 1, 60 * SKAD_US_PER_S);
        assert_in_range(rtt.deviation_us, 0, 60 * SKAD_US_PER_S);
    }
}

static void the_timeout_follows_a_link_that_became_slower(void **state)
{
    (void)state;
    skad_rtt rtt = {0};
    for (unsigned i = 0; i < 50; i++) {
        skad_rtt_sample(&rtt, 50 * SKAD_US_PER_MS);
    }
    assert_int_equal(skad_rtt_timeout_us(&rtt), 60 * SKAD_US_PER_MS); /* never the mean alone */
    for (unsigned i = 0; i < 50; i++) {
        skad_rtt_sample(&rtt, 800 * SKAD_US_PER_MS);
    }
    assert_in_range(skad_rtt_timeout_us(&rtt), 800 * SKAD_US_PER_MS, 900 * SKAD_US_PER_MS);
}

/* To which copy an answer belongs is not known: a stranger stays one, and a known peer is waited
 * for a little longer. */
static void an_answer_to_a_copy_is_no_sample(void **state)
{
    (void)state;
    skad_rtt rtt = {0};
    skad_rtt_sample(&rtt, SKAD_RTT_UNSURE);
    assert_int_equal(rtt.smoothed_us, 0);
    assert_int_equal(rtt.deviation_us, 0);
    skad_rtt_sample(&rtt, 100000);
    skad_rtt_sample(&rtt, SKAD_RTT_UNSURE);
    assert_int_equal(rtt.smoothed_us, 100000);
    assert_int_equal(rtt.deviation_us, 62500);
    for (unsigned i = 0; i < 1000; i++) {
        skad_rtt_sample(&rtt, SKAD_RTT_UNSURE);
    }
    assert_int_equal(rtt.smoothed_us, 100000);
    assert_in_range(rtt.deviation_us, 2000000, 3000000);
}

/* A link of 5 ms becomes one of 500 ms. All answers are too late for their first copy, until the
 * pause has grown. */
static void a_slower_link_gives_samples_again_soon(void **state)
{
    (void)state;
    skad_rtt rtt = {0};
    for (unsigned i = 0; i < 50; i++) {
        skad_rtt_sample(&rtt, 5000);
    }
    unsigned unsure = 0;
    while (skad_rtt_resend_us(&rtt) < 500000) {
        skad_rtt_sample(&rtt, SKAD_RTT_UNSURE);
        unsure++;
    }
    assert_in_range(unsure, 5, 20);
}

/* With 36 % of all answers to copies the pause stays near its floor. */
static void losses_do_not_widen_the_pause_without_end(void **state)
{
    (void)state;
    skad_rtt rtt = {0};
    for (unsigned i = 0; i < 1000; i++) {
        skad_rtt_sample(&rtt, i % 25 < 9 ? SKAD_RTT_UNSURE : 5000);
    }
    assert_in_range(skad_rtt_resend_us(&rtt), 10000, 40000);
}

static void a_request_is_sent_again_after_one_round_trip_and_some(void **state)
{
    static const struct {
        skad_rtt rtt;
        uint64_t pause_us;
    } waits[] = {
        {{0, 0}, 500000},         {{1, 0}, 10001},           {{4000, 1500}, 14000},
        {{4000, 2501}, 14004},    {{150000, 10000}, 190000}, {{1000000, 250000}, 2000000},
        {{60000000, 0}, 2000000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assert_int_equal(skad_rtt_resend_us(&waits[i].rtt), waits[i].pause_us);
        assert_true(waits[i].pause_us <= skad_rtt_timeout_us(&waits[i].rtt));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_to_a_copy_is_no_sample),
        cmocka_unit_test(a_slower_link_gives_samples_again_soon),
        cmocka_unit_test(losses_do_not_widen_the_pause_without_end),
        cmocka_unit_test(a_request_is_sent_again_after_one_round_trip_and_some),
        cmocka_unit_test(samples_are_smoothed_as_in_rfc_6298),
        cmocka_unit_test(the_timeout_stays_within_its_bounds_whatever_comes),
        cmocka_unit_test(the_timeout_follows_a_link_that_became_slower),
    };
    return cmocka_run_group_tests_name("rtt", tests, NULL, NULL);
}
