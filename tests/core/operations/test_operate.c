/* Operations at work: what answers, silences and late answers mean to them, and when they end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "src/core/operations/operate.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"

#define HOLDERS 4
#define PEERS   12
#define DAY_S   86400U

static const skad_id target = {{7}};

static test_fixture fixture;

/* How many of the holders store, and what those behind them say. */
typedef struct play {
    unsigned storing;
    uint32_t refusal; /* 0: they are silent */
    unsigned asked;
    bool silent; /* all peers, to everything */
} play;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    play *self = made->user;
    (void)who;
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = DAY_S;
        if (self->asked++ >= self->storing) {
            answer->kind = SKAD_KIND_ERROR;
            answer->u.reply.u.error.code = self->refusal;
            answer->u.reply.u.error.detail = 9;
            return self->refusal != 0;
        }
    }
    return !self->silent;
}

static int begin(void **state)
{
    static play self;
    skad_event event;
    skad_profile profile = test_fixture_profile();
    profile.siblings = HOLDERS;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, PEERS);
    while (skad_node_poll_event(fixture.node, &event)) { /* of joining */
    }
    self = (play){.storing = HOLDERS};
    fixture.script = act;
    fixture.user = &self;
    *state = &self;
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static bool poll(skad_op op, skad_event *event)
{
    while (skad_node_poll_event(fixture.node, event)) {
        if (event->op == op) {
            return true;
        }
    }
    return false;
}

static void a_put_stands_where_no_more_have_something_else_than_took_it(void **state)
{
    static const struct {
        const char *label;
        unsigned storing;
        uint32_t refusal;
        skad_outcome outcome;
    } cases[] = {
        {"all take it", 4, 0, SKAD_OUTCOME_DONE},
        {"one takes it, the others are silent", 1, 0, SKAD_OUTCOME_DONE},
        {"one takes it, the others are full", 1, SKAD_ERROR_FULL, SKAD_OUTCOME_DONE},
        {"as many have a later one", 2, SKAD_ERROR_OLDER, SKAD_OUTCOME_DONE},
        {"more have a later one", 1, SKAD_ERROR_OLDER, SKAD_OUTCOME_NOT_FOUND},
        {"more have another one", 1, SKAD_ERROR_CONFLICT, SKAD_OUTCOME_NOT_FOUND},
        {"more have another sequence", 1, SKAD_ERROR_CAS, SKAD_OUTCOME_NOT_FOUND},
        {"all are full", 0, SKAD_ERROR_FULL, SKAD_OUTCOME_NOT_FOUND},
        {"all are silent", 0, 0, SKAD_OUTCOME_TIMED_OUT},
    };
    play *self = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_id key;
        skad_op op;
        skad_event event;
        uint8_t value[] = {(uint8_t)i, 0};
        do { /* a key that others are closer to than we are */
            value[1]++;
            skad_value_key(value, sizeof value, &key);
        } while (((key.bytes[0] ^ fixture.identity.id.bytes[0]) & 0x80) == 0);
        *self = (play){.storing = cases[i].storing, .refusal = cases[i].refusal};
        assert_int_equal(skad_node_put(fixture.node, value, sizeof value, fixture.now, &op, &key),
                         SKAD_OK);
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
        if (!poll(op, &event) || event.outcome != cases[i].outcome) {
            fail_msg("%s", cases[i].label);
        }
        assert_int_equal(event.u.put.holders, HOLDERS);
    }
}

static void a_ping_tells_who_answered_and_how_fast(void **state)
{
    (void)state;
    skad_op op;
    skad_event event;
    skad_datagram request;
    skad_datagram reply;
    const test_remote *who = &fixture.remotes[5];
    assert_int_equal(skad_node_ping(fixture.node, &who->address, fixture.now, &op), SKAD_OK);
    assert_true(skad_node_poll_datagram(fixture.node, &request));
    fixture.now.mono_us += 12345;
    const skad_message pong = {.kind = SKAD_KIND_PONG, .u.reply.observed = who->address};
    test_fixture_answer(&fixture, who, &request, &pong, &reply);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply), SKAD_VERDICT_ACCEPT);
    assert_true(poll(op, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_memory_equal(&event.u.ping.id, &who->identity.id, sizeof(skad_id));
    assert_memory_equal(&event.u.ping.observed, &who->address, sizeof who->address);
    assert_int_equal(event.u.ping.rtt_us, 12345);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply),
                     SKAD_VERDICT_UNSOLICITED); /* the same answer again */
    assert_false(poll(op, &event));
}

/* One second, three times. */
static void a_ping_that_nobody_answers_ends_after_three_seconds(void **state)
{
    play *self = *state;
    skad_op op;
    skad_event event;
    const skad_address nowhere = {.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {9, 9, 9, 9}};
    self->silent = false;
    assert_int_equal(skad_node_ping(fixture.node, &nowhere, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 3 * SKAD_US_PER_S - 1);
    assert_false(poll(op, &event));
    test_fixture_run(&fixture, 1);
    assert_true(poll(op, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_false(poll(op, &event)); /* it ends once */
}

static void a_lookup_without_any_answer_times_out_and_one_with_some_does_not(void **state)
{
    play *self = *state;
    for (unsigned silent = 0; silent < 2; silent++) {
        skad_op op;
        skad_event event;
        self->silent = silent == 1;
        assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
        test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
        assert_true(poll(op, &event));
        assert_int_equal(event.outcome, silent ? SKAD_OUTCOME_TIMED_OUT : SKAD_OUTCOME_DONE);
        assert_int_equal(event.u.lookup.report.closest_count, silent ? 0 : HOLDERS);
    }
}

/* And of a single one, too. */
static void a_lookup_whose_only_peer_is_silent_times_out(void **state)
{
    play *self = *state;
    skad_profile profile = test_fixture_profile();
    skad_op op;
    skad_event event;
    test_fixture_free(&fixture);
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 1);
    fixture.script = act;
    fixture.user = self;
    self->silent = true;
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_true(poll(op, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
}

static void what_nobody_has_is_not_found(void **state)
{
    (void)state;
    skad_op op;
    skad_event event;
    assert_int_equal(skad_node_get(fixture.node, SKAD_RECORD_MUTABLE, &target, fixture.now, &op),
                     SKAD_OK);
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_true(poll(op, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_NOT_FOUND);
    assert_int_equal(event.u.get.tally.empty, HOLDERS);
}

/* A driver that stalls for a minute finds all timeouts due at once. */
static void an_operation_ends_within_a_minute_whatever_happens(void **state)
{
    (void)state;
    skad_op lookup;
    skad_op get;
    skad_event event;
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &lookup), SKAD_OK);
    assert_int_equal(skad_node_get(fixture.node, SKAD_RECORD_MUTABLE, &target, fixture.now, &get),
                     SKAD_OK);
    (void)test_fixture_drain(&fixture); /* nothing arrives */
    fixture.now.mono_us += 60 * SKAD_US_PER_S;
    skad_node_tick(fixture.node, fixture.now);
    assert_true(poll(lookup, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
    assert_true(poll(get, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
    assert_false(poll(get, &event));
    assert_null(skad_node_broken(fixture.node, fixture.now));
}

/* With 96 of our requests under way an operation waits, and tries again after 20 milliseconds. */
static void an_operation_without_room_to_ask_tries_again_soon(void **state)
{
    (void)state;
    skad_op op;
    skad_event event;
    skad_node_tick(fixture.node, fixture.now); /* it knows what time it is */
    for (unsigned i = 0; i < 96; i++) {
        assert_true(
            skad_request_ping(fixture.node, NULL, &fixture.remotes[0].address, SKAD_PURPOSE_HELLO));
    }
    (void)test_fixture_drain(&fixture);
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
    assert_int_equal(test_fixture_drain(&fixture), 0);
    assert_int_equal(skad_node_deadline(fixture.node), fixture.now.mono_us + 20000);
    test_fixture_run(&fixture, 2 * SKAD_US_PER_S);
    assert_false(poll(op, &event)); /* the hellos wait still */
    test_fixture_run(&fixture, 2 * SKAD_US_PER_S);
    assert_true(poll(op, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
}

static const test_remote *the_closest(const skad_id *key)
{
    const test_remote *closest = &fixture.remotes[0];
    for (size_t i = 1; i < PEERS; i++) {
        const test_remote *one = &fixture.remotes[i];
        bool closer = skad_distance_compare(key, &one->identity.id, &closest->identity.id) < 0;
        closest = closer ? one : closest;
    }
    return closest;
}

static skad_id put_key;

static bool the_closest_is_silent(test_fixture *made, test_remote *who, const skad_message *request,
                                  skad_message *answer)
{
    play *self = made->user;
    if (request->kind == SKAD_KIND_STORE) {
        self->asked++;
        answer->u.reply.u.stored.life_s = DAY_S;
    }
    return who != the_closest(&put_key);
}

/* The closest node is silent, and a put that waits for it seems to have begun long ago. It has
 * stored at the others already. */
static void a_put_that_has_looked_for_long_looks_no_more(void **state)
{
    play *self = *state;
    skad_op op;
    const uint8_t value[] = "value";
    skad_value_key(value, sizeof value, &put_key);
    fixture.script = the_closest_is_silent;
    assert_int_equal(skad_node_put(fixture.node, value, sizeof value, fixture.now, &op, &put_key),
                     SKAD_OK);
    skad_operations *operations = skad_node_parts_of(fixture.node).operations;
    skad_operation *operation = skad_operations_find(operations, op);
    assert_non_null(operation);
    for (unsigned late = 0; late < 2; late++) {
        const uint64_t began_us =
            fixture.now.mono_us - SKAD_PUT_LOOKUP_US + (late ? 0 : SKAD_US_PER_S);
        operation->deadline_us = began_us + SKAD_OPERATION_US_MAX;
        operations->overdue_us = fixture.now.mono_us;
        test_fixture_run(&fixture, (late ? 10 : 40) * SKAD_US_PER_MS);
        assert_int_equal(operation->stage != SKAD_STAGE_RUNNING, late);
        assert_in_range(self->asked, 1, HOLDERS); /* it has begun to store all the same */
    }
    test_fixture_run(&fixture, 60 * SKAD_US_PER_S);
    assert_in_range(self->asked, HOLDERS - 1, HOLDERS); /* this node may be one of them */
}

/* A tick at this instant, of the operations alone. */
static void tick_at(uint64_t now_us)
{
    skad_node_parts_of(fixture.node).env->now.mono_us = now_us;
    skad_operate_tick(fixture.node);
}

/* Each of the two times counts from its instant on, and neither touches the other. */
static void what_is_due_is_looked_at_when_it_is_due(void **state)
{
    (void)state;
    skad_op op;
    skad_operations *operations = skad_node_parts_of(fixture.node).operations;
    const uint64_t now_us = fixture.now.mono_us;
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
    operations->overdue_us = now_us + 5;
    operations->blocked_us = now_us + 9;
    tick_at(now_us + 4);
    assert_int_equal(operations->overdue_us, now_us + 5);
    tick_at(now_us + 5);
    assert_int_equal(operations->overdue_us, now_us + 5 + SKAD_OVERDUE_CHECK_US);
    assert_int_equal(operations->blocked_us, now_us + 9);
    assert_int_equal(skad_operate_deadline(fixture.node), now_us + 9);
    tick_at(now_us + 8);
    assert_int_equal(operations->blocked_us, now_us + 9);
    tick_at(now_us + 9);
    assert_int_equal(operations->blocked_us, UINT64_MAX);
    assert_int_equal(skad_operate_deadline(fixture.node), operations->overdue_us);
    skad_node_cancel(fixture.node, op);
    tick_at(operations->overdue_us);
    assert_int_equal(skad_operate_deadline(fixture.node), UINT64_MAX); /* nothing runs */
}

static void an_operation_ends_at_its_deadline_and_once(void **state)
{
    (void)state;
    skad_op op;
    skad_event event;
    skad_operations *operations = skad_node_parts_of(fixture.node).operations;
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
    const uint64_t deadline_us = skad_operations_find(operations, op)->deadline_us;
    assert_int_equal(deadline_us, fixture.now.mono_us + SKAD_OPERATION_US_MAX);
    tick_at(deadline_us - 1);
    assert_false(poll(op, &event));
    operations->overdue_us = deadline_us;
    tick_at(deadline_us);
    operations->overdue_us = deadline_us;
    tick_at(deadline_us); /* its event still waits */
    assert_true(poll(op, &event));
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
    assert_false(poll(op, &event));
}

/* A ping has no more to send: neither of the two times concerns it. */
static void a_ping_is_not_driven(void **state)
{
    (void)state;
    skad_op op;
    skad_operations *operations = skad_node_parts_of(fixture.node).operations;
    assert_int_equal(skad_node_ping(fixture.node, &fixture.remotes[5].address, fixture.now, &op),
                     SKAD_OK);
    operations->blocked_us = fixture.now.mono_us;
    tick_at(fixture.now.mono_us);
    tick_at(operations->overdue_us);
    assert_int_equal(skad_operations_find(operations, op)->stage, SKAD_STAGE_RUNNING);
}

/* While one operation waits for the check, another does not put it off. */
static void the_next_check_stays_where_it_was_planned(void **state)
{
    (void)state;
    skad_op op;
    const uint64_t now_us = fixture.now.mono_us;
    const skad_operations *operations = skad_node_parts_of(fixture.node).operations;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
        assert_int_equal(operations->overdue_us, now_us + SKAD_OVERDUE_CHECK_US);
        fixture.now.mono_us++;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_put_stands_where_no_more_have_something_else_than_took_it,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_ping_tells_who_answered_and_how_fast, begin, end),
        cmocka_unit_test_setup_teardown(a_ping_that_nobody_answers_ends_after_three_seconds, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            a_lookup_without_any_answer_times_out_and_one_with_some_does_not, begin, end),
        cmocka_unit_test_setup_teardown(a_lookup_whose_only_peer_is_silent_times_out, begin, end),
        cmocka_unit_test_setup_teardown(what_nobody_has_is_not_found, begin, end),
        cmocka_unit_test_setup_teardown(a_put_that_has_looked_for_long_looks_no_more, begin, end),
        cmocka_unit_test_setup_teardown(an_operation_ends_within_a_minute_whatever_happens, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_operation_without_room_to_ask_tries_again_soon, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_due_is_looked_at_when_it_is_due, begin, end),
        cmocka_unit_test_setup_teardown(an_operation_ends_at_its_deadline_and_once, begin, end),
        cmocka_unit_test_setup_teardown(a_ping_is_not_driven, begin, end),
        cmocka_unit_test_setup_teardown(the_next_check_stays_where_it_was_planned, begin, end),
    };
    return cmocka_run_group_tests_name("operate", tests, NULL, NULL);
}
