/* The requests of operations, sent again: what reaches peers that answer the first time, the
 * second, or never, and what an operation that is over still sends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "src/core/node/parts.h"
#include "src/core/operations/ask.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"

#define HOLDERS 4
#define PEERS   12

static const skad_id target = {{7}};

static test_fixture fixture;

/* Peers hear the first `deaf` copies of a request without answering. */
typedef struct play {
    unsigned deaf;
    skad_kind kind; /* of these requests; others are answered at once */
    unsigned heard; /* requests of that kind */
    unsigned answered;
    unsigned met[TEST_REMOTES_MAX]; /* by peer */
    const test_remote *stranger;    /* that peers name, and that is silent; NULL: none */
    const test_remote *namer;       /* the one that names it; NULL: all do */
} play;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    play *self = made->user;
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = 86400;
    }
    if (request->kind != self->kind) {
        return true;
    }
    self->heard++;
    if (who == self->stranger) {
        self->met[who - made->remotes]++;
        return false;
    }
    if (self->stranger != NULL && (self->namer == NULL || self->namer == who)) {
        answer->u.reply.u.nodes.contacts_count = 1;
        answer->u.reply.u.nodes.contacts[0] =
            (skad_contact){.id = self->stranger->identity.id, .ipv4 = self->stranger->address};
    }
    if (self->stranger != NULL && self->namer == who) {
        return true;
    }
    if (self->met[who - made->remotes]++ % (self->deaf + 1) < self->deaf) {
        return false;
    }
    self->answered++;
    return true;
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
    self = (play){0};
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

static skad_event await(skad_op op)
{
    skad_event event = {0};
    for (unsigned i = 0; i < 60 && event.op != op; i++) {
        test_fixture_run(&fixture, SKAD_US_PER_S);
        while (event.op != op && skad_node_poll_event(fixture.node, &event)) {
        }
    }
    assert_int_equal(event.op, op);
    return event;
}

static skad_event lookup(void)
{
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
    return await(op);
}

static void who_loses_four_copies_in_a_row_still_answers(void **state)
{
    play *self = *state;
    self->kind = SKAD_KIND_FIND_NODE;
    self->deaf = 4;
    const skad_event event = lookup();
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.lookup.report.closest_count, HOLDERS);
    assert_in_range(self->answered, HOLDERS, PEERS);
    test_fixture_run(&fixture, 10 * SKAD_US_PER_S); /* some were asked and no longer needed */
    for (size_t i = 0; i < PEERS; i++) {
        assert_int_equal(test_fixture_peer(&fixture, &fixture.remotes[i])->failures, 0);
    }
}

/* The peer that is nearest to an ID, which is asked for it. */
static const test_remote *nearest_to(const skad_id *id)
{
    const test_remote *nearest = &fixture.remotes[0];
    for (size_t i = 1; i < PEERS; i++) {
        const test_remote *one = &fixture.remotes[i];
        if (skad_distance_compare(id, &one->identity.id, &nearest->identity.id) < 0) {
            nearest = one;
        }
    }
    return nearest;
}

/* One node may name a victim; that all near the target agree on, the lookup waits for. */
static void a_stranger_gets_a_second_copy_if_most_name_it(void **state)
{
    play *self = *state;
    self->kind = SKAD_KIND_FIND_NODE;
    self->deaf = 4; /* the others: so the lookup goes on */
    for (unsigned all = 0; all < 2; all++) {
        const test_remote *stranger = test_fixture_remote(&fixture);
        const skad_id *id = &stranger->identity.id;
        skad_op op;
        self->stranger = stranger;
        self->namer = all == 1 ? NULL : nearest_to(id);
        assert_int_equal(skad_node_lookup(fixture.node, id, fixture.now, &op), SKAD_OK);
        assert_int_equal(await(op).outcome, SKAD_OUTCOME_DONE);
        test_fixture_run(&fixture, 10 * SKAD_US_PER_S);
        assert_int_equal(self->met[stranger - fixture.remotes],
                         1 + (all == 1 ? SKAD_COPIES_SOUGHT : SKAD_COPIES_STRANGER));
    }
}

static void a_fifth_copy_is_the_last(void **state)
{
    play *self = *state;
    self->kind = SKAD_KIND_FIND_NODE;
    self->deaf = 1000;
    const skad_event event = lookup();
    assert_int_equal(event.outcome, SKAD_OUTCOME_TIMED_OUT);
    for (size_t i = 0; i < PEERS; i++) {
        assert_int_equal(self->met[i] % 5, 0);
        assert_in_range(self->met[i], 0, 5);
    }
}

/* The answer to the first copy comes after the second left: it counts, and ends the waiting. */
static void a_late_answer_to_the_first_copy_counts(void **state)
{
    (void)state;
    const test_remote *who = &fixture.remotes[3];
    const skad_message ping = {.kind = SKAD_KIND_PONG, .u.reply.observed = who->address};
    skad_datagram first;
    skad_datagram copy;
    skad_datagram reply;
    assert_true(
        skad_request_ping(fixture.node, &who->identity.id, &who->address, SKAD_PURPOSE_CHECK));
    assert_true(skad_node_poll_datagram(fixture.node, &first));
    fixture.now.mono_us += 12 * SKAD_US_PER_MS;
    skad_node_tick(fixture.node, fixture.now);
    assert_true(skad_node_poll_datagram(fixture.node, &copy));
    const skad_rtt before = test_fixture_peer(&fixture, who)->rtt;
    test_fixture_answer(&fixture, who, &first, &ping, &reply);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply), SKAD_VERDICT_ACCEPT);
    assert_int_equal(test_fixture_peer(&fixture, who)->rtt.smoothed_us, before.smoothed_us);
    assert_true(test_fixture_peer(&fixture, who)->rtt.deviation_us > before.deviation_us);
    test_fixture_answer(&fixture, who, &copy, &ping, &reply);
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply),
                     SKAD_VERDICT_UNSOLICITED);
    test_fixture_run(&fixture, SKAD_US_PER_S);
    assert_int_equal(test_fixture_stats(&fixture).resent, 1);
}

static void a_record_reaches_holders_that_lose_copies(void **state)
{
    static const uint8_t value[1000] = {1};
    play *self = *state;
    skad_op op;
    skad_id key;
    self->kind = SKAD_KIND_STORE;
    self->deaf = 2;
    assert_int_equal(skad_node_put(fixture.node, value, sizeof value, fixture.now, &op, &key),
                     SKAD_OK);
    const skad_event event = await(op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_int_equal(event.u.put.unresponsive, 0);
    assert_int_equal(self->heard, 3 * self->answered);
}

static void an_operation_that_is_over_sends_nothing_again(void **state)
{
    play *self = *state;
    skad_op op;
    self->kind = SKAD_KIND_FIND_NODE;
    self->deaf = 1000;
    assert_int_equal(skad_node_lookup(fixture.node, &target, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 10 * SKAD_US_PER_MS);
    const unsigned heard = self->heard;
    assert_true(heard > 0);
    skad_node_cancel(fixture.node, op);
    test_fixture_run(&fixture, 5 * SKAD_US_PER_S);
    assert_int_equal(self->heard, heard);
    for (size_t i = 0; i < PEERS; i++) { /* nor is that held against the peers */
        assert_int_equal(test_fixture_peer(&fixture, &fixture.remotes[i])->failures, 0);
    }
}

/* A hello has no copies, but successors: each is a request of its own, with an answer of its own.
 */
static void a_ping_says_hello_three_times(void **state)
{
    play *self = *state;
    const test_remote *who = &fixture.remotes[5];
    skad_op op;
    self->kind = SKAD_KIND_PING;
    self->deaf = 2;
    assert_int_equal(skad_node_ping(fixture.node, &who->address, fixture.now, &op), SKAD_OK);
    const skad_event event = await(op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
    assert_memory_equal(&event.u.ping.id, &who->identity.id, sizeof(skad_id));
    assert_int_equal(event.u.ping.rtt_us, 1); /* of the hello that was answered */
    assert_int_equal(self->met[5], 3);
    assert_int_equal(test_fixture_stats(&fixture).resent, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_loses_four_copies_in_a_row_still_answers, begin, end),
        cmocka_unit_test_setup_teardown(a_stranger_gets_a_second_copy_if_most_name_it, begin, end),
        cmocka_unit_test_setup_teardown(a_fifth_copy_is_the_last, begin, end),
        cmocka_unit_test_setup_teardown(a_late_answer_to_the_first_copy_counts, begin, end),
        cmocka_unit_test_setup_teardown(a_record_reaches_holders_that_lose_copies, begin, end),
        cmocka_unit_test_setup_teardown(an_operation_that_is_over_sends_nothing_again, begin, end),
        cmocka_unit_test_setup_teardown(a_ping_says_hello_three_times, begin, end),
    };
    return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
