/* The verdict, from samples with the times that the test says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "src/daemon/health/health.h"

#define S       SKAD_US_PER_S
#define BEGUN_S 1000

/* A node that does well: it has joined, and its peers answer. */
static skad_health_sample well(uint64_t at_s)
{
    return (skad_health_sample){
        .mono_us = at_s * S,
        .unix_s = 1700000000 + at_s,
        .joined = true,
        .joining = SKAD_JOINING_JOINED,
        .peers = 20,
        .answered_us = at_s * S - S,
        .families = SKAD_FAMILIES_ALL,
        .requests = {at_s, at_s},
        .ended_well = at_s / 10,
        .accepted = 10 * at_s,
        .nonce_now = true,
        .epoch_s = 1000000,
        .address_known = true,
    };
}

/* Adds samples until a time, each changed by `change`. */
static void pass(skad_health *self, uint64_t from_s, uint64_t until_s,
                 void (*change)(skad_health_sample *sample, uint64_t at_s))
{
    for (uint64_t at_s = from_s; at_s <= until_s; at_s += SKAD_HEALTH_SAMPLE_S) {
        skad_health_sample sample = well(at_s);
        if (change != NULL) {
            change(&sample, at_s);
        }
        skad_health_add(self, &sample);
    }
}

static skad_health_verdict verdict_of(const skad_health *self, skad_health_check check)
{
    skad_health_report report;
    skad_health_judge(self, &report);
    assert_true(strlen(report.checks[check].text) > 0);
    assert_true(report.verdict >= report.checks[check].state);
    return report.checks[check].state;
}

static skad_health_verdict whole(const skad_health *self)
{
    skad_health_report report;
    skad_health_judge(self, &report);
    return report.verdict;
}

static void a_node_that_does_well_is_ok_and_one_without_samples_has_just_begun(void **state)
{
    (void)state;
    static skad_health self;
    memset(&self, 0, sizeof self);
    assert_int_equal(whole(&self), SKAD_HEALTH_DEGRADED);
    pass(&self, BEGUN_S, BEGUN_S, NULL);
    assert_int_equal(whole(&self), SKAD_HEALTH_OK);
    pass(&self, BEGUN_S + 5, BEGUN_S + 5000, NULL);
    assert_int_equal(whole(&self), SKAD_HEALTH_OK);
    assert_int_equal(self.count, SKAD_HEALTH_SAMPLES);
}

/* ---- Isolation ---- */

/* The last answer of a peer came right before this time; the daemon asks as it is told. */
#define DEAD_S (BEGUN_S + 100)
static uint64_t probed_us;
static unsigned probes;

static void all_are_dead(skad_health_sample *sample, uint64_t at_s)
{
    if (at_s > DEAD_S) {
        sample->answered_us = DEAD_S * S;
        sample->probes = probes;
        const size_t due = skad_health_probes_due(sample, probed_us);
        if (due > 0) {
            probes += (unsigned)due;
            probed_us = at_s * S;
        }
    }
}

static void isolation_shows_within_60_seconds(void **state)
{
    (void)state;
    static skad_health self;
    memset(&self, 0, sizeof self);
    probed_us = 0;
    probes = 0;
    uint64_t shown_s = 0;
    for (uint64_t at_s = BEGUN_S; at_s < DEAD_S + 600; at_s += SKAD_HEALTH_SAMPLE_S) {
        pass(&self, at_s, at_s, all_are_dead);
        const bool shows = whole(&self) == SKAD_HEALTH_FAILING;
        assert_true(shows || shown_s == 0); /* it stays */
        if (shows && shown_s == 0) {
            shown_s = at_s;
            assert_int_equal(verdict_of(&self, SKAD_HEALTH_CHECK_ANSWERS), SKAD_HEALTH_FAILING);
        }
    }
    assert_in_range(shown_s, DEAD_S + 1, DEAD_S + 60);
    pass(&self, DEAD_S + 600, DEAD_S + 600, NULL); /* a peer answers again */
    assert_int_equal(whole(&self), SKAD_HEALTH_OK);
}

static void silence_without_having_asked_is_no_isolation(void **state)
{
    (void)state;
    static skad_health self;
    memset(&self, 0, sizeof self);
    pass(&self, BEGUN_S, BEGUN_S + 10, NULL);
    skad_health_sample after_a_pause = well(BEGUN_S + 4000); /* the machine slept */
    after_a_pause.answered_us = (BEGUN_S + 9) * S;
    skad_health_add(&self, &after_a_pause);
    assert_int_equal(verdict_of(&self, SKAD_HEALTH_CHECK_ANSWERS), SKAD_HEALTH_OK);
}

static void signs_of_life_are_asked_for_when_it_is_silent(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint16_t peers;
        uint64_t silent_s; /* 0: no peer ever answered */
        uint64_t probed_s; /* ago; 0: never */
        unsigned probes;
        size_t due;
    } cases[] = {
        {"a peer answered lately", 5, 14, 0, 0, 0},
        {"silent", 5, 15, 0, 0, 1},
        {"asked lately", 5, 20, 9, 1, 0},
        {"the first one did not answer", 5, 25, 10, 1, 3},
        {"silent for long", 5, 3600, 10, 500, 3},
        {"nobody to ask", 0, 60, 0, 0, 0},
        {"nobody has answered so far", 5, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t now_s = 100000;
        skad_health_sample now = well(now_s);
        now.peers = cases[i].peers;
        now.answered_us = cases[i].silent_s == 0 ? 0 : (now_s - cases[i].silent_s) * S;
        now.probes = cases[i].probes;
        const uint64_t before_us = cases[i].probed_s == 0 ? 0 : (now_s - cases[i].probed_s) * S;
        if (skad_health_probes_due(&now, before_us) != cases[i].due) {
            fail_msg("%s", cases[i].label);
        }
    }
}

/* ---- Each check ---- */

static void not_joined(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->joined = false;
    sample->joining = SKAD_JOINING_SILENT;
    sample->answered_us = 0;
    sample->peers = 0;
}

static void alone(skad_health_sample *sample, uint64_t at_s)
{
    not_joined(sample, at_s);
    sample->joining = SKAD_JOINING_ALONE;
}

static void mute(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->requests[0] = sample->requests[1] = BEGUN_S;
}

static void mute_over_ipv6(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->requests[1] = BEGUN_S;
}

static void never_over_ipv6(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->requests[1] = 0;
}

static void timed_out(skad_health_sample *sample, uint64_t at_s)
{
    sample->ended_well = 0;
    sample->ended_badly = (at_s - BEGUN_S) / 5;
}

static void mostly_timed_out(skad_health_sample *sample, uint64_t at_s)
{
    sample->ended_well = at_s / 10;
    sample->ended_badly = at_s / 5;
}

static void one_timed_out(skad_health_sample *sample, uint64_t at_s)
{
    sample->ended_well = 0;
    sample->ended_badly = at_s > BEGUN_S + 20 ? 2 : 0;
}

static void half_full(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->queue_percent = 50;
}

static void stuck(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->queue_percent = 95;
}

static void bursts(skad_health_sample *sample, uint64_t at_s)
{
    sample->queue_percent = at_s % 10 == 0 ? 100 : 0;
}

static void dropping(skad_health_sample *sample, uint64_t at_s)
{
    sample->queue_drops = at_s;
}

static void disk_full(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->store_error = ENOSPC;
}

static void disk_slow(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->store_waiting = 2049;
}

static void other_epochs(skad_health_sample *sample, uint64_t at_s)
{
    sample->of_other_epochs = 11 * at_s;
}

static void some_of_other_epochs(skad_health_sample *sample, uint64_t at_s)
{
    sample->of_other_epochs = at_s; /* any sender can make these */
}

static void wrong_clock_while_joining(skad_health_sample *sample, uint64_t at_s)
{
    not_joined(sample, at_s);
    sample->joining = SKAD_JOINING_CLOCK;
}

static void without_nonce(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->nonce_now = false;
}

static void near_the_next_epoch(skad_health_sample *sample, uint64_t at_s)
{
    sample->unix_s = 1700000000 - 49999 + (at_s - BEGUN_S) / 100;
}

static void near_and_solved(skad_health_sample *sample, uint64_t at_s)
{
    near_the_next_epoch(sample, at_s);
    sample->nonce_next = true;
}

static void unknown_address(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->address_known = false;
}

static void twin(skad_health_sample *sample, uint64_t at_s)
{
    (void)at_s;
    sample->twin = true;
}

static void each_check_has_its_reasons(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        void (*change)(skad_health_sample *sample, uint64_t at_s);
        uint64_t for_s;
        skad_health_check check;
        skad_health_verdict verdict;
    } cases[] = {
        {"joining", not_joined, 55, SKAD_HEALTH_CHECK_JOINED, SKAD_HEALTH_DEGRADED},
        {"not joined", not_joined, 60, SKAD_HEALTH_CHECK_JOINED, SKAD_HEALTH_FAILING},
        {"the first node", alone, 600, SKAD_HEALTH_CHECK_JOINED, SKAD_HEALTH_DEGRADED},
        {"no answer so far", alone, 600, SKAD_HEALTH_CHECK_ANSWERS, SKAD_HEALTH_DEGRADED},
        {"no request for a while", mute, 595, SKAD_HEALTH_CHECK_REQUESTS, SKAD_HEALTH_OK},
        {"no request", mute, 600, SKAD_HEALTH_CHECK_REQUESTS, SKAD_HEALTH_DEGRADED},
        {"no request by IPv6", mute_over_ipv6, 600, SKAD_HEALTH_CHECK_REQUESTS,
         SKAD_HEALTH_DEGRADED},
        {"never one by IPv6", never_over_ipv6, 600, SKAD_HEALTH_CHECK_REQUESTS, SKAD_HEALTH_OK},
        {"lookups fail", timed_out, 60, SKAD_HEALTH_CHECK_LOOKUPS, SKAD_HEALTH_FAILING},
        {"most lookups fail", mostly_timed_out, 60, SKAD_HEALTH_CHECK_LOOKUPS,
         SKAD_HEALTH_DEGRADED},
        {"two lookups failed", one_timed_out, 60, SKAD_HEALTH_CHECK_LOOKUPS, SKAD_HEALTH_OK},
        {"half full", half_full, 10, SKAD_HEALTH_CHECK_QUEUE, SKAD_HEALTH_DEGRADED},
        {"half full, twice", half_full, 5, SKAD_HEALTH_CHECK_QUEUE, SKAD_HEALTH_OK},
        {"stuck", stuck, 10, SKAD_HEALTH_CHECK_QUEUE, SKAD_HEALTH_FAILING},
        {"bursts", bursts, 60, SKAD_HEALTH_CHECK_QUEUE, SKAD_HEALTH_OK},
        {"drops", dropping, 60, SKAD_HEALTH_CHECK_QUEUE, SKAD_HEALTH_DEGRADED},
        {"disk full", disk_full, 0, SKAD_HEALTH_CHECK_STORE, SKAD_HEALTH_DEGRADED},
        {"disk slow", disk_slow, 0, SKAD_HEALTH_CHECK_STORE, SKAD_HEALTH_DEGRADED},
        {"clock", other_epochs, 60, SKAD_HEALTH_CHECK_CLOCK, SKAD_HEALTH_FAILING},
        {"clock, forged", some_of_other_epochs, 60, SKAD_HEALTH_CHECK_CLOCK, SKAD_HEALTH_OK},
        {"clock while joining", wrong_clock_while_joining, 20, SKAD_HEALTH_CHECK_CLOCK,
         SKAD_HEALTH_FAILING},
        {"no nonce", without_nonce, 0, SKAD_HEALTH_CHECK_NONCE, SKAD_HEALTH_FAILING},
        {"next nonce late", near_the_next_epoch, 0, SKAD_HEALTH_CHECK_NONCE, SKAD_HEALTH_DEGRADED},
        {"next nonce there", near_and_solved, 0, SKAD_HEALTH_CHECK_NONCE, SKAD_HEALTH_OK},
        {"address not told yet", unknown_address, 295, SKAD_HEALTH_CHECK_ADDRESS, SKAD_HEALTH_OK},
        {"address unknown", unknown_address, 300, SKAD_HEALTH_CHECK_ADDRESS, SKAD_HEALTH_DEGRADED},
        {"twin", twin, 0, SKAD_HEALTH_CHECK_ADDRESS, SKAD_HEALTH_DEGRADED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static skad_health self;
        memset(&self, 0, sizeof self);
        pass(&self, BEGUN_S, BEGUN_S + cases[i].for_s, cases[i].change);
        const skad_health_verdict got = verdict_of(&self, cases[i].check);
        if (got != cases[i].verdict) {
            skad_health_report report;
            skad_health_judge(&self, &report);
            fail_msg("%s: %s (%s)", cases[i].label, skad_health_verdict_name(got),
                     report.checks[cases[i].check].text);
        }
    }
}

static void what_was_is_forgotten_after_the_window(void **state)
{
    (void)state;
    static skad_health self;
    memset(&self, 0, sizeof self);
    pass(&self, BEGUN_S, BEGUN_S + 100, timed_out);
    assert_int_equal(verdict_of(&self, SKAD_HEALTH_CHECK_LOOKUPS), SKAD_HEALTH_FAILING);
    for (uint64_t at_s = BEGUN_S + 105; at_s <= BEGUN_S + 100 + SKAD_HEALTH_WINDOW_S; at_s += 5) {
        skad_health_sample sample = well(at_s);
        sample.ended_well = 0;
        sample.ended_badly = 20;
        skad_health_add(&self, &sample);
    }
    assert_int_equal(verdict_of(&self, SKAD_HEALTH_CHECK_LOOKUPS), SKAD_HEALTH_OK);
}

static void names_are_stable(void **state)
{
    (void)state;
    static const char *const checks[] = {"joined", "answers", "requests", "lookups", "queue",
                                         "store",  "clock",   "nonce",    "address"};
    assert_int_equal(sizeof checks / sizeof checks[0], SKAD_HEALTH_CHECK_COUNT);
    for (size_t i = 0; i < SKAD_HEALTH_CHECK_COUNT; i++) {
        assert_string_equal(skad_health_check_name((skad_health_check)i), checks[i]);
    }
    assert_string_equal(skad_health_verdict_name(SKAD_HEALTH_OK), "ok");
    assert_string_equal(skad_health_verdict_name(SKAD_HEALTH_DEGRADED), "degraded");
    assert_string_equal(skad_health_verdict_name(SKAD_HEALTH_FAILING), "failing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_that_does_well_is_ok_and_one_without_samples_has_just_begun),
        cmocka_unit_test(isolation_shows_within_60_seconds),
        cmocka_unit_test(silence_without_having_asked_is_no_isolation),
        cmocka_unit_test(signs_of_life_are_asked_for_when_it_is_silent),
        cmocka_unit_test(each_check_has_its_reasons),
        cmocka_unit_test(what_was_is_forgotten_after_the_window),
        cmocka_unit_test(names_are_stable),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
