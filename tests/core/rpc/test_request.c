/* Requests of our own: how long they are, what they show, and what happens without room. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/parts.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"

/* Literals of PROTOCOL.md: a datagram of 1232 bytes, at most three times what was sent. */
#define FIRST_CONTACT_BYTES 411

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_message find_node(void)
{
    return (skad_message){.kind = SKAD_KIND_FIND_NODE,
                          .u.find_node = {.target = {{1}}, .want = SKAD_FAMILIES_ALL}};
}

static bool send_to(const test_remote *who, const skad_message *message, const uint8_t *token)
{
    const skad_request request = {.message = message,
                                  .address = &who->address,
                                  .responder = &who->identity.id,
                                  .token = token,
                                  .purpose = SKAD_PURPOSE_LOOKUP};
    return skad_request_send(fixture.node, &request);
}

static size_t pending_count(void)
{
    return skad_pending_count(skad_node_parts_of(fixture.node).pending);
}

static void poll(const test_remote *who, skad_datagram *datagram, skad_envelope *envelope)
{
    skad_opened opened;
    assert_true(skad_node_poll_datagram(fixture.node, datagram));
    assert_true(datagram->request);
    assert_memory_equal(&datagram->to, &who->address, sizeof who->address);
    test_fixture_open(&fixture, who, datagram, NULL, envelope, &opened);
}

static void a_question_without_a_token_is_padded_to_a_first_contact(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message question = find_node();
    skad_datagram datagram;
    skad_envelope envelope;
    assert_true(send_to(who, &question, NULL));
    poll(who, &datagram, &envelope);
    assert_null(envelope.token);
    assert_int_equal(datagram.len, FIRST_CONTACT_BYTES);
}

static void with_a_token_it_is_shown_and_nothing_is_padded(void **state)
{
    static const uint8_t token[SKAD_TOKEN_BYTES] = {7, 8, 9};
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message question = find_node();
    skad_datagram datagram;
    skad_envelope envelope;
    assert_true(send_to(who, &question, token));
    poll(who, &datagram, &envelope);
    assert_non_null(envelope.token);
    assert_memory_equal(envelope.token, token, sizeof token);
    assert_true(datagram.len < FIRST_CONTACT_BYTES / 2 + 50);
}

/* A peer that was asked before granted a token, which is shown until its slot is over. */
static void the_token_of_the_table_is_shown_for_forty_minutes(void **state)
{
    static const uint8_t granted[SKAD_TOKEN_BYTES] = {0xab, 0xcd}; /* by the fixture's peers */
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message question = find_node();
    skad_datagram datagram;
    skad_envelope envelope;
    test_fixture_knock(&fixture, who);
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_non_null(test_fixture_peer(&fixture, who));
    (void)test_fixture_drain(&fixture);
    assert_true(send_to(who, &question, NULL));
    poll(who, &datagram, &envelope);
    assert_non_null(envelope.token);
    assert_memory_equal(envelope.token, granted, sizeof granted);
    skad_node_parts_of(fixture.node).env->now.mono_us += 2400 * SKAD_US_PER_S;
    assert_true(send_to(who, &question, NULL));
    poll(who, &datagram, &envelope);
    assert_null(envelope.token);
}

static void a_ping_without_a_token_is_as_long_as_a_challenge(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    skad_datagram datagram;
    skad_envelope envelope;
    assert_true(
        skad_request_ping(fixture.node, &who->identity.id, &who->address, SKAD_PURPOSE_UNVERIFIED));
    poll(who, &datagram, &envelope);
    assert_int_equal(envelope.kind, SKAD_KIND_PING);
    assert_int_equal(datagram.len, SKAD_CHALLENGE_BYTES_MAX);
}

/* Whoever is there may answer a hello, and it is sent to nobody by name. */
static void a_hello_is_answered_by_whoever_is_there(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    skad_datagram datagram;
    skad_datagram reply;
    assert_true(skad_request_ping(fixture.node, NULL, &who->address, SKAD_PURPOSE_HELLO));
    assert_true(skad_node_poll_datagram(fixture.node, &datagram));
    assert_int_equal(datagram.len, FIRST_CONTACT_BYTES);
    const skad_message pong = {.kind = SKAD_KIND_PONG, .u.reply.observed = who->address};
    test_fixture_answer(&fixture, who, &datagram, &pong, &reply);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply), SKAD_VERDICT_ACCEPT);
    assert_non_null(test_fixture_peer(&fixture, who));
}

static void only_a_step_of_an_operation_has_a_soft_timeout(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_pending *pending = skad_node_parts_of(fixture.node).pending;
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const skad_request hello = {.message = &ping, .address = &who->address};
    skad_request step = hello;
    step.purpose = SKAD_PURPOSE_PING;
    assert_true(skad_request_send(fixture.node, &hello));
    assert_int_equal(skad_pending_deadline(pending), fixture.now.mono_us + 3 * SKAD_US_PER_S);
    assert_true(skad_request_send(fixture.node, &step));
    assert_int_equal(skad_pending_deadline(pending), fixture.now.mono_us + SKAD_US_PER_S);
}

/* ---- Copies ---- */

static size_t copies_sent(const test_remote *who, skad_purpose purpose, bool hello)
{
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const skad_message question = find_node();
    bool asks = purpose == SKAD_PURPOSE_LOOKUP || purpose == SKAD_PURPOSE_REGION;
    const skad_request request = {.message = asks ? &question : &ping,
                                  .address = &who->address,
                                  .responder = hello ? NULL : &who->identity.id,
                                  .purpose = purpose};
    assert_true(skad_request_send(fixture.node, &request));
    skad_pending *pending = skad_node_parts_of(fixture.node).pending;
    skad_pending_rpc rpc;
    size_t copies = 0;
    for (;;) {
        uint64_t due_us = skad_pending_deadline(pending);
        skad_timeout timeout = skad_pending_expire(pending, due_us, &rpc);
        copies += timeout == SKAD_TIMEOUT_COPY;
        if (timeout == SKAD_TIMEOUT_HARD) {
            return copies;
        }
    }
}

static void how_often_it_is_sent_again_is_for_its_purpose_and_peer(void **state)
{
    (void)state;
    const test_remote *stranger = test_fixture_remote(&fixture);
    const test_remote *who = test_fixture_remote(&fixture);
    test_fixture_knock(&fixture, who);
    test_fixture_run(&fixture, SKAD_US_PER_S);
    static const struct {
        skad_purpose purpose;
        bool hello;
        size_t to_peer;
        size_t to_stranger;
    } cases[] = {
        {SKAD_PURPOSE_HELLO, true, 0, 0},       {SKAD_PURPOSE_PING, true, 0, 0},
        {SKAD_PURPOSE_UNVERIFIED, false, 0, 0}, {SKAD_PURPOSE_REPLICA, false, 0, 0},
        {SKAD_PURPOSE_CHECK, false, 2, 1},      {SKAD_PURPOSE_LOOKUP, false, 4, 2},
        {SKAD_PURPOSE_REGION, false, 4, 2},     {SKAD_PURPOSE_STORE, false, 4, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(copies_sent(who, cases[i].purpose, cases[i].hello), cases[i].to_peer);
        assert_int_equal(copies_sent(stranger, cases[i].purpose, cases[i].hello),
                         cases[i].to_stranger);
    }
}

/* A peer that is unresponsive anyway, and a network that is gone, are asked seldom. */
static void a_check_is_not_repeated_where_silence_is_expected(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    test_fixture_knock(&fixture, who);
    test_fixture_run(&fixture, SKAD_US_PER_S);
    skad_node_parts_of(fixture.node).env->now.mono_us += SKAD_CHECK_INTERVAL_US;
    assert_int_equal(copies_sent(who, SKAD_PURPOSE_CHECK, false), 0);
    skad_node_parts_of(fixture.node).env->now.mono_us -= SKAD_CHECK_INTERVAL_US;
    assert_int_equal(copies_sent(who, SKAD_PURPOSE_CHECK, false), 2);
    skad_peers *peers = &skad_node_parts_of(fixture.node).table->peers;
    skad_peers_set_failures(peers, skad_peers_find(peers, &who->identity.id), 2);
    assert_int_equal(copies_sent(who, SKAD_PURPOSE_CHECK, false), 0);
}

/* So an answer to any copy is one to the request, and no receiver takes a copy for a duplicate. */
static void a_copy_has_the_same_signed_part_and_other_bytes(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message question = find_node();
    skad_pending *pending = skad_node_parts_of(fixture.node).pending;
    skad_datagram sent[3];
    skad_envelope envelopes[3];
    skad_pending_rpc rpc;
    assert_true(send_to(who, &question, NULL));
    poll(who, &sent[0], &envelopes[0]);
    assert_int_equal(skad_pending_expire(pending, fixture.now.mono_us + 500 * SKAD_US_PER_MS, &rpc),
                     SKAD_TIMEOUT_COPY);
    for (uint8_t i = 1; i < 3; i++) {
        rpc.copies = i;
        skad_request_again(fixture.node, &rpc, &question);
        poll(who, &sent[i], &envelopes[i]);
        assert_int_equal(envelopes[i].signed_part.len, envelopes[0].signed_part.len);
        assert_memory_equal(envelopes[i].signed_part.data, envelopes[0].signed_part.data,
                            envelopes[0].signed_part.len);
        for (uint8_t j = 0; j < i; j++) {
            assert_memory_not_equal(sent[i].bytes, sent[j].bytes, SKAD_TAG_BYTES);
        }
    }
    assert_int_equal(fixture.node == NULL ? 0 : test_fixture_stats(&fixture).resent, 2);
    skad_datagram reply;
    const skad_message nodes = {.kind = SKAD_KIND_NODES, .u.reply.observed = who->address};
    test_fixture_answer(&fixture, who, &sent[2], &nodes, &reply);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply), SKAD_VERDICT_ACCEPT);
}

/* What is signed has changed since: an answer to such a copy would cover another request. */
static void a_copy_that_would_be_another_request_is_not_sent(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    skad_message question = find_node();
    skad_datagram datagram;
    skad_envelope envelope;
    skad_pending_rpc rpc;
    assert_true(send_to(who, &question, NULL));
    poll(who, &datagram, &envelope);
    assert_int_equal(skad_pending_expire(skad_node_parts_of(fixture.node).pending,
                                         fixture.now.mono_us + 500 * SKAD_US_PER_MS, &rpc),
                     SKAD_TIMEOUT_COPY);
    question.u.find_node.target.bytes[0] ^= 1;
    skad_request_again(fixture.node, &rpc, &question);
    assert_false(skad_node_poll_datagram(fixture.node, &datagram));
    assert_int_equal(test_fixture_stats(&fixture).resent, 0);
}

static void ninety_six_requests_may_be_under_way_for_operations(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message question = find_node();
    for (unsigned i = 0; i < 96; i++) {
        assert_true(skad_request_can_send(fixture.node));
        assert_true(send_to(who, &question, NULL));
    }
    assert_false(skad_request_can_send(fixture.node));
    assert_int_equal(pending_count(), 96);
}

static void without_room_in_the_outbox_nothing_waits_for_an_answer(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message question = find_node();
    skad_node_limits limits;
    skad_node_limits_default(&limits);
    for (size_t i = 0; i < limits.outbox; i++) {
        assert_true(send_to(who, &question, NULL));
    }
    size_t before = pending_count();
    assert_false(send_to(who, &question, NULL));
    assert_false(send_to(who, &question, NULL));
    assert_int_equal(pending_count(), before);
}

static void without_a_slot_nothing_is_sent(void **state)
{
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message question = find_node();
    skad_node_limits limits;
    skad_node_limits_default(&limits);
    for (size_t i = 0; i < limits.pending; i++) {
        assert_true(send_to(who, &question, NULL));
        (void)test_fixture_drain(&fixture);
    }
    assert_false(send_to(who, &question, NULL));
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

/* What cannot be written gives its slot back. */
static void a_record_that_does_not_fit_leaves_no_trace(void **state)
{
    static const uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX] = {0};
    (void)state;
    const test_remote *who = test_fixture_remote(&fixture);
    const skad_message store = {.kind = SKAD_KIND_STORE,
                                .u.store = {.record = {bytes, sizeof bytes}, .life_s = 1}};
    assert_false(send_to(who, &store, NULL));
    assert_int_equal(pending_count(), 0);
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_without_a_token_is_padded_to_a_first_contact,
                                        begin, end),
        cmocka_unit_test_setup_teardown(with_a_token_it_is_shown_and_nothing_is_padded, begin, end),
        cmocka_unit_test_setup_teardown(the_token_of_the_table_is_shown_for_forty_minutes, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_ping_without_a_token_is_as_long_as_a_challenge, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_hello_is_answered_by_whoever_is_there, begin, end),
        cmocka_unit_test_setup_teardown(only_a_step_of_an_operation_has_a_soft_timeout, begin, end),
        cmocka_unit_test_setup_teardown(how_often_it_is_sent_again_is_for_its_purpose_and_peer,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_check_is_not_repeated_where_silence_is_expected, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_copy_has_the_same_signed_part_and_other_bytes, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_copy_that_would_be_another_request_is_not_sent, begin,
                                        end),
        cmocka_unit_test_setup_teardown(ninety_six_requests_may_be_under_way_for_operations, begin,
                                        end),
        cmocka_unit_test_setup_teardown(without_room_in_the_outbox_nothing_waits_for_an_answer,
                                        begin, end),
        cmocka_unit_test_setup_teardown(without_a_slot_nothing_is_sent, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_does_not_fit_leaves_no_trace, begin, end),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
