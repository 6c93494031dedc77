/* The methods of the control socket: the table has a row for each, and each hands its parameters to
 * the node, or tells in words why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/address.h"
#include "skad/records.h"
#include "src/daemon/control/methods.h"
#include "tests/support/fixture.h"
#include "tests/support/result.h"

#define DAY_S 86400U

static void each_method_has_its_row(void **state)
{
    (void)state;
    static const struct {
        skad_control_method method;
        const char *name;
    } methods[] = {
#define METHOD(name, text) {SKAD_CONTROL_##name, text},
        SKAD_CONTROL_METHODS(METHOD)
#undef METHOD
    };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if ((int)skad_method_manner_of(methods[i].method) == 0) {
            fail_msg("%s has no row", methods[i].name);
        }
    }
}

/* proto/control.schema.json says so. */
static void the_table_is_the_schemas(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        skad_control_method method;
        skad_method_manner manner;
        bool monitor;
    } facts[] = {
#define FACT(name, manner, monitor, needed)                                                        \
    {#name, SKAD_CONTROL_##name, SKAD_METHOD_##manner, monitor},
        SKAD_CONTROL_FACTS(FACT)
#undef FACT
    };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (skad_method_manner_of(facts[i].method) != facts[i].manner ||
            skad_method_only_reads(facts[i].method) != facts[i].monitor) {
            fail_msg("%s differs from the schema", facts[i].name);
        }
    }
}

/* Named in an error of a response: a parameter, its place, and what would be right. */
static void expect_blame(skad_answer error, const char *parameter, uint64_t index,
                         const char *expected)
{
    test_result_expect_text(skad_answer_get(error, "parameter"), parameter);
    test_result_expect(error, "index", index);
    test_result_expect_text(skad_answer_get(error, "expected"), expected);
}

static void parameters_that_are_wrong_are_named(void **state)
{
    (void)state;
    static const struct {
        skad_control_request request;
        const char *message;
    } cases[] = {
        {{.method = SKAD_CONTROL_PUT,
          .msgid = 4,
          .blame = {"keep", 1, "true or false"},
          .params_max = 2},
         "wrong parameter 'keep' of 'put': expected true or false"},
        {{.method = SKAD_CONTROL_UNWATCH,
          .msgid = 4,
          .blame = {"msgid", 0, "the msgid"},
          .missing = true,
          .params_max = 1},
         "there is no parameter 'msgid' of 'unwatch': expected the msgid"},
        {{.method = SKAD_CONTROL_STATUS, .msgid = 4},
         "these are not the parameters of 'status': expected an array of at most 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_control_blame *blame = &cases[i].request.blame;
        skad_method_refuse_params(&cases[i].request, test_result_begin());
        skad_answer whole = test_result_end();
        test_result_expect_error(whole, 4, "params", cases[i].message);
        skad_answer error = skad_answer_at(whole, 2);
        if (blame->parameter != NULL) {
            expect_blame(error, blame->parameter, blame->index, blame->expected);
        } else {
            assert_int_equal(error.item->count, 2);
        }
    }
}

static void methods_are_answered_in_their_manner(void **state)
{
    (void)state;
    static const struct {
        skad_control_method method;
        skad_method_manner manner;
    } cases[] = {
        {SKAD_CONTROL_PING, SKAD_METHOD_OPERATION},
        {SKAD_CONTROL_TRACE, SKAD_METHOD_OPERATION},
        {SKAD_CONTROL_PUBLISH, SKAD_METHOD_OPERATION},
        {SKAD_CONTROL_WATCH_RECORD, SKAD_METHOD_WATCH},
        {SKAD_CONTROL_WATCH_PROVIDERS, SKAD_METHOD_WATCH},
        {SKAD_CONTROL_UNWATCH, SKAD_METHOD_UNWATCH},
        {SKAD_CONTROL_RECORDS, SKAD_METHOD_AT_ONCE},
        {SKAD_CONTROL_STATUS, SKAD_METHOD_AT_ONCE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(skad_method_manner_of(cases[i].method), cases[i].manner);
    }
}

/* docs/control.md: two lives of the network, less two hours of a day. */
static void a_record_lives_46_hours_by_default(void **state)
{
    (void)state;
    assert_int_equal(skad_method_life_s(DAY_S), 46 * 3600);
    assert_int_equal(skad_method_life_s(1200), 2300);
}

/* ---- At a node ---- */

static test_fixture fixture;
static skad_method_context context;
static uint8_t bytes[1001];

static int begin(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    context = (skad_method_context){
        .node = fixture.node, .store = fixture.store, .profile = &fixture.profile};
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* What starting it leads to. A node without peers ends an operation at once. */
static skad_status start(const skad_control_request *request, skad_event *event)
{
    skad_op op = 0;
    skad_status status = skad_method_start(&context, request, fixture.now, &op);
    *event = (skad_event){.op = op};
    if (status == SKAD_OK && skad_method_manner_of(request->method) == SKAD_METHOD_OPERATION) {
        skad_node_tick(fixture.node, fixture.now);
        while (skad_node_poll_event(fixture.node, event) && event->op != op) {
        }
        assert_true(event->op == op);
    }
    return status;
}

static void parameters_out_of_their_limits_are_not_started(void **state)
{
    (void)state;
    static const skad_span salt = {bytes, 64};
    static const skad_span long_salt = {bytes, 65};
    static const struct {
        const char *label;
        skad_control_request request;
        skad_status status;
    } cases[] = {
        {"a value", {.method = SKAD_CONTROL_PUT, .value = {bytes, 1000}}, SKAD_OK},
        {"a value too long", {.method = SKAD_CONTROL_PUT, .value = {bytes, 1001}}, SKAD_ERR_INPUT},
        {"one that is kept",
         {.method = SKAD_CONTROL_PUT, .value = {bytes, 1000}, .keep = true},
         SKAD_OK},
        {"one too long that is kept",
         {.method = SKAD_CONTROL_PUT, .value = {bytes, 1001}, .keep = true},
         SKAD_ERR_INPUT},
        {"one that others store",
         {.method = SKAD_CONTROL_PUT, .value = {bytes, 1000}, .forward = true},
         SKAD_OK},
        {"one that others store, and we keep",
         {.method = SKAD_CONTROL_PUT, .value = {bytes, 9}, .forward = true, .keep = true},
         SKAD_ERR_INPUT},
        {"what others look for", {.method = SKAD_CONTROL_GET, .forward = true}, SKAD_OK},
        {"more chains than there may be",
         {.method = SKAD_CONTROL_GET, .forward = true, .chains = 9},
         SKAD_ERR_INPUT},
        {"no record", {.method = SKAD_CONTROL_STORE, .value = {bytes, 10}}, SKAD_ERR_FORMAT},
        {"a salt", {.method = SKAD_CONTROL_PUBLISH, .value = {bytes, 1}, .salt = salt}, SKAD_OK},
        {"a salt too long",
         {.method = SKAD_CONTROL_PUBLISH, .value = {bytes, 1}, .salt = long_salt},
         SKAD_ERR_INPUT},
        {"a life too long",
         {.method = SKAD_CONTROL_PUBLISH, .value = {bytes, 1}, .life_s = 2 * DAY_S + 1},
         SKAD_ERR_INPUT},
        {"metadata", {.method = SKAD_CONTROL_ANNOUNCE, .value = {bytes, 128}}, SKAD_OK},
        {"metadata too long",
         {.method = SKAD_CONTROL_ANNOUNCE, .value = {bytes, 129}},
         SKAD_ERR_INPUT},
        {"resolving by a salt", {.method = SKAD_CONTROL_RESOLVE, .salt = salt}, SKAD_OK},
        {"by one too long", {.method = SKAD_CONTROL_RESOLVE, .salt = long_salt}, SKAD_ERR_INPUT},
        {"watching by a salt",
         {.method = SKAD_CONTROL_WATCH_RECORD, .salt = salt, .every_s = 5},
         SKAD_OK},
        {"by one too long",
         {.method = SKAD_CONTROL_WATCH_RECORD, .salt = long_salt, .every_s = 5},
         SKAD_ERR_INPUT},
        {"too often",
         {.method = SKAD_CONTROL_WATCH_RECORD, .salt = salt, .every_s = 4},
         SKAD_ERR_INPUT},
        {"watching providers", {.method = SKAD_CONTROL_WATCH_PROVIDERS, .every_s = 5}, SKAD_OK},
        {"too often", {.method = SKAD_CONTROL_WATCH_PROVIDERS, .every_s = 4}, SKAD_ERR_INPUT},
        {"a ping to nowhere", {.method = SKAD_CONTROL_PING}, SKAD_ERR_INPUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_event event;
        skad_status status = start(&cases[i].request, &event);
        if (status != cases[i].status) {
            fail_msg("%s: %s", cases[i].label, skad_status_text(status));
        }
    }
}

/* The node has no peers, and so it is itself the only holder. */
static void what_was_put_is_found_by_its_own_method(void **state)
{
    (void)state;
    skad_event event;
    skad_control_request request = {
        .method = SKAD_CONTROL_PUBLISH, .value = {bytes, 3}, .salt = {bytes, 2}, .sequence = 9};
    assert_int_equal(start(&request, &event), SKAD_OK);
    assert_int_equal(event.u.put.stored, 1);
    assert_false(event.u.put.kept);
    request = (skad_control_request){.method = SKAD_CONTROL_RESOLVE, .salt = {bytes, 2}};
    memcpy(request.id.bytes, fixture.identity.public_key, sizeof request.id.bytes);
    assert_int_equal(start(&request, &event), SKAD_OK);
    assert_int_equal(event.u.get.type, SKAD_RECORD_MUTABLE);
    assert_int_equal(event.u.get.sequence, 9);
    assert_int_equal(event.u.get.len, 3);
    assert_int_equal(event.u.get.expiry_unix_s, fixture.now.unix_s + 46 * 3600);

    request = (skad_control_request){
        .method = SKAD_CONTROL_ANNOUNCE, .id = {{4}}, .value = {bytes, 5}, .life_s = 100};
    assert_int_equal(start(&request, &event), SKAD_OK);
    request.method = SKAD_CONTROL_PROVIDERS;
    assert_int_equal(start(&request, &event), SKAD_OK);
    assert_int_equal(event.u.get.type, SKAD_RECORD_ANNOUNCEMENT);
    assert_int_equal(event.u.get.providers_count, 1);
    assert_int_equal(event.u.get.providers[0].metadata_len, 5);
    assert_int_equal(event.u.get.providers[0].expiry_unix_s, fixture.now.unix_s + 100);

    request = (skad_control_request){.method = SKAD_CONTROL_PUT, .value = {bytes, 7}, .keep = true};
    assert_int_equal(start(&request, &event), SKAD_OK);
    assert_true(event.u.put.kept);
    request = (skad_control_request){.method = SKAD_CONTROL_GET, .id = event.u.put.key};
    assert_int_equal(start(&request, &event), SKAD_OK);
    assert_int_equal(event.u.get.type, SKAD_RECORD_IMMUTABLE);
    assert_int_equal(event.u.get.len, 7);
}

/* Comparing and swapping: the node holds sequence 9. */
static void a_publication_may_name_what_it_replaces(void **state)
{
    (void)state;
    static const struct {
        bool has_cas;
        uint64_t cas;
        bool stored;
    } cases[] = {{true, 8, false}, {true, 9, true}, {false, 8, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_event event;
        skad_control_request request = {.method = SKAD_CONTROL_PUBLISH,
                                        .value = {bytes, 3},
                                        .salt = {bytes + i, 1 + i},
                                        .sequence = 9};
        assert_int_equal(start(&request, &event), SKAD_OK);
        request.sequence = 10;
        request.has_cas = cases[i].has_cas;
        request.cas = cases[i].cas;
        assert_int_equal(start(&request, &event), SKAD_OK);
        assert_int_equal(event.u.put.stored, cases[i].stored);
    }
}

static void what_is_not_started_is_told_in_words(void **state)
{
    (void)state;
    static const struct {
        skad_control_method method;
        skad_status status;
        const char *code;
        const char *message;
    } cases[] = {
        {SKAD_CONTROL_PUT, SKAD_ERR_INPUT, "input", "a value has 1 to 1000 bytes"},
        {SKAD_CONTROL_GET, SKAD_ERR_INPUT, "input", "the node cannot take these parameters"},
        {SKAD_CONTROL_STORE, SKAD_ERR_FORMAT, "input",
         "these bytes are not a record, or its signature is wrong"},
        {SKAD_CONTROL_ANNOUNCE, SKAD_ERR_MISSING, "input",
         "no peer has told us our own address yet: name it, or wait until the node has joined"},
        {SKAD_CONTROL_PUT, SKAD_ERR_IO, "storage",
         "it cannot be kept, since the node's store refuses writes: No space left on device"},
        {SKAD_CONTROL_PUT, SKAD_ERR_FULL, "busy", NULL},
        {SKAD_CONTROL_PUT, SKAD_ERR_MEMORY, "busy", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_control_request request = {.method = cases[i].method, .msgid = 5};
        errno = ENOSPC;
        skad_method_refuse(&context, &request, cases[i].status, test_result_begin());
        test_result_expect_error(test_result_end(), 5, cases[i].code,
                                 cases[i].message != NULL ? cases[i].message
                                                          : skad_status_text(cases[i].status));
    }
}

static void what_others_forward_is_started_as_such(void **state)
{
    (void)state;
    static const struct {
        skad_control_method method;
        skad_event_kind kind;
    } cases[] = {
        {SKAD_CONTROL_LOOKUP, SKAD_EVENT_LOOKUP}, {SKAD_CONTROL_TRACE, SKAD_EVENT_LOOKUP},
        {SKAD_CONTROL_GET, SKAD_EVENT_GET},       {SKAD_CONTROL_RESOLVE, SKAD_EVENT_GET},
        {SKAD_CONTROL_PUT, SKAD_EVENT_PUT}, /* without contacts it is the last of its chain */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_control_request request = {
            .method = cases[i].method, .value = {bytes, 9}, .forward = true, .chains = 8};
        skad_event event;
        assert_int_equal(start(&request, &event), SKAD_OK);
        assert_int_equal(event.kind, cases[i].kind);
        assert_int_equal(event.outcome,
                         event.kind == SKAD_EVENT_PUT ? SKAD_OUTCOME_DONE : SKAD_OUTCOME_TIMED_OUT);
    }
}

static void what_others_store_is_refused_in_words(void **state)
{
    (void)state;
    const skad_control_request request = {
        .method = SKAD_CONTROL_PUT, .msgid = 5, .forward = true, .keep = true};
    skad_method_refuse(&context, &request, SKAD_ERR_INPUT, test_result_begin());
    test_result_expect_error(test_result_end(), 5, "input",
                             "what other nodes store for this one is neither announced again nor "
                             "compared: leave out keep and cas");
}

static void a_parameter_out_of_its_limits_is_named(void **state)
{
    (void)state;
    const skad_control_request request = {.method = SKAD_CONTROL_WATCH_RECORD, .every_s = 4};
    skad_method_refuse(&context, &request, SKAD_ERR_INPUT, test_result_begin());
    expect_blame(skad_answer_at(test_result_end(), 2), "every_s", 2, "seconds, from 5 on");
}

static skad_answer answer(const skad_control_request *request)
{
    skad_method_answer(&context, request, fixture.now, test_result_begin());
    skad_answer whole = test_result_end();
    assert_int_equal(skad_answer_at(whole, 1).item->u.number, request->msgid);
    return whole;
}

static void bans_are_made_listed_and_lifted(void **state)
{
    (void)state;
    static const skad_span subject = {(const uint8_t *)"192.0.2.0/24", 12};
    skad_control_request request = {.method = SKAD_CONTROL_BAN, .msgid = 6, .value = subject};
    test_result_expect_text(skad_answer_get(skad_answer_at(answer(&request), 3), "subject"),
                            "192.0.2.0/24");
    request.life_s = 50;
    request.value = (skad_span){(const uint8_t *)"192.0.2.9", 9};
    (void)answer(&request);
    request.method = SKAD_CONTROL_BANS;
    skad_answer bans = skad_answer_get(skad_answer_at(answer(&request), 3), "bans");
    assert_int_equal(skad_answer_count(bans), 2);
    for (size_t i = 0; i < 2; i++) {
        skad_answer ban = skad_answer_at(bans, i);
        bool whole = skad_answer_bytes(ban, "subject").data[8] == '0';
        test_result_expect_text(skad_answer_get(ban, "reason"), "operator");
        test_result_expect(ban, "left_s", whole ? DAY_S : 50);
    }
    request.method = SKAD_CONTROL_UNBAN;
    request.value = subject;
    test_result_expect_text(skad_answer_get(skad_answer_at(answer(&request), 3), "subject"),
                            "192.0.2.0/24");
    test_result_expect_error(answer(&request), 6, "not_found",
                             "there is no ban of this very subject: see 'skad bans'");
}

static void all_bans_of_a_full_list_are_told(void **state)
{
    (void)state;
    skad_control_request request = {.method = SKAD_CONTROL_BAN, .msgid = 6, .life_s = 60};
    for (unsigned i = 0; i < 257; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "10.%u.%u.0/24", i / 256, i % 256);
        request.value = (skad_span){(const uint8_t *)text, (size_t)len};
        (void)answer(&request);
    }
    request.method = SKAD_CONTROL_BANS;
    skad_answer bans = skad_answer_get(skad_answer_at(answer(&request), 3), "bans");
    assert_int_equal(skad_answer_count(bans), 256);
    for (size_t i = 0; i < 256; i++) {
        test_result_expect(skad_answer_at(bans, i), "left_s", 60);
    }
}

static void subjects_that_cannot_be_banned_or_allowed_are_told(void **state)
{
    (void)state;
    char id[65];
    memset(id, 'a', 64);
    id[64] = '\0';
    skad_control_request request = {
        .method = SKAD_CONTROL_BAN, .msgid = 6, .value = {(const uint8_t *)"nonsense", 8}};
    test_result_expect_error(answer(&request), 6, "input",
                             "neither a node ID nor an address nor ADDR/BITS nor ID@ADDR:PORT");
    request.value = (skad_span){(const uint8_t *)id, 64};
    test_result_expect_text(skad_answer_get(skad_answer_at(answer(&request), 3), "subject"), id);
    request.method = SKAD_CONTROL_ALLOW;
    test_result_expect_error(answer(&request), 6, "input",
                             "only addresses can be allowed: the node bans nothing else");
    for (unsigned i = 0; i < 256; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "10.1.%u.0/24", i);
        request.value = (skad_span){(const uint8_t *)text, (size_t)len};
        test_result_expect_text(skad_answer_get(skad_answer_at(answer(&request), 3), "subject"),
                                text);
    }
    request.value = (skad_span){(const uint8_t *)"10.2.0.0/24", 11};
    test_result_expect_error(answer(&request), 6, "busy", "256 prefixes are allowed already");
}

#define AT_NODE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_has_its_row),
        cmocka_unit_test(the_table_is_the_schemas),
        cmocka_unit_test(parameters_that_are_wrong_are_named),
        cmocka_unit_test(methods_are_answered_in_their_manner),
        cmocka_unit_test(a_record_lives_46_hours_by_default),
        AT_NODE(parameters_out_of_their_limits_are_not_started),
        AT_NODE(what_was_put_is_found_by_its_own_method),
        AT_NODE(a_publication_may_name_what_it_replaces),
        AT_NODE(what_is_not_started_is_told_in_words),
        AT_NODE(what_others_forward_is_started_as_such),
        AT_NODE(what_others_store_is_refused_in_words),
        AT_NODE(a_parameter_out_of_its_limits_is_named),
        AT_NODE(bans_are_made_listed_and_lifted),
        AT_NODE(all_bans_of_a_full_list_are_told),
        AT_NODE(subjects_that_cannot_be_banned_or_allowed_are_told),
    };
    return cmocka_run_group_tests_name("methods", tests, NULL, NULL);
}
