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

/* ---- Neighbours that ask for too much ---- */

static void what_does_not_go_forward_is_a_loop(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_forward forward = {.aim = SKAD_FORWARD_NODES,
                            .want = SKAD_FAMILIES_ALL,
                            .budget = 20,
                            .life_ms = 5000,
                            .target = test_relaying.remotes[5].identity.id};
    const test_question asked = test_relaying_ask(&test_relaying.remotes[5], &forward);
    assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_LOOP);
    assert_int_equal(test_relaying_forwards(on), 0);
    forward.budget = 0; /* it only wants to know what we know */
    const test_question again = test_relaying_ask(&test_relaying.remotes[5], &forward);
    assert_int_equal(test_relaying_answer_to(&again).kind, SKAD_KIND_FORWARDED);
}

static void an_address_and_an_identity_have_to_be_proven(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(4, &bytes);
    const test_question asked =
        test_relaying_ask_showing(test_relaying_far_from(&forward.target), &forward, false);
    assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_TOKEN);
    assert_int_equal(test_relaying_forwards(on), 0);
}

static void a_neighbour_has_its_share_of_the_room(void **state)
{
    (void)state;
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(6, &bytes);
    const test_remote *who = test_relaying_far_from(&forward.target);
    for (size_t i = 0; i < SKAD_RELAYS_NEIGHBOUR_MAX; i++) {
        const test_question asked = test_relaying_ask(who, &forward);
        assert_int_equal(test_relaying_answer_to(&asked).kind, SKAD_KIND_PING);
    }
    const test_question asked = test_relaying_ask(who, &forward);
    assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_BUSY);
}

/* Four neighbours have filled the table; a fifth gets in, and each of its requests costs one of
 * those that have the most. */
static void who_fills_the_room_gives_way(void **state)
{
    (void)state;
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(6, &bytes);
    size_t askers = 0;
    const test_remote *last = NULL;
    for (size_t i = 0; i < test_relaying.remotes_count && askers < 5; i++) {
        const test_remote *who = &test_relaying.remotes[i];
        if (test_relaying_nearer(&forward.target, &who->identity.id)) {
            continue;
        }
        for (size_t j = 0; askers < 4 && j < SKAD_RELAYS_NEIGHBOUR_MAX; j++) {
            (void)test_relaying_ask(who, &forward);
        }
        last = who;
        askers++;
    }
    assert_int_equal(askers, 5);
    assert_int_equal(test_fixture_stats(&test_relaying).relays, SKAD_RELAYS_MAX);
    for (size_t i = 0; i < 8; i++) {
        const uint64_t before = test_fixture_stats(&test_relaying).refused[SKAD_ERROR_BUSY];
        const test_question asked = test_relaying_ask(last, &forward);
        assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_NONE);
        assert_int_equal(test_fixture_stats(&test_relaying).refused[SKAD_ERROR_BUSY], before + 1);
        assert_int_equal(test_fixture_stats(&test_relaying).relays, SKAD_RELAYS_MAX);
    }
}

static void a_neighbour_that_only_asks_owes_too_much_at_last(void **state)
{
    (void)state;
    skad_forward_balance balances[4];
    const skad_forward forward = {.aim = SKAD_FORWARD_NODES,
                                  .target = test_relaying.identity.id,
                                  .want = SKAD_FAMILIES_ALL,
                                  .life_ms = 5000};
    const test_remote *who = &test_relaying.remotes[2];
    size_t served = 0;
    for (;;) {
        const test_question asked = test_relaying_ask(who, &forward);
        if (test_relaying_answer_to(&asked).kind != SKAD_KIND_FORWARDED) {
            assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_QUOTA);
            break;
        }
        served++;
        assert_true(served <= SKAD_BALANCE_DEBT_MAX);
    }
    assert_int_equal(served, SKAD_BALANCE_DEBT_MAX);
    assert_int_equal(skad_node_forward_balances(test_relaying.node, test_relaying.now, balances, 4),
                     1);
    assert_int_equal(balances[0].debt, SKAD_BALANCE_DEBT_MAX);
    assert_true(skad_id_equal(&balances[0].id, &who->identity.id));
    const test_question other = test_relaying_ask(&test_relaying.remotes[3], &forward);
    assert_int_equal(test_relaying_answer_to(&other).kind, SKAD_KIND_FORWARDED);
}

/* What the node knows itself would be a false answer, while contacts are nearer. */
static void what_leaves_no_time_to_ask_is_late_at_once(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    static const skad_forward_aim aims[] = {SKAD_FORWARD_NODES, SKAD_FORWARD_IMMUTABLE,
                                            SKAD_FORWARD_MUTABLE, SKAD_FORWARD_STORE};
    for (size_t i = 0; i < sizeof aims / sizeof aims[0]; i++) {
        skad_forward forward = test_relaying_wanted(4, &bytes);
        const test_remote *who = test_relaying_far_from(&forward.target);
        forward.aim = aims[i];
        forward.record = aims[i] == SKAD_FORWARD_STORE ? bytes : (skad_span){NULL, 0};
        forward.life_ms = 140;
        const test_question asked = test_relaying_ask(who, &forward);
        assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_LATE);
        assert_int_equal(test_relaying_forwards(on), 0);
        assert_int_equal(test_fixture_stats(&test_relaying).relays, 0);
        assert_int_equal(test_fixture_stats(&test_relaying).relays_late, i + 1);
        forward.life_ms = 170; /* 152 of them until the answer, 114 of these for the next node */
        (void)test_relaying_ask(who, &forward);
        assert_int_equal(test_relaying_forwards(on), 1);
        assert_in_range(on[0].forward.life_ms, 100, 114);
        test_relaying_pass(SKAD_US_PER_S);
    }
}

/* A node without room for a request of its own does not say that there is no such record. */
static void what_cannot_be_asked_for_lack_of_room_is_busy(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(4, &bytes);
    const test_remote *who = test_relaying_far_from(&forward.target);
    const skad_node_parts parts = skad_node_parts_of(test_relaying.node);
    skad_random random;
    skad_random_init(&random, (const uint8_t[32]){1});
    for (;;) {
        skad_pending_rpc *rpc =
            skad_pending_open(parts.pending, &random, SKAD_RTO_MAX_US, test_relaying.now.mono_us);
        if (rpc == NULL) {
            break;
        }
        rpc->purpose = SKAD_PURPOSE_REPLICA;
        rpc->address = who->address;
    }
    const test_question asked = test_relaying_ask(who, &forward);
    assert_int_equal(test_relaying_forwards(on), 0);
    assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_BUSY);
    assert_int_equal(test_fixture_stats(&test_relaying).relays, 0);
}

/* However the contacts fail, one request brings no more than its budget of others. */
static void no_more_follows_than_the_budget(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(6, &bytes);
    for (uint8_t budget = 1; budget <= SKAD_FORWARD_BUDGET_MAX; budget++) {
        forward.budget = budget;
        (void)test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
        for (size_t i = 0; i < test_relaying_forwards(on); i++) {
            test_relaying_reply_error(&on[i], SKAD_ERROR_BUSY);
        }
        const size_t count = test_relaying_forwards(on);
        size_t spent = count;
        for (size_t i = 0; i < count; i++) {
            spent += on[i].forward.budget;
        }
        assert_in_range(spent, 1, budget);
    }
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
        cmocka_unit_test_setup_teardown(what_does_not_go_forward_is_a_loop, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(an_address_and_an_identity_have_to_be_proven,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(a_neighbour_has_its_share_of_the_room, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(who_fills_the_room_gives_way, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(a_neighbour_that_only_asks_owes_too_much_at_last,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(what_leaves_no_time_to_ask_is_late_at_once,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_asked_for_lack_of_room_is_busy,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(no_more_follows_than_the_budget, test_relaying_begin,
                                        test_relaying_end),
    };
    return cmocka_run_group_tests_name("relay abuse", tests, NULL, NULL);
}
