/* Calls for other nodes: who may ask for them, what they bring, and how little. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "src/core/inbound/later.h"
#include "src/core/upkeep/callers.h"
#include "tests/support/fixture.h"

static test_fixture fixture;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    profile.group_table_max = 200;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* A node in an address group of its own. */
static const test_remote *stranger(void)
{
    static uint8_t groups;
    test_remote *made = test_fixture_remote(&fixture);
    made->address.ip[1] = (uint8_t)(1 + groups++);
    return made;
}

/* What the node sends after a request: its answer, and perhaps one datagram more. */
typedef struct outcome {
    bool answered; /* a PROBE is answered after the caller has answered */
    skad_kind answer;
    uint32_t code; /* of an ERROR */
    skad_address caller;
    bool sent;
    skad_datagram more;
    size_t asked_bytes;
    uint8_t digest[SKAD_HASH_BYTES];
} outcome;

static void take_answer(const test_remote *who, const skad_datagram *datagram, outcome *out)
{
    skad_envelope envelope;
    skad_opened opened;
    assert_false(out->answered);
    out->answered = true;
    test_fixture_open(&fixture, who, datagram, out->digest, &envelope, &opened);
    out->answer = opened.message.kind;
    if (out->answer == SKAD_KIND_ERROR) {
        out->code = opened.message.u.reply.u.error.code;
    } else if (out->answer == SKAD_KIND_PROBED) {
        out->caller = opened.message.u.reply.u.probed.caller;
    }
}

static void ask(const test_remote *who, const skad_message *message, bool shows_token, outcome *out)
{
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram request;
    skad_datagram datagram;
    *out = (outcome){.sent = false};
    (void)test_fixture_drain(&fixture);
    test_fixture_token(&fixture, who, token);
    test_fixture_request(&fixture, who, message, shows_token ? token : NULL, &request);
    out->asked_bytes = request.len;
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &request), SKAD_VERDICT_ACCEPT);
    skad_envelope asked;
    assert_int_equal(
        skad_envelope_decode(request.bytes + SKAD_TAG_BYTES, request.len - SKAD_TAG_BYTES, &asked),
        SKAD_VERDICT_ACCEPT);
    uint8_t digest[SKAD_HASH_BYTES];
    skad_envelope_digest(fixture.network_key, &fixture.identity.id, NULL, asked.signed_part,
                         digest);
    memcpy(out->digest, digest, sizeof digest);
    while (skad_node_poll_datagram(fixture.node, &datagram)) {
        if (datagram.request) {
            assert_false(out->sent);
            out->sent = true;
            out->more = datagram;
            continue;
        }
        take_answer(who, &datagram, out);
    }
    assert_true(out->answered || message->kind == SKAD_KIND_PROBE);
}

static const test_remote *caller_of(const outcome *got)
{
    for (size_t i = 0; i < fixture.remotes_count; i++) {
        if (skad_address_equal(&fixture.remotes[i].address, &got->more.to)) {
            return &fixture.remotes[i];
        }
    }
    fail();
    return NULL;
}

/* The caller answers the CALL, and the node, perhaps, the PROBE. */
static void answer_call(const test_remote *who, skad_message *answer, outcome *out)
{
    skad_datagram datagram;
    const test_remote *caller = caller_of(out);
    assert_false(out->answered);
    answer->u.reply.observed = fixture.remotes[0].address;
    test_fixture_answer(&fixture, caller, &out->more, answer, &datagram);
    assert_int_equal(test_fixture_deliver(&fixture, &caller->address, &datagram),
                     SKAD_VERDICT_ACCEPT);
    while (skad_node_poll_datagram(fixture.node, &datagram)) {
        if (!datagram.request) {
            take_answer(who, &datagram, out);
        }
    }
}

static const skad_message probe = {.kind = SKAD_KIND_PROBE};

static void a_probe_has_one_peer_asked_to_call(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    outcome got;
    skad_message called = {.kind = SKAD_KIND_CALLED};
    ask(who, &probe, true, &got);
    assert_true(got.sent);
    assert_false(got.answered);
    assert_false(skad_address_equal(&got.more.to, &who->address));
    const test_remote *caller = caller_of(&got);
    skad_envelope envelope;
    skad_opened opened;
    test_fixture_open(&fixture, caller, &got.more, NULL, &envelope, &opened);
    assert_int_equal(opened.message.kind, SKAD_KIND_CALL);
    assert_memory_equal(&opened.message.u.call.id, &who->identity.id, sizeof(skad_id));
    assert_true(skad_address_equal(&opened.message.u.call.endpoint, &who->address));
    answer_call(who, &called, &got);
    print_message("a PROBE of %zu bytes brings a CALL of %zu\n", got.asked_bytes,
                  (size_t)got.more.len);
    assert_int_equal(got.answer, SKAD_KIND_PROBED);
    assert_true(skad_address_equal(&got.caller, &got.more.to));
}

/* An asker would take a call that does not come for its own fault. */
static void a_call_that_was_not_made_is_not_promised(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    outcome got;
    skad_message refused = {.kind = SKAD_KIND_ERROR};
    refused.u.reply.u.error.code = SKAD_ERROR_BUSY;
    ask(who, &probe, true, &got);
    answer_call(who, &refused, &got);
    assert_int_equal(got.answer, SKAD_KIND_ERROR);
    assert_int_equal(got.code, SKAD_ERROR_BUSY);
}

static void of_a_caller_that_is_gone_the_asker_hears_nothing_but_a_refusal(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    outcome got;
    skad_datagram datagram;
    ask(who, &probe, true, &got);
    assert_true(got.sent && !got.answered);
    for (unsigned i = 0; i < 10; i++) {
        fixture.now.mono_us += SKAD_US_PER_S / 2;
        skad_node_tick(fixture.node, fixture.now);
        while (skad_node_poll_datagram(fixture.node, &datagram)) {
            if (!datagram.request && skad_address_equal(&datagram.to, &who->address)) {
                take_answer(who, &datagram, &got);
            }
        }
    }
    assert_int_equal(got.code, SKAD_ERROR_BUSY);
}

/* As many probes wait as there is room for, whatever else: callers that never answer. */
static void probes_that_wait_have_a_bound(void **state)
{
    (void)state;
    unsigned waiting = 0;
    for (unsigned i = 0; i < 2 * SKAD_LATER_PROBES; i++) {
        outcome got;
        ask(stranger(), &probe, true, &got);
        waiting += got.sent;
    }
    assert_int_equal(waiting, SKAD_LATER_PROBES);
}

/* IDs that are far from an asker's are cheap: the farthest peer must not call each time. */
static void callers_are_drawn_by_lot(void **state)
{
    (void)state;
    skad_address seen[16];
    size_t count = 0;
    const test_remote *who = stranger();
    for (unsigned i = 0; i < 60; i++) {
        outcome got;
        bool known = false;
        skad_message called = {.kind = SKAD_KIND_CALLED};
        fixture.now.mono_us += 2 * SKAD_US_PER_S;
        ask(who, &probe, true, &got);
        assert_true(got.sent);
        for (size_t j = 0; j < count; j++) {
            known = known || skad_address_equal(&seen[j], &got.more.to);
        }
        if (!known && count < 16) {
            seen[count++] = got.more.to;
        }
        answer_call(who, &called, &got);
    }
    assert_true(count >= 4);
}

/* Many liars, as helpers in as many address groups, name one victim. */
static void one_victim_is_called_four_times_and_once_in_five_seconds(void **state)
{
    (void)state;
    const test_remote *victim = stranger();
    const test_remote *neighbour = test_fixture_remote(&fixture);
    test_remote *moved = &fixture.remotes[fixture.remotes_count - 1];
    unsigned pings = 0;
    moved->address = victim->address; /* of the same /24 */
    moved->address.ip[3]++;
    for (unsigned i = 0; i < 100; i++) {
        skad_message call = {.kind = SKAD_KIND_CALL};
        outcome got;
        fixture.now.mono_us += SKAD_US_PER_S / 5;
        call.u.call.id = i % 2 == 0 ? victim->identity.id : neighbour->identity.id;
        call.u.call.endpoint = i % 2 == 0 ? victim->address : moved->address;
        ask(stranger(), &call, true, &got);
        pings += got.sent;
    }
    assert_true(pings >= 7 && pings <= 8); /* in 20 seconds */
}

static void without_a_token_nothing_is_called(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    skad_message call = {.kind = SKAD_KIND_CALL};
    outcome got;
    call.u.call.id = who->identity.id;
    call.u.call.endpoint = who->address;
    ask(who, &probe, false, &got);
    assert_int_equal(got.answer, SKAD_KIND_ERROR);
    assert_int_equal(got.code, SKAD_ERROR_TOKEN);
    ask(who, &call, false, &got);
    assert_int_equal(got.code, SKAD_ERROR_TOKEN);
}

static void a_call_brings_one_ping_that_is_shorter(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    const test_remote *victim = stranger();
    skad_message call = {.kind = SKAD_KIND_CALL};
    outcome got;
    call.u.call.id = victim->identity.id;
    call.u.call.endpoint = victim->address;
    ask(who, &call, true, &got);
    assert_int_equal(got.answer, SKAD_KIND_CALLED);
    assert_true(got.sent);
    assert_true(skad_address_equal(&got.more.to, &victim->address));
    assert_true(got.more.len <= got.asked_bytes);
    print_message("a CALL of %zu bytes brings a PING of %zu\n", got.asked_bytes,
                  (size_t)got.more.len);
}

static bool polled(skad_datagram *out)
{
    while (skad_node_poll_datagram(fixture.node, out)) {
        if (out->request) {
            return true;
        }
    }
    return false;
}

/* A caller that has to be shown a token is asked again, with the one that it gave, and not a third
 * time. */
static void a_caller_that_wants_a_token_is_asked_again(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    const test_remote *peer = &fixture.remotes[3];
    static const uint8_t granted[SKAD_TOKEN_BYTES] = {0xab, 0xcd}; /* by each answer */
    skad_message introduce = {.kind = SKAD_KIND_INTRODUCE};
    skad_message refusal = {.kind = SKAD_KIND_ERROR};
    outcome got;
    introduce.u.introduce.id = peer->identity.id;
    refusal.u.reply.observed = who->address;
    refusal.u.reply.u.error.code = SKAD_ERROR_TOKEN;
    ask(who, &introduce, true, &got);
    for (unsigned round = 0; round < 2; round++) {
        skad_datagram answer;
        skad_datagram again;
        skad_envelope envelope;
        skad_opened opened;
        test_fixture_answer(&fixture, peer, &got.more, &refusal, &answer);
        assert_int_equal(test_fixture_deliver(&fixture, &peer->address, &answer),
                         SKAD_VERDICT_ACCEPT);
        assert_int_equal(polled(&again), round == 0);
        if (round == 0) {
            assert_true(skad_address_equal(&again.to, &peer->address));
            test_fixture_open(&fixture, peer, &again, NULL, &envelope, &opened);
            assert_int_equal(opened.message.kind, SKAD_KIND_CALL);
            assert_memory_equal(&opened.message.u.call.id, &who->identity.id, sizeof(skad_id));
            assert_true(skad_address_equal(&opened.message.u.call.endpoint, &who->address));
            assert_memory_equal(envelope.token, granted, sizeof granted);
            got.more = again;
        }
    }
}

/* How many of a hundred requests of one group are served at once, and how many two seconds later.
 */
static void assert_served(const test_remote *who, const skad_message *message, unsigned at_once,
                          unsigned later)
{
    for (unsigned round = 0; round < 2; round++) {
        unsigned served = 0;
        for (unsigned i = 0; i < 100; i++) {
            outcome got;
            skad_message one = *message;
            if (one.kind == SKAD_KIND_INTRODUCE) { /* to one peer as seldom as it is called for */
                one.u.introduce.id = fixture.remotes[i % TEST_PEERS].identity.id;
            }
            ask(who, &one, true, &got);
            served += got.sent;
            if (got.sent && !got.answered) {
                skad_message called = {.kind = SKAD_KIND_CALLED};
                answer_call(who, &called, &got);
            }
            assert_int_equal(got.sent, got.answer != SKAD_KIND_ERROR);
            assert_true(got.sent || got.code == SKAD_ERROR_BUSY);
        }
        assert_int_equal(served, round == 0 ? at_once : later);
        fixture.now.mono_us += 2 * SKAD_US_PER_S;
    }
}

static void each_group_has_a_bound(void **state)
{
    (void)state;
    const test_remote *victim = stranger();
    skad_message call = {.kind = SKAD_KIND_CALL};
    skad_message introduce = {.kind = SKAD_KIND_INTRODUCE};
    call.u.call.id = victim->identity.id;
    call.u.call.endpoint = victim->address;
    assert_served(stranger(), &probe, 2, 1);
    assert_served(stranger(), &call, 4, 1); /* of one victim: one in five seconds */
    assert_served(stranger(), &introduce, 8, 4);
}

static void an_introduction_has_the_peer_called_that_it_names(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    const test_remote *peer = &fixture.remotes[3];
    skad_message introduce = {.kind = SKAD_KIND_INTRODUCE};
    skad_envelope envelope;
    skad_opened opened;
    outcome got;
    introduce.u.introduce.id = peer->identity.id;
    ask(who, &introduce, true, &got);
    assert_int_equal(got.answer, SKAD_KIND_INTRODUCED);
    assert_true(got.sent);
    assert_true(skad_address_equal(&got.more.to, &peer->address));
    test_fixture_open(&fixture, peer, &got.more, NULL, &envelope, &opened);
    assert_int_equal(opened.message.kind, SKAD_KIND_CALL);
    assert_memory_equal(&opened.message.u.call.id, &who->identity.id, sizeof(skad_id));
    assert_true(skad_address_equal(&opened.message.u.call.endpoint, &who->address));
    ask(who, &introduce, false, &got); /* without a token */
    assert_int_equal(got.code, SKAD_ERROR_TOKEN);
    assert_false(got.sent);
}

static void none_is_introduced_to_a_node_that_is_not_known(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    skad_message introduce = {.kind = SKAD_KIND_INTRODUCE};
    outcome got;
    introduce.u.introduce.id = stranger()->identity.id;
    ask(who, &introduce, true, &got);
    assert_int_equal(got.code, SKAD_ERROR_UNSUPPORTED);
    assert_false(got.sent);
    introduce.u.introduce.id = who->identity.id; /* to itself */
    ask(who, &introduce, true, &got);
    assert_int_equal(got.code, SKAD_ERROR_UNSUPPORTED);
    assert_false(got.sent);
    introduce.u.introduce.id = fixture.identity.id; /* to the helper */
    ask(who, &introduce, true, &got);
    assert_int_equal(got.code, SKAD_ERROR_UNSUPPORTED);
    assert_false(got.sent);
}

static void a_silent_node_that_was_called_is_not_blamed(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    const test_remote *peer = &fixture.remotes[3];
    skad_message call = {.kind = SKAD_KIND_CALL};
    outcome got;
    assert_non_null(test_fixture_peer(&fixture, peer));
    call.u.call.id = peer->identity.id;
    call.u.call.endpoint = peer->address;
    ask(who, &call, true, &got);
    assert_true(got.sent);
    for (unsigned i = 0; i < 10; i++) { /* the ping was thrown away */
        fixture.now.mono_us += SKAD_US_PER_S;
        skad_node_tick(fixture.node, fixture.now);
    }
    assert_int_equal(test_fixture_peer(&fixture, peer)->failures, 0);
}

static void nothing_is_sent_where_nothing_may_be(void **state)
{
    (void)state;
    static const skad_address forbidden[] = {
        {SKAD_FAMILY_IPV4, 80, {127, 0, 0, 1}},
        {SKAD_FAMILY_IPV4, 80, {10, 0, 0, 1}},
        {SKAD_FAMILY_IPV4, 80, {224, 0, 0, 1}},
        {SKAD_FAMILY_IPV6, 80, {0xff, 2}},
    };
    const test_remote *who = stranger();
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        skad_message call = {.kind = SKAD_KIND_CALL};
        outcome got;
        call.u.call.id = (skad_id){{9}};
        call.u.call.endpoint = forbidden[i];
        ask(who, &call, true, &got);
        assert_int_equal(got.code, SKAD_ERROR_BUSY);
        assert_false(got.sent);
    }
}

static void all_together_have_a_bound(void **state)
{
    (void)state;
    unsigned served = 0;
    for (unsigned i = 0; i < 100; i++) {
        const test_remote *who = stranger();
        outcome got;
        skad_message called = {.kind = SKAD_KIND_CALLED};
        ask(who, &probe, true, &got);
        if (got.sent) {
            answer_call(who, &called, &got);
            served += got.answer == SKAD_KIND_PROBED;
        }
    }
    assert_true(served >= 32 && served <= 33);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
        EACH(a_probe_has_one_peer_asked_to_call),
        EACH(a_call_that_was_not_made_is_not_promised),
        EACH(of_a_caller_that_is_gone_the_asker_hears_nothing_but_a_refusal),
        EACH(probes_that_wait_have_a_bound),
        EACH(callers_are_drawn_by_lot),
        EACH(one_victim_is_called_four_times_and_once_in_five_seconds),
        EACH(without_a_token_nothing_is_called),
        EACH(a_call_brings_one_ping_that_is_shorter),
        EACH(a_caller_that_wants_a_token_is_asked_again),
        EACH(each_group_has_a_bound),
        EACH(an_introduction_has_the_peer_called_that_it_names),
        EACH(none_is_introduced_to_a_node_that_is_not_known),
        EACH(a_silent_node_that_was_called_is_not_blamed),
        EACH(nothing_is_sent_where_nothing_may_be),
        EACH(all_together_have_a_bound),
#undef EACH
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
