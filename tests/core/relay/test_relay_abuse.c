/* FORWARDs with neighbours and contacts that do all that they must not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/forward.h"
#include "src/core/forward/balance.h"
#include "src/core/node/parts.h"
#include "src/core/relay/relays.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/rtt.h"
#include "src/core/rpc/request.h"
#include "tests/support/relaying.h"

/* ---- Contacts that fail or lie ---- */

static void a_refusal_is_gone_round_at_once(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(6, &bytes);
    const test_question asked =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    size_t tries = 0;
    while (tries < test_relaying_forwards(on)) { /* one more for each refusal */
        assert_int_equal(test_relaying_forwards(on), tries + 1);
        assert_int_equal(test_relaying_answer_to(&asked).kind, SKAD_KIND_PING);
        assert_true(tries == 0 || on[tries].to != on[tries - 1].to);
        test_relaying_reply_error(&on[tries++], SKAD_ERROR_UNREACHED);
    }
    assert_in_range(tries, 3, SKAD_RELAY_TRIES_MAX);
    assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_UNREACHED);
    assert_int_equal(test_fixture_stats(&test_relaying).relays, 0);
}

typedef void (*lie)(const test_passed_on *to, const skad_forward *forward, skad_span bytes);

static void another_value(const test_passed_on *to, const skad_forward *forward, skad_span bytes)
{
    (void)forward;
    uint8_t other[SKAD_RECORD_BYTES_MAX];
    memcpy(other, bytes.data, bytes.len);
    other[bytes.len - 1] ^= 1;
    test_relaying_reply_record(to, (skad_span){other, bytes.len});
}

static void half_of_it(const test_passed_on *to, const skad_forward *forward, skad_span bytes)
{
    (void)forward;
    test_relaying_reply_record(to, (skad_span){bytes.data, bytes.len - 1});
}

static void another_target(const test_passed_on *to, const skad_forward *forward, skad_span bytes)
{
    (void)bytes;
    skad_forward other = *forward;
    skad_statement stated = {0};
    other.target.bytes[31] ^= 1;
    test_relaying_reply_statement(to, to->to, &other, &stated);
}

static void another_day(const test_passed_on *to, const skad_forward *forward, skad_span bytes)
{
    (void)bytes;
    skad_statement stated = {.unix_s = test_relaying.now.unix_s - 86400};
    test_relaying_reply_statement(to, to->to, forward, &stated);
}

static void the_same_twice(const test_passed_on *to, const skad_forward *forward, skad_span bytes)
{
    (void)bytes;
    skad_statement stated = {.contacts_count = 2};
    for (size_t i = 0; i < 2; i++) {
        stated.contacts[i] = (skad_contact){.id = test_relaying.remotes[1].identity.id,
                                            .ipv4 = test_relaying.remotes[1].address};
    }
    test_relaying_reply_statement(to, to->to, forward, &stated);
}

static void a_record_for_a_list(const test_passed_on *to, const skad_forward *forward,
                                skad_span bytes)
{
    (void)forward;
    test_relaying_reply_record(to, bytes);
}

/* All contacts give the same lie: the neighbour is told that no result came, and none of it. */
static void what_proves_nothing_is_not_handed_back(void **state)
{
    (void)state;
    static const struct {
        lie tell;
        skad_forward_aim aim;
    } lies[] = {
        {another_value, SKAD_FORWARD_IMMUTABLE},  {half_of_it, SKAD_FORWARD_IMMUTABLE},
        {another_target, SKAD_FORWARD_IMMUTABLE}, {another_day, SKAD_FORWARD_IMMUTABLE},
        {another_target, SKAD_FORWARD_NODES},     {another_day, SKAD_FORWARD_NODES},
        {the_same_twice, SKAD_FORWARD_NODES},     {a_record_for_a_list, SKAD_FORWARD_NODES},
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        test_passed_on on[TEST_SENT_MAX];
        skad_span bytes;
        skad_forward forward = test_relaying_wanted(6, &bytes);
        forward.aim = lies[i].aim;
        const test_question asked =
            test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
        size_t tries = 0;
        while (tries < test_relaying_forwards(on)) {
            lies[i].tell(&on[tries++], &forward, bytes);
        }
        assert_in_range(tries, 3, SKAD_RELAY_TRIES_MAX);
        assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_UNREACHED);
    }
}

/* After lies, the truth of another contact is handed back. */
static void a_lie_does_not_hide_the_truth(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(6, &bytes);
    forward.aim = SKAD_FORWARD_NODES;
    const test_question asked =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    assert_int_equal(test_relaying_forwards(on), 1);
    the_same_twice(&on[0], &forward, bytes);
    assert_int_equal(test_relaying_answer_to(&asked).kind, SKAD_KIND_PING);
    assert_int_equal(test_relaying_forwards(on), 2);
    skad_statement stated = {
        .contacts_count = 1,
        .contacts = {{.id = test_relaying.remotes[1].identity.id,
                      .ipv4 = test_relaying.remotes[1].address}},
    };
    test_relaying_reply_statement(&on[1], on[1].to, &forward, &stated);
    assert_int_equal(test_relaying_answer_to(&asked).kind, SKAD_KIND_FORWARDED);
}

static void silence_is_gone_round_and_ends_in_time(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(6, &bytes);
    const test_question asked =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    uint64_t passed_us = 0;
    while (test_relaying_answer_to(&asked).kind == SKAD_KIND_PING &&
           passed_us < 10 * SKAD_US_PER_S) {
        test_relaying_pass(50 * SKAD_US_PER_MS);
        passed_us += 50 * SKAD_US_PER_MS;
    }
    assert_in_range(test_relaying_forwards(on), 3, SKAD_RELAY_TRIES_MAX); /* others beside */
    assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_UNREACHED);
    assert_true(passed_us < forward.life_ms * SKAD_US_PER_MS);
    const size_t before = test_relaying_sent_count;
    test_relaying_reply_record(&on[0], bytes); /* after the deadline: nothing comes of it */
    for (size_t i = before; i < test_relaying_sent_count; i++) {
        assert_true(test_relaying_sent[i].request);
    }
}

/* A second answer to the same request finds none that waits. */
static void an_answer_to_nothing_is_dropped(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_datagram out;
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(4, &bytes);
    skad_message message = {.kind = SKAD_KIND_FORWARDED};
    (void)test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    assert_int_equal(test_relaying_forwards(on), 1);
    message.u.reply.observed = test_relaying.remotes[0].address;
    message.u.reply.u.forwarded.record = bytes;
    test_fixture_answer(&test_relaying, on[0].to, on[0].datagram, &message, &out);
    assert_int_equal(test_fixture_deliver(&test_relaying, &on[0].to->address, &out),
                     SKAD_VERDICT_ACCEPT);
    assert_int_equal(test_fixture_deliver(&test_relaying, &on[0].to->address, &out),
                     SKAD_VERDICT_UNSOLICITED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refusal_is_gone_round_at_once, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(what_proves_nothing_is_not_handed_back, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(a_lie_does_not_hide_the_truth, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(silence_is_gone_round_and_ends_in_time, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(an_answer_to_nothing_is_dropped, test_relaying_begin,
                                        test_relaying_end),
    };
    return cmocka_run_group_tests_name("relay abuse", tests, NULL, NULL);
}
