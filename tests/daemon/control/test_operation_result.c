/* The results of pings and lookups, what is told meanwhile, and the errors of all operations. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/daemon/control/operation_result.h"
#include "tests/support/result.h"

static const skad_pending_call CALL = {.msgid = 7, .changes = 3};
static const skad_address IPV4 = {.family = SKAD_FAMILY_IPV4, .port = 5, .ip = {192, 0, 2, 1}};
static const skad_address IPV6 = {.family = SKAD_FAMILY_IPV6, .port = 6, .ip = {0x20, [15] = 1}};

static skad_answer result_of(const skad_event *event)
{
    skad_operation_result(event, &CALL, test_result_begin());
    skad_answer answer = test_result_end();
    assert_int_equal(skad_answer_at(answer, 0).item->u.number, 1);
    assert_int_equal(skad_answer_at(answer, 1).item->u.number, 7);
    return answer;
}

/* The value of a notification about the call. */
static skad_answer notice(const char *method)
{
    skad_answer answer = test_result_end();
    assert_int_equal(skad_answer_at(answer, 0).item->u.number, 2);
    test_result_expect_text(skad_answer_at(answer, 1), method);
    skad_answer params = skad_answer_at(answer, 2);
    assert_int_equal(skad_answer_at(params, 0).item->u.number, 7);
    return skad_answer_at(params, 1);
}

static void a_ping_tells_who_answered_and_what_it_saw(void **state)
{
    (void)state;
    skad_event event = {.kind = SKAD_EVENT_PING};
    event.u.ping.id.bytes[0] = 0xab;
    event.u.ping.address = IPV4;
    event.u.ping.observed = IPV6;
    event.u.ping.rtt_us = 1234;
    skad_answer result = skad_answer_at(result_of(&event), 3);
    assert_memory_equal(skad_answer_bytes(result, "id").data, "ab00", 4);
    test_result_expect_text(skad_answer_get(result, "address"), "192.0.2.1:5");
    test_result_expect_text(skad_answer_get(result, "observed"), "[2000::1]:6");
    test_result_expect(result, "rtt_us", 1234);
}

typedef struct step_case {
    skad_step step;
    const char *state;
    const char *path; /* NULL: a number, or nil */
    uint64_t rtt_us;
} step_case;

static const step_case STEPS[] = {
    {{.state = SKAD_STEP_HEARD, .path = 0, .rtt_us = 9}, "heard", NULL, 0},
    {{.state = SKAD_STEP_ASKED, .path = 1, .hop = 2, .rtt_us = 9}, "asked", NULL, 0},
    {{.state = SKAD_STEP_SLOW, .path = 0xff, .rtt_us = 9}, "slow", NULL, 0},
    {{.state = SKAD_STEP_ANSWERED, .path = 0xfe, .closest = true, .rtt_us = 9},
     "answered",
     "region",
     9},
    {{.state = SKAD_STEP_FAILED, .path = 3, .hop = 4, .rtt_us = 9}, "failed", NULL, 0},
};
#define STEPS_COUNT (sizeof STEPS / sizeof STEPS[0])

static void expect_step(skad_answer step, const step_case *expected)
{
    test_result_expect_text(skad_answer_get(step, "state"), expected->state);
    if (expected->path != NULL) {
        test_result_expect_text(skad_answer_get(step, "path"), expected->path);
    } else if (expected->step.path == SKAD_STEP_PATH_CLOSING) {
        test_result_expect_nil(step, "path");
    } else {
        test_result_expect(step, "path", expected->step.path);
    }
    test_result_expect(step, "hop", expected->step.hop);
    test_result_expect(step, "closest", expected->step.closest);
    test_result_expect(step, "rtt_us", expected->rtt_us);
    assert_int_equal(skad_answer_bytes(step, "id").len, 64);
    test_result_expect_nil(step, "address");
}

static void a_lookup_tells_its_numbers_its_finds_and_its_steps(void **state)
{
    (void)state;
    static const test_number numbers[] = {{"duration_us", 11}, {"rpcs", 12},
                                          {"paths", 4},        {"paths_agreed", 3},
                                          {"dense", 1},        {"network_size", 1000}};
    const skad_contact closest[2] = {{.id = {{1}}, .ipv4 = IPV4},
                                     {.id = {{2}}, .ipv4 = IPV4, .ipv6 = IPV6}};
    skad_step steps[STEPS_COUNT];
    for (size_t i = 0; i < STEPS_COUNT; i++) {
        steps[i] = STEPS[i].step;
    }
    skad_event event = {.kind = SKAD_EVENT_LOOKUP};
    event.u.lookup.report = (skad_lookup_report){.target = {{0xcd}},
                                                 .duration_us = 11,
                                                 .rpcs = 12,
                                                 .paths = 4,
                                                 .paths_agreed = 3,
                                                 .dense = true,
                                                 .network_size = 1000,
                                                 .closest_count = 2,
                                                 .closest = closest,
                                                 .steps_count = STEPS_COUNT,
                                                 .steps = steps};
    skad_answer result = skad_answer_at(result_of(&event), 3);
    test_result_expect_all(result, numbers, sizeof numbers / sizeof numbers[0]);
    assert_memory_equal(skad_answer_bytes(result, "target").data, "cd00", 4);
    skad_answer finds = skad_answer_get(result, "closest");
    assert_int_equal(skad_answer_count(finds), 2);
    for (size_t i = 0; i < 2; i++) {
        skad_answer addresses = skad_answer_get(skad_answer_at(finds, i), "addresses");
        assert_int_equal(skad_answer_count(addresses), i + 1);
        test_result_expect_text(skad_answer_at(addresses, i),
                                i == 0 ? "192.0.2.1:5" : "[2000::1]:6");
    }
    assert_int_equal(skad_answer_count(skad_answer_get(result, "steps")), STEPS_COUNT);
    for (size_t i = 0; i < STEPS_COUNT; i++) {
        expect_step(skad_answer_at(skad_answer_get(result, "steps"), i), &STEPS[i]);
    }
}

static void a_traced_step_is_told_as_in_the_result(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEPS_COUNT; i++) {
        skad_event event = {.kind = SKAD_EVENT_STEP};
        event.u.step = STEPS[i].step;
        skad_step_notice(&event, &CALL, test_result_begin());
        expect_step(notice("step"), &STEPS[i]);
    }
}

static void a_change_is_told_as_a_get_and_an_ended_watch_counts_them(void **state)
{
    (void)state;
    static const uint8_t publisher[SKAD_PUBLIC_KEY_BYTES] = {1};
    skad_event event = {.kind = SKAD_EVENT_CHANGED};
    event.u.get = (skad_get_report){.type = SKAD_RECORD_MUTABLE,
                                    .publisher = publisher,
                                    .value = publisher,
                                    .len = 1,
                                    .sequence = 8};
    skad_change_notice(&event, &CALL, test_result_begin());
    test_result_expect(notice("changed"), "sequence", 8);
    skad_watch_result(&CALL, test_result_begin());
    skad_answer answer = test_result_end();
    assert_int_equal(skad_answer_at(answer, 1).item->u.number, 7);
    test_result_expect(skad_answer_at(answer, 3), "changes", 3);
}

static void each_operation_has_its_own_result(void **state)
{
    (void)state;
    static const uint8_t value[] = {1};
    skad_event put = {.kind = SKAD_EVENT_PUT};
    put.u.put.stored = 5;
    test_result_expect(skad_answer_at(result_of(&put), 3), "stored", 5);
    skad_event get = {.kind = SKAD_EVENT_GET};
    get.u.get =
        (skad_get_report){.type = SKAD_RECORD_IMMUTABLE, .value = value, .len = 1, .rpcs = 6};
    test_result_expect(skad_answer_at(result_of(&get), 3), "rpcs", 6);
}

static void what_has_no_result_is_an_error_by_its_kind(void **state)
{
    (void)state;
    static const struct {
        skad_event_kind kind;
        skad_outcome outcome;
        const char *code;
        const char *message;
    } cases[] = {
        {SKAD_EVENT_PING, SKAD_OUTCOME_TIMED_OUT, "timed_out", "no node answered in time"},
        {SKAD_EVENT_LOOKUP, SKAD_OUTCOME_TIMED_OUT, "timed_out", "no node answered in time"},
        {SKAD_EVENT_PUT, SKAD_OUTCOME_NOT_FOUND, "refused", "there is no node that could hold it"},
        {SKAD_EVENT_GET, SKAD_OUTCOME_NOT_FOUND, "not_found", "no node has the value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_event event = {.kind = cases[i].kind, .outcome = cases[i].outcome};
        if (event.kind == SKAD_EVENT_GET) {
            event.u.get.type = SKAD_RECORD_IMMUTABLE;
        }
        test_result_expect_error(result_of(&event), 7, cases[i].code, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_tells_who_answered_and_what_it_saw),
        cmocka_unit_test(a_lookup_tells_its_numbers_its_finds_and_its_steps),
        cmocka_unit_test(a_traced_step_is_told_as_in_the_result),
        cmocka_unit_test(a_change_is_told_as_a_get_and_an_ended_watch_counts_them),
        cmocka_unit_test(each_operation_has_its_own_result),
        cmocka_unit_test(what_has_no_result_is_an_error_by_its_kind),
    };
    return cmocka_run_group_tests_name("operation_result", tests, NULL, NULL);
}
