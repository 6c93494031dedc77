/* FORWARDs of neighbours: to whom they go, and what comes back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/forward.h"
#include "src/core/forward/balance.h"
#include "src/core/relay/relays.h"
#include "src/core/routing/distance.h"
#include "tests/support/relaying.h"

/* ---- The usual way ---- */

static void it_goes_to_a_nearer_contact_and_comes_back(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(4, &bytes);
    const test_question asked =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    assert_int_equal(test_relaying_answer_to(&asked).kind, SKAD_KIND_PING);
    assert_int_equal(test_relaying_forwards(on), 1);
    assert_true(test_relaying_nearer(&forward.target, &on[0].to->identity.id));
    assert_memory_equal(on[0].forward.target.bytes, forward.target.bytes, SKAD_ID_BYTES);
    assert_true(on[0].forward.budget < forward.budget);
    assert_true(on[0].forward.life_ms < forward.life_ms);
    test_relaying_reply_record(&on[0], bytes);
    const skad_message answer = test_relaying_answer_to(&asked);
    assert_int_equal(answer.kind, SKAD_KIND_FORWARDED);
    assert_int_equal(answer.u.reply.u.forwarded.record.len, bytes.len);
    assert_memory_equal(answer.u.reply.u.forwarded.record.data, bytes.data, bytes.len);
    assert_int_equal(test_fixture_stats(&test_relaying).relays, 0);
    assert_int_equal(test_fixture_stats(&test_relaying).relay_copies, 1);
    const test_question again =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward); /* of the copy */
    assert_int_equal(test_relaying_answer_to(&again).kind, SKAD_KIND_FORWARDED);
    assert_int_equal(test_relaying_forwards(on), 0);
}

static void the_last_says_by_its_signature_what_it_knows(void **state)
{
    (void)state;
    skad_statement stated;
    uint8_t subject[SKAD_HASH_BYTES];
    test_passed_on on[TEST_SENT_MAX];
    const skad_forward forward = {.aim = SKAD_FORWARD_NODES,
                                  .target = test_relaying.identity.id,
                                  .want = SKAD_FAMILIES_ALL,
                                  .budget = 20,
                                  .life_ms = 5000};
    const test_question asked = test_relaying_ask(&test_relaying.remotes[3], &forward);
    const skad_message answer = test_relaying_answer_to(&asked);
    assert_int_equal(test_relaying_forwards(on), 0);
    assert_int_equal(answer.kind, SKAD_KIND_FORWARDED);
    skad_statement_subject(&forward, subject);
    assert_true(skad_statement_open(skad_node_network(test_relaying.node), subject,
                                    answer.u.reply.u.forwarded.statement, &stated));
    assert_memory_equal(stated.public_key, test_relaying.identity.public_key,
                        SKAD_PUBLIC_KEY_BYTES);
    assert_true(stated.contacts_count >= 16);
    for (size_t i = 0; i < stated.contacts_count; i++) { /* not the one that asks */
        assert_false(skad_id_equal(&stated.contacts[i].id, &test_relaying.remotes[3].identity.id));
        assert_true(i == 0 || skad_distance_compare(&forward.target, &stated.contacts[i - 1].id,
                                                    &stated.contacts[i].id) < 0);
    }
}

/* Where none is nearer, the neighbourhood is asked whether it has the value, by requests that bring
 * no others. */
static void the_last_asks_beside_itself(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    const skad_forward forward = test_relaying_wanted(0, &bytes);
    const test_question asked =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    assert_int_equal(test_relaying_forwards(on), 1);
    assert_int_equal(on[0].forward.budget, 0);
    test_relaying_reply_error(&on[0], SKAD_ERROR_BUSY);
    assert_int_equal(test_relaying_forwards(on), 2);
    test_relaying_reply_record(&on[1], bytes);
    assert_int_equal(test_relaying_answer_to(&asked).kind, SKAD_KIND_FORWARDED);
}

static void what_has_no_budget_is_answered_from_here(void **state)
{
    (void)state;
    test_passed_on on[TEST_SENT_MAX];
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(4, &bytes);
    forward.budget = 0;
    const test_question asked =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    assert_int_equal(test_relaying_forwards(on), 0);
    const skad_message answer = test_relaying_answer_to(&asked);
    assert_int_equal(answer.kind, SKAD_KIND_FORWARDED);
    assert_true(answer.u.reply.u.forwarded.statement.len > 0);
}

/* ---- Storing ---- */

static bool stores(test_fixture *self, test_remote *who, const skad_message *request,
                   skad_message *answer)
{
    (void)self;
    (void)who;
    if (answer->kind == SKAD_KIND_STORED) {
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    return true;
}

static void the_last_stores_and_says_where_it_is(void **state)
{
    (void)state;
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(0, &bytes);
    forward.aim = SKAD_FORWARD_STORE;
    forward.record = bytes;
    test_relaying.script = stores;
    (void)test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    assert_int_equal(test_fixture_stats(&test_relaying).relays, 1);
    for (size_t i = 0; i < test_relaying_sent_count; i++) { /* of the put, which asks its holders */
        assert_true(test_relaying_sent[i].request);
    }
    test_fixture_run(&test_relaying, 10 * SKAD_US_PER_S);
    assert_int_equal(test_fixture_stats(&test_relaying).relays, 0);
    assert_int_equal(test_fixture_stats(&test_relaying).relayed +
                         test_fixture_stats(&test_relaying).relays_late,
                     1);
}

/* The put waits for holders that are silent, but the neighbour does not wait for ever. */
static void a_put_that_takes_too_long_is_late(void **state)
{
    (void)state;
    skad_span bytes;
    skad_forward forward = test_relaying_wanted(0, &bytes);
    forward.aim = SKAD_FORWARD_STORE;
    forward.record = bytes;
    forward.life_ms = 1000;
    const test_question asked =
        test_relaying_ask(test_relaying_far_from(&forward.target), &forward);
    for (unsigned i = 0; i < 10 && test_relaying_answer_to(&asked).kind == SKAD_KIND_PING; i++) {
        test_relaying_pass(100 * SKAD_US_PER_MS);
    }
    assert_int_equal(test_relaying_refusal_of(&asked), SKAD_ERROR_LATE);
    assert_int_equal(test_fixture_stats(&test_relaying).relays_late, 1);
    assert_int_equal(test_fixture_stats(&test_relaying).operations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_goes_to_a_nearer_contact_and_comes_back,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(the_last_says_by_its_signature_what_it_knows,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(the_last_asks_beside_itself, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(what_has_no_budget_is_answered_from_here,
                                        test_relaying_begin, test_relaying_end),
        cmocka_unit_test_setup_teardown(the_last_stores_and_says_where_it_is, test_relaying_begin,
                                        test_relaying_end),
        cmocka_unit_test_setup_teardown(a_put_that_takes_too_long_is_late, test_relaying_begin,
                                        test_relaying_end),
    };
    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
