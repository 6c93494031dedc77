/* What answers with bad intentions gain, and none at all: contacts that must not be asked, wrong
 * values, refusals, pings that stay unanswered. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "skad/record.h"
#include "skad/records.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/ping_queue.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

typedef struct plot {
    const test_remote *actor;
    skad_contact contacts[SKAD_CONTACTS_MAX];
    size_t contacts_count;
    unsigned answers;
    unsigned actor_asked;
    skad_span wrong; /* a record */
    skad_span right;
} plot;

/* Runs until an operation has told its end; what it borrows lives until the next call. */
static skad_event await(test_fixture *fixture, skad_op op)
{
    skad_event event;
    for (unsigned i = 0; i < 700; i++) {
        while (skad_node_poll_event(fixture->node, &event)) {
            if (event.op == op && event.kind >= SKAD_EVENT_PING) {
                return event;
            }
        }
        test_fixture_run(fixture, SKAD_US_PER_S / 10);
    }
    fail_msg("no event");
    return event;
}

static bool everybody_names_the_plot(test_fixture *fixture, test_remote *who,
                                     const skad_message *asked, skad_message *answer)
{
    plot *told = fixture->user;
    told->actor_asked += who == told->actor && asked->kind == SKAD_KIND_FIND_NODE;
    if (asked->kind == SKAD_KIND_FIND_NODE) {
        answer->u.reply.u.nodes.contacts_count = told->contacts_count;
        memcpy(answer->u.reply.u.nodes.contacts, told->contacts, sizeof told->contacts);
    }
    return true;
}

static skad_id unsolved_id(const test_fixture *fixture)
{
    skad_identity identity;
    uint8_t seed[32] = {0x55};
    do {
        seed[31]++;
        assert_int_equal(skad_identity_from_seed(seed, fixture->profile.memory_kib, &identity),
                         SKAD_OK);
    } while (skad_identity_fits(&identity, &fixture->profile));
    return identity.id;
}

static void bad_contacts_in_answers_are_never_asked(void **state)
{
    static const char *const bogons[] = {"127.0.0.1:4000", "10.1.2.3:4000", "224.0.0.1:4000",
                                         "255.255.255.255:9", "0.0.0.0:4000"};
    test_fixture *fixture = *state;
    const test_remote *newcomer = test_fixture_remote(fixture);
    plot told = {.actor = newcomer};
    told.contacts[told.contacts_count++] =
        (skad_contact){.id = fixture->identity.id, .ipv4 = test_prng_address(6001)};
    told.contacts[told.contacts_count++] =
        (skad_contact){.id = unsolved_id(fixture), .ipv4 = test_prng_address(6002)};
    for (uint32_t i = 0; i < sizeof bogons / sizeof bogons[0]; i++) {
        skad_contact *contact = &told.contacts[told.contacts_count++];
        *contact = (skad_contact){.id = test_identity(&fixture->profile, 7000 + i).id};
        assert_true(skad_address_parse(bogons[i], &contact->ipv4));
    }
    for (unsigned i = 0; i < 3; i++) { /* the only good one, three times over */
        told.contacts[told.contacts_count++] =
            (skad_contact){.id = newcomer->identity.id, .ipv4 = newcomer->address};
    }
    fixture->script = everybody_names_the_plot;
    fixture->user = &told;
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture->node, &newcomer->identity.id, fixture->now, &op),
                     SKAD_OK);
    skad_event event = await(fixture, op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_true(skad_id_equal(&event.u.lookup.report.closest[0].id, &newcomer->identity.id));
    assert_int_equal(told.actor_asked, 1);
    assert_int_equal(fixture->lost, 0); /* nothing was ever sent where no remote peer lives */
    assert_true(test_fixture_stats(fixture).violations >= told.contacts_count - 1);
    assert_int_equal(test_fixture_stats(fixture).dismissed, 0);
    for (unsigned i = 0; i < 2; i++) { /* who goes on like that loses its place */
        assert_int_equal(skad_node_lookup(fixture->node, &newcomer->identity.id, fixture->now, &op),
                         SKAD_OK);
        await(fixture, op);
    }
    assert_true(test_fixture_stats(fixture).dismissed > 0);
}

static bool the_first_lies_about_the_value(test_fixture *fixture, test_remote *who,
                                           const skad_message *asked, skad_message *answer)
{
    (void)who;
    plot *told = fixture->user;
    if (asked->kind == SKAD_KIND_FIND_VALUE) {
        answer->u.reply.u.value.records_count = 1;
        answer->u.reply.u.value.records[0] = told->answers++ == 0 ? told->wrong : told->right;
    }
    return true;
}

static void a_wrong_value_is_counted_and_the_right_one_still_found(void **state)
{
    static const uint8_t right[] = {0x92, 0x01, 0xc4, 5, 'r', 'i', 'g', 'h', 't'};
    static const uint8_t wrong[] = {0x92, 0x01, 0xc4, 5, 'w', 'r', 'o', 'n', 'g'};
    static const uint8_t mutable[] = {0x92, 0x02, 0xc4, 5, 'r', 'i', 'g', 'h', 't'};
    static const uint8_t noise[] = {0xdd, 0x10, 0x00, 0x00, 0x00};
    static const struct {
        const char *label;
        skad_span record;
    } cases[] = {
        {"another value", {wrong, sizeof wrong}},
        {"the value in another type", {mutable, sizeof mutable}},
        {"no record", {noise, sizeof noise}},
        {"a record cut short", {right, sizeof right - 1}},
    };
    test_fixture *fixture = *state;
    skad_id key;
    skad_value_key((const uint8_t *)"right", 5, &key);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plot told = {.wrong = cases[i].record, .right = {right, sizeof right}};
        fixture->script = the_first_lies_about_the_value;
        fixture->user = &told;
        skad_op op;
        assert_int_equal(
            skad_node_get(fixture->node, SKAD_RECORD_IMMUTABLE, &key, fixture->now, &op), SKAD_OK);
        skad_event event = await(fixture, op);
        if (event.outcome != SKAD_OUTCOME_DONE || event.u.get.tally.invalid != 1) {
            fail_msg("%s: outcome %d, %u invalid", cases[i].label, event.outcome,
                     event.u.get.tally.invalid);
        }
        assert_int_equal(event.u.get.len, 5);
        assert_memory_equal(event.u.get.value, "right", 5);
    }
}

static bool the_actor_refuses(test_fixture *fixture, test_remote *who, const skad_message *asked,
                              skad_message *answer)
{
    const plot *told = fixture->user;
    if (who == told->actor && asked->kind == SKAD_KIND_FIND_NODE) {
        answer->kind = SKAD_KIND_ERROR;
        answer->u.reply.u.error.code = SKAD_ERROR_BUSY;
    }
    return true;
}

static void a_refusal_fails_that_candidate_only_and_does_not_cost_its_place(void **state)
{
    test_fixture *fixture = *state;
    plot told = {.actor = &fixture->remotes[3]};
    fixture->script = the_actor_refuses;
    fixture->user = &told;
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture->node, &told.actor->identity.id, fixture->now, &op),
                     SKAD_OK);
    skad_event event = await(fixture, op);
    const skad_lookup_report *report = &event.u.lookup.report;
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    unsigned failed = 0;
    for (size_t i = 0; i < report->steps_count; i++) {
        bool refused = skad_id_equal(&report->steps[i].id, &told.actor->identity.id);
        failed += refused;
        assert_int_equal(report->steps[i].state, refused ? SKAD_STEP_FAILED : SKAD_STEP_ANSWERED);
    }
    assert_int_equal(failed, 1);
    for (size_t i = 0; i < report->closest_count; i++) {
        assert_false(skad_id_equal(&report->closest[i].id, &told.actor->identity.id));
    }
    assert_int_equal(test_fixture_stats(fixture).peers, TEST_PEERS);
}

/* However long remote peers do not answer our pings: room is left for what we want to ask. */
static void unverified_peers_that_never_answer_do_not_hold_up_a_lookup(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    const skad_address unresponsive = test_prng_address(9000);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_remote elsewhere = *who;
    elsewhere.address = unresponsive; /* where nobody lives */
    test_fixture_token(fixture, &elsewhere, token);
    for (unsigned i = 0; i < 500; i++) {
        skad_datagram datagram;
        test_fixture_request(fixture, &elsewhere, &(skad_message){.kind = SKAD_KIND_PING}, token,
                             &datagram);
        assert_int_equal(test_fixture_deliver(fixture, &unresponsive, &datagram),
                         SKAD_VERDICT_ACCEPT);
        test_fixture_run(fixture, 10 * SKAD_US_PER_MS);
    }
    assert_in_range(test_fixture_stats(fixture).pending, 1, SKAD_PING_QUEUE_IN_FLIGHT_MAX);
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture->node, &who->identity.id, fixture->now, &op),
                     SKAD_OK);
    const uint64_t began_us = fixture->now.mono_us;
    assert_int_equal(await(fixture, op).outcome, SKAD_OUTCOME_DONE);
    assert_true(fixture->now.mono_us - began_us < SKAD_US_PER_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_fixture_begin, test_fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_contacts_in_answers_are_never_asked),
        TEST(a_wrong_value_is_counted_and_the_right_one_still_found),
        TEST(a_refusal_fails_that_candidate_only_and_does_not_cost_its_place),
        TEST(unverified_peers_that_never_answer_do_not_hold_up_a_lookup),
    };
    return cmocka_run_group_tests_name("lies", tests, NULL, NULL);
}
