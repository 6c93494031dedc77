/* Introductions that the asker wants: namers that lie, refuse, are silent or answer too much, and
 * those that call. A lookup among peers that all name one guarded node. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "src/core/routing/distance.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"

typedef enum namers {
    LIE,    /* they say that they had it called, */
    REFUSE, /* or not, */
    SILENT, /* or nothing; */
    CALL,   /* or it calls */
} namers;

static test_fixture fixture;
static test_remote *guarded;
static namers act;
static unsigned introduces;
static unsigned asked; /* the guarded node */
static unsigned late;  /* introductions that it does not hear of */
static unsigned pings; /* that it sends when it is called; once it has, it answers */
static bool answers;   /* then */

static bool script(test_fixture *self, test_remote *who, const skad_message *request,
                   skad_message *answer)
{
    (void)self;
    if (who == guarded) {
        asked++;
        return answers;
    }
    if (request->kind == SKAD_KIND_FIND_NODE) {
        answer->u.reply.u.nodes.contacts_count = 1;
        answer->u.reply.u.nodes.contacts[0] = (skad_contact){
            .id = guarded->identity.id, .ipv4 = guarded->address, .guarded = SKAD_FAMILY_IPV4};
    }
    if (request->kind == SKAD_KIND_INTRODUCE) {
        assert_true(skad_id_equal(&request->u.introduce.id, &guarded->identity.id));
        introduces++;
        if (act == REFUSE) {
            answer->kind = SKAD_KIND_ERROR;
            answer->u.reply.u.error.code = SKAD_ERROR_BUSY;
        }
        for (unsigned i = 0; act == CALL && introduces == 1 + late && i < pings; i++) {
            test_fixture_knock(&fixture, guarded);
        }
    }
    return request->kind != SKAD_KIND_INTRODUCE || act != SILENT;
}

static int begin(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, TEST_PEERS);
    guarded = test_fixture_remote(&fixture);
    fixture.script = script;
    introduces = 0;
    asked = 0;
    pings = 1;
    late = 0;
    answers = false;
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* Looks the guarded node up; returns whether it was found. */
static bool look_up(void)
{
    skad_op op;
    skad_event event;
    assert_int_equal(skad_node_lookup(fixture.node, &guarded->identity.id, fixture.now, &op),
                     SKAD_OK);
    for (unsigned i = 0; i < 200; i++) {
        test_fixture_run(&fixture, 50 * SKAD_US_PER_MS);
        while (skad_node_poll_event(fixture.node, &event)) {
            if (event.op == op && event.kind == SKAD_EVENT_LOOKUP) {
                assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
                return event.u.lookup.report.closest_count > 0 &&
                       skad_id_equal(&event.u.lookup.report.closest[0].id, &guarded->identity.id);
            }
        }
    }
    fail_msg("the lookup did not end");
    return false;
}

static void whatever_namers_answer_the_lookup_ends(void **state)
{
    (void)state;
    for (namers how = LIE; how <= SILENT; how++) {
        act = how;
        introduces = 0;
        asked = 0;
        assert_false(look_up());
        print_message("%u introductions, %u requests\n", introduces, asked);
        assert_in_range(introduces, 1, 1 + SKAD_COPIES_SOUGHT);
        assert_in_range(asked, 1, 1 + SKAD_COPIES_SOUGHT);
        test_fixture_run(&fixture, 400 * SKAD_US_PER_S); /* departed.h forgets */
    }
}

static void a_node_that_calls_is_found(void **state)
{
    (void)state;
    act = CALL;
    answers = true;
    assert_true(look_up());
}

/* Runs a lookup until it asks for an introduction; returns the peer that is asked. */
static const test_remote *await_introduce(skad_datagram *out)
{
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture.node, &guarded->identity.id, fixture.now, &op),
                     SKAD_OK);
    while (skad_node_poll_datagram(fixture.node, out)) {
        for (size_t i = 0; i < TEST_PEERS; i++) {
            const test_remote *who = &fixture.remotes[i];
            skad_envelope envelope;
            skad_opened opened;
            skad_datagram reply;
            skad_message answer = {.kind = SKAD_KIND_NODES};
            skad_message asks = {.kind = SKAD_KIND_FIND_NODE};
            if (!skad_address_equal(&who->address, &out->to)) {
                continue;
            }
            test_fixture_open(&fixture, who, out, NULL, &envelope, &opened);
            if (opened.message.kind == SKAD_KIND_INTRODUCE) {
                return who;
            }
            answer.u.reply.observed = guarded->address;
            (void)script(&fixture, &fixture.remotes[i], &asks, &answer);
            test_fixture_answer(&fixture, who, out, &answer, &reply);
            assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply),
                             SKAD_VERDICT_ACCEPT);
        }
    }
    fail_msg("no introduction was asked for");
    return NULL;
}

static void only_the_first_answer_of_the_one_that_was_asked_counts(void **state)
{
    (void)state;
    skad_datagram request;
    skad_datagram answer;
    skad_datagram wrong;
    skad_message message = {.kind = SKAD_KIND_INTRODUCED};
    const test_remote *namer = await_introduce(&request);
    const test_remote *other = &fixture.remotes[namer == &fixture.remotes[0]];
    message.u.reply.observed = guarded->address;
    test_fixture_answer(&fixture, namer, &request, &message, &answer);
    test_fixture_answer(&fixture, other, &request, &message, &wrong);
    assert_int_equal(test_fixture_deliver(&fixture, &other->address, &wrong),
                     SKAD_VERDICT_UNSOLICITED);
    assert_int_not_equal(test_fixture_deliver(&fixture, &namer->address, &wrong),
                         SKAD_VERDICT_ACCEPT);
    assert_int_equal(test_fixture_deliver(&fixture, &other->address, &answer),
                     SKAD_VERDICT_UNSOLICITED);
    message.kind = SKAD_KIND_CALLED;
    test_fixture_answer(&fixture, namer, &request, &message, &wrong);
    assert_int_equal(test_fixture_deliver(&fixture, &namer->address, &wrong),
                     SKAD_VERDICT_UNSOLICITED);
    (void)test_fixture_drain(&fixture);
    assert_int_equal(test_fixture_deliver(&fixture, &namer->address, &answer), SKAD_VERDICT_ACCEPT);
    assert_int_equal(test_fixture_deliver(&fixture, &namer->address, &answer),
                     SKAD_VERDICT_UNSOLICITED);
    assert_int_equal(test_fixture_drain(&fixture), 0);
}

/* The source of a call may be spoofed, and so may the name in it. However many come, the address
 * gets one datagram more than a stranger's. */
static void calls_without_end_bring_one_copy(void **state)
{
    (void)state;
    act = CALL;
    pings = 50;
    for (late = 0; late <= SKAD_COPIES_SOUGHT; late++) { /* so many copies were sent before */
        introduces = 0;
        asked = 0;
        assert_false(look_up());
        print_message("%u requests for %u calls\n", asked, pings);
        const bool all_sent = late == SKAD_COPIES_SOUGHT;
        assert_int_equal(asked, 1 + SKAD_COPIES_SOUGHT + all_sent);
        test_fixture_run(&fixture, 400 * SKAD_US_PER_S);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
        EACH(whatever_namers_answer_the_lookup_ends),
        EACH(a_node_that_calls_is_found),
        EACH(only_the_first_answer_of_the_one_that_was_asked_counts),
        EACH(calls_without_end_bring_one_copy),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
