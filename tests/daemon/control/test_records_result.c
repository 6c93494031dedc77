/* The results of puts and gets, taken apart as a client does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "proto/message.h"
#include "src/daemon/control/records_result.h"
#include "src/daemon/control/refusals.h"
#include "tests/support/result.h"

static void a_put_tells_all_its_numbers(void **state)
{
    (void)state;
    static const test_number numbers[] = {{"holders", 16},   {"wanted", 13}, {"alone", 1},
                                          {"stored", 9},     {"refused", 5}, {"silent", 2},
                                          {"kept", 1},       {"dense", 1},   {"sequence_seen", 77},
                                          {"life_s", 86400}, {"strata", 6},  {"groups", 8}};
    static const skad_pending_call put = {.method = SKAD_CONTROL_PUT};
    static const skad_pending_call publish = {.method = SKAD_CONTROL_PUBLISH, .sequence = 12};
    const skad_put_report report = {.key = {{1}},
                                    .holders = 16,
                                    .wanted = 13,
                                    .alone = true,
                                    .stored = 9,
                                    .refused = 5,
                                    .unresponsive = 2,
                                    .sequence_seen = 77,
                                    .life_s = 86400,
                                    .dense = true,
                                    .kept = true,
                                    .strata = 6,
                                    .groups = 8};
    skad_put_result(&report, &put, test_result_begin());
    skad_answer result = test_result_end();
    test_result_expect_all(result, numbers, sizeof numbers / sizeof numbers[0]);
    assert_int_equal(skad_answer_bytes(result, "key").len, 64);
    assert_null(skad_answer_get(result, "sequence").item);
    skad_put_result(&report, &publish, test_result_begin());
    result = test_result_end();
    test_result_expect_all(result, numbers, sizeof numbers / sizeof numbers[0]);
    assert_int_equal(skad_answer_uint(result, "sequence"), 12);
}

/* Also those of a code that this version does not know, which are counted under 0. */
static void a_put_tells_each_reason_of_refusal(void **state)
{
    (void)state;
    static const skad_pending_call put = {.method = SKAD_CONTROL_PUT};
    for (size_t first = 0; first < SKAD_REFUSALS; first++) {
        for (size_t second = 0; second < SKAD_REFUSALS; second++) {
            skad_put_report report = {.refused = 9};
            report.refusals[first] += 4;
            report.refusals[second] += 5;
            skad_put_result(&report, &put, test_result_begin());
            skad_answer refusals = skad_answer_get(test_result_end(), "refusals");
            assert_int_equal(refusals.item->count, first == second ? 1 : 2);
            assert_int_equal(skad_answer_uint(refusals, skad_refusals_name(second)),
                             first == second ? 9 : 5);
        }
    }
    const skad_put_report none = {.stored = 1};
    skad_put_result(&none, &put, test_result_begin());
    assert_int_equal(skad_answer_get(test_result_end(), "refusals").item->count, 0);
}

static const skad_tally TALLY = {
    .agreed = 3, .stale = 4, .invalid = 5, .empty = 6, .unresponsive = 7};
static const test_number TALLY_NUMBERS[] = {
    {"agreed", 3}, {"stale", 4}, {"invalid", 5}, {"empty", 6}, {"silent", 7}};

static void a_value_comes_with_where_it_was_and_the_tally(void **state)
{
    (void)state;
    static const uint8_t publisher[SKAD_PUBLIC_KEY_BYTES] = {3};
    static const skad_record_type types[] = {SKAD_RECORD_IMMUTABLE, SKAD_RECORD_MUTABLE};
    static const test_number numbers[] = {
        {"sequence", 8}, {"expiry_unix_s", 1234567}, {"conflict", 1}, {"rpcs", 21}, {"dense", 1}};
    for (size_t i = 0; i < 2; i++) {
        skad_get_report report = {.type = types[i],
                                  .rpcs = 21,
                                  .dense = true,
                                  .tally = TALLY,
                                  .holder = {{2}},
                                  .value = (const uint8_t *)"abc",
                                  .len = 3,
                                  .publisher = publisher,
                                  .sequence = 8,
                                  .expiry_unix_s = 1234567,
                                  .conflict = true};
        skad_get_result(&report, test_result_begin());
        skad_answer result = test_result_end();
        test_result_expect_all(skad_answer_get(result, "tally"), TALLY_NUMBERS, 5);
        assert_int_equal(skad_answer_bytes(result, "value").len, 3);
        assert_memory_equal(skad_answer_bytes(result, "value").data, "abc", 3);
        assert_memory_equal(skad_answer_bytes(result, "holder").data, "0200", 4);
        if (types[i] == SKAD_RECORD_MUTABLE) {
            test_result_expect_all(result, numbers, 5);
            assert_null(skad_answer_get(result, "invalid").item);
        } else {
            assert_int_equal(skad_answer_uint(result, "invalid"), 5);
            assert_true(skad_answer_bool(result, "dense"));
            assert_null(skad_answer_get(result, "sequence").item);
        }
    }
}

static void providers_come_with_all_that_they_announced(void **state)
{
    (void)state;
    static const test_number numbers[] = {{"sequence", 5}, {"expiry_unix_s", 99}};
    const skad_provider all[2] = {
        {.publisher = {1}},
        {.publisher = {2},
         .sequence = 5,
         .expiry_unix_s = 99,
         .endpoint = {.family = SKAD_FAMILY_IPV4, .port = 80, .ip = {192, 0, 2, 1}},
         .metadata = (const uint8_t *)"md",
         .metadata_len = 2}};
    const skad_get_report report = {.type = SKAD_RECORD_ANNOUNCEMENT,
                                    .dense = true,
                                    .tally = TALLY,
                                    .providers = all,
                                    .providers_count = 2};
    skad_get_result(&report, test_result_begin());
    skad_answer result = test_result_end();
    test_result_expect_all(skad_answer_get(result, "tally"), TALLY_NUMBERS, 5);
    assert_true(skad_answer_bool(result, "dense"));
    skad_answer providers = skad_answer_get(result, "providers");
    assert_int_equal(skad_answer_count(providers), 2);
    test_result_expect_all(skad_answer_at(providers, 1), numbers, 2);
    char text[SKAD_ANSWER_TEXT_BYTES];
    skad_answer_text(skad_answer_get(skad_answer_at(providers, 1), "endpoint"), text);
    assert_string_equal(text, "192.0.2.1:80");
    assert_int_equal(skad_answer_bytes(skad_answer_at(providers, 1), "metadata").len, 2);
}

static void what_was_not_found_is_told_in_words(void **state)
{
    (void)state;
    static const struct {
        skad_record_type type;
        skad_outcome outcome;
        uint8_t invalid;
        uint8_t empty;
        bool dense;
        const char *code;
        const char *message;
    } cases[] = {
        {SKAD_RECORD_IMMUTABLE, SKAD_OUTCOME_NOT_FOUND, 0, 0, false, "not_found",
         "no node has the value"},
        {SKAD_RECORD_MUTABLE, SKAD_OUTCOME_NOT_FOUND, 0, 0, false, "not_found",
         "no node has such a record"},
        {SKAD_RECORD_ANNOUNCEMENT, SKAD_OUTCOME_NOT_FOUND, 0, 0, false, "not_found",
         "no provider is announced under this key"},
        {SKAD_RECORD_MUTABLE, SKAD_OUTCOME_NOT_FOUND, 1, 0, false, "not_found",
         "no node has such a record (1 gave something that was no such record, or had expired)"},
        {SKAD_RECORD_MUTABLE, SKAD_OUTCOME_TIMED_OUT, 1, 0, false, "timed_out",
         "no node answered in time"},
        {SKAD_RECORD_IMMUTABLE, SKAD_OUTCOME_TIMED_OUT, 1, 3, false, "timed_out",
         "not found, but 2 of 6 nodes that may have it did not answer: try again"},
        {SKAD_RECORD_MUTABLE, SKAD_OUTCOME_NOT_FOUND, 255, 0, true, "not_found",
         "no node has such a record (255 gave something that was no such record, or had expired); "
         "but the nodes closest to this key are denser than chance allows and may hide it: try "
         "through another node"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_event event = {.kind = SKAD_EVENT_GET, .outcome = cases[i].outcome};
        event.u.get.type = cases[i].type;
        event.u.get.tally.invalid = cases[i].invalid;
        event.u.get.tally.empty = cases[i].empty;
        event.u.get.dense = cases[i].dense;
        event.u.get.tally.unresponsive = 2;
        skad_get_error(&event, 7, test_result_begin());
        skad_answer answer = test_result_end();
        assert_int_equal(skad_answer_at(answer, 1).item->u.number, 7);
        skad_answer error = skad_answer_at(answer, 2);
        skad_span code = skad_answer_bytes(error, "code");
        skad_span message = skad_answer_bytes(error, "message");
        assert_int_equal(code.len, strlen(cases[i].code));
        assert_memory_equal(code.data, cases[i].code, code.len);
        assert_int_equal(message.len, strlen(cases[i].message));
        assert_memory_equal(message.data, cases[i].message, message.len);
    }
}

static void a_put_that_failed_is_silence_or_refusal(void **state)
{
    (void)state;
    static const struct {
        unsigned holders;
        unsigned refused;
        bool clustered;
        const char *code;
    } cases[] = {
        {16, 0, false, "timed_out"},
        {16, 1, false, "refused"},
        {0, 0, false, "refused"},
        {16, 0, true, "refused"}, /* though all of them took it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_event event = {.kind = SKAD_EVENT_PUT};
        event.u.put.holders = (uint8_t)cases[i].holders;
        event.u.put.refused = (uint8_t)cases[i].refused;
        event.u.put.clustered = cases[i].clustered;
        skad_put_error(&event, 8, test_result_begin());
        skad_answer answer = test_result_end();
        skad_span code = skad_answer_bytes(skad_answer_at(answer, 2), "code");
        assert_int_equal(skad_answer_at(answer, 1).item->u.number, 8);
        assert_int_equal(code.len, strlen(cases[i].code));
        assert_memory_equal(code.data, cases[i].code, code.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_tells_all_its_numbers),
        cmocka_unit_test(a_put_tells_each_reason_of_refusal),
        cmocka_unit_test(a_value_comes_with_where_it_was_and_the_tally),
        cmocka_unit_test(providers_come_with_all_that_they_announced),
        cmocka_unit_test(what_was_not_found_is_told_in_words),
        cmocka_unit_test(a_put_that_failed_is_silence_or_refusal),
    };
    return cmocka_run_group_tests_name("records_result", tests, NULL, NULL);
}
