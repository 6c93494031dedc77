/* FORWARDs of neighbours that ask for too much: room, balances, budgets, puts. */
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

/* Four neighbours have filled the table, three of them in one address group; a fifth gets in, and
 * each of its requests costs one of the group that has the most. */
static void who_fills_the_room_gives_way(void **state)
{
    (void)state;
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(6, &bytes);
    size_t count = 0;
    static test_remote askers[5];
    for (size_t i = 0; i < test_relaying.remotes_count && count < 5; i++) {
        if (test_relaying_nearer(&forward.target, &test_relaying.remotes[i].identity.id)) {
            continue;
        }
        askers[count] = test_relaying.remotes[i];
        askers[count].address.ip[1] = (uint8_t)(count < 3 ? 100 : 100 + count);
        for (size_t j = 0; count < 4 && j < SKAD_RELAYS_NEIGHBOUR_MAX; j++) {
            (void)test_relaying_ask(&askers[count], &forward);
        }
        count++;
    }
    const test_remote *last = &askers[4];
    assert_int_equal(count, 5);
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

/* Requests that contacts refuse after they have counted them strain a contact as those that they
 * answer do. */
static void what_fails_is_owed_as_well(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    size_t counted[TEST_PEERS] = {0};
    const skad_forward forward = test_relaying_wanted(4, &bytes);
    for (unsigned i = 0; i < SKAD_BALANCE_DEBT_MAX; i++) {
        (void)test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
        for (size_t n = 0; n < test_relaying_forwards(on); n++) {
            counted[on[n].to - test_relaying.remotes]++;
            test_relaying_reply_error(&on[n], SKAD_ERROR_UNREACHED);
        }
    }
    for (size_t i = 0; i < TEST_PEERS; i++) {
        assert_true(counted[i] <= SKAD_BALANCE_DEBT_RELAYED);
    }
}

/* A first hop that asks for a token sees a second request of the same numbers, less the time since,
 * of an asker and of a relay. */
static void a_second_request_tells_no_more_than_the_first(void **state)
{
    (void)state;
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(6, &bytes);
    forward.aim = SKAD_FORWARD_NODES;
    for (unsigned i = 0; i < 40; i++) {
        test_passed_on on[TEST_SENT_MAX];
        skad_op op;
        if (i % 2 == 0) {
            (void)test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
        } else {
            (void)test_fixture_drain(&test_relaying);
            test_relaying_sent_count = 0;
            assert_int_equal(skad_node_forward_lookup(test_relaying.node, &forward.target, 1,
                                                      test_relaying.now, &op),
                             SKAD_OK);
            test_relaying_pass(0);
        }
        assert_int_equal(test_relaying_forwards(on), 1);
        test_relaying_pass(7 * SKAD_US_PER_MS);
        test_relaying_reply_error(&on[0], SKAD_ERROR_TOKEN);
        assert_int_equal(test_relaying_forwards(on), 2);
        assert_ptr_equal(on[1].to, on[0].to);
        assert_int_equal(on[1].forward.budget, on[0].forward.budget);
        assert_in_range(on[1].forward.life_ms + 7, on[0].forward.life_ms - 1,
                        on[0].forward.life_ms + 2);
        skad_statement stated = {
            .contacts_count = 1,
            .contacts = {{.id = test_relaying.remotes[1].identity.id,
                          .ipv4 = test_relaying.remotes[1].address}},
        };
        test_relaying_reply_statement(&on[1], on[1].to, &forward, &stated);
        assert_int_equal(test_fixture_stats(&test_relaying).relays, 0);
        test_relaying.now.mono_us += SKAD_US_PER_S;
    }
}

/* A contact that answers when its time is over is heard later, by the way there and back. */
static void who_takes_all_of_its_time_is_not_silent(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    skad_forward_balance balances[4];
    skad_forward forward = test_relaying_wanted(4, &bytes);
    forward.budget = 1;
    forward.life_ms = 2000;
    for (unsigned i = 0; i < 3; i++) {
        (void)test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
        assert_int_equal(test_relaying_forwards(on), 1);
        test_relaying_pass(on[0].forward.life_ms * SKAD_US_PER_MS + SKAD_US_PER_MS);
        test_relaying_reply_error(&on[0], SKAD_ERROR_LATE);
    }
    const size_t count =
        skad_node_forward_balances(test_relaying.node, test_relaying.now, balances, 4);
    for (size_t i = 0; i < count && i < 4; i++) {
        assert_false(balances[i].doubted);
    }
}

/* A node that owes all nearer contacts too much does not say that it is the last. */
static void what_is_owed_makes_no_node_the_last(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(1, &bytes);
    const skad_node_parts parts = skad_node_parts_of(test_relaying.node);
    for (size_t i = 0; i < test_relaying.remotes_count; i++) {
        skad_balance_credit(parts.balances, &test_relaying.remotes[i].identity.id,
                            SKAD_BALANCE_DEBT_RELAYED, test_relaying.now.mono_us);
    }
    static const skad_forward_aim aims[] = {SKAD_FORWARD_NODES, SKAD_FORWARD_IMMUTABLE,
                                            SKAD_FORWARD_MUTABLE, SKAD_FORWARD_STORE};
    for (size_t i = 0; i < sizeof aims / sizeof aims[0]; i++) {
        forward.aim = aims[i];
        forward.record = aims[i] == SKAD_FORWARD_STORE ? bytes : (skad_span){NULL, 0};
        const test_question asked =
            test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
        assert_int_equal(test_relaying_forwards(on), 0);
        assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_BUSY);
    }
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

/* Four neighbours have the node wait for silent contacts, and store what silent nodes are to hold:
 * its own lookups go on. */
static bool silent_to_neighbours(test_fixture *self, test_remote *who, const skad_message *request,
                                 skad_message *answer)
{
    (void)self;
    (void)who;
    if (answer->kind == SKAD_KIND_STORED) {
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    return request->kind != SKAD_KIND_FORWARD && request->kind != SKAD_KIND_STORE;
}

static bool own_lookup_ends(uint64_t within_us)
{
    const skad_id target = {{7, 7, 7}};
    skad_op op;
    skad_event event;
    bool ended = false;
    assert_int_equal(skad_node_lookup(test_relaying.node, &target, test_relaying.now, &op),
                     SKAD_OK);
    test_fixture_run(&test_relaying, within_us);
    while (skad_node_poll_event(test_relaying.node, &event)) {
        ended |= event.kind == SKAD_EVENT_LOOKUP && event.op == op;
    }
    return ended;
}

static void what_waits_for_neighbours_does_not_hold_up_our_own(void **state)
{
    (void)state;
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(6, &bytes);
    size_t askers = 0;
    forward.life_ms = SKAD_FORWARD_LIFE_MS_MAX;
    forward.budget = SKAD_FORWARD_BUDGET_MAX;
    test_relaying.script = silent_to_neighbours;
    for (size_t i = 0; i < test_relaying.remotes_count && askers < 4; i++) {
        const test_remote *who = &test_relaying.remotes[i];
        if (test_relaying_nearer(&forward.target, &who->identity.id)) {
            continue;
        }
        askers++;
        for (size_t j = 0; j < SKAD_RELAYS_NEIGHBOUR_MAX; j++) {
            (void)test_relaying_ask(who, &forward);
        }
    }
    test_fixture_run(&test_relaying, 2 * SKAD_US_PER_S);
    assert_true(test_fixture_stats(&test_relaying).pending > SKAD_IN_FLIGHT_MAX);
    assert_true(own_lookup_ends(SKAD_US_PER_S));
}

static void puts_for_neighbours_are_few(void **state)
{
    (void)state;
    test_relaying.script = silent_to_neighbours;
    for (uint8_t i = 0; i < 128; i++) {
        skad_forward forward = {.aim = SKAD_FORWARD_STORE,
                                .want = SKAD_FAMILIES_ALL,
                                .life_ms = SKAD_FORWARD_LIFE_MS_MAX};
        forward.record = test_relaying_value(i, &forward.target);
        (void)test_relaying_ask(&test_relaying.remotes[i / 16], &forward);
        test_relaying_pass(0);
    }
    assert_int_equal(test_fixture_stats(&test_relaying).operations, SKAD_RELAY_PUTS_MAX);
    assert_true(own_lookup_ends(2 * SKAD_US_PER_S));
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
        cmocka_unit_test_setup_teardown(what_fails_is_owed_as_well, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(a_second_request_tells_no_more_than_the_first,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(who_takes_all_of_its_time_is_not_silent,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(what_is_owed_makes_no_node_the_last, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(what_leaves_no_time_to_ask_is_late_at_once,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_asked_for_lack_of_room_is_busy,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(what_waits_for_neighbours_does_not_hold_up_our_own,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(puts_for_neighbours_are_few, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(no_more_follows_than_the_budget, test_relaying_begin,
                                        test_relaying_end),
    };
    return cmocka_run_group_tests_name("relay room", tests, NULL, NULL);
}
