/* Calls for other nodes: who may ask for them, what they bring, and how little. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
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
    skad_kind answer;
    uint32_t code; /* of an ERROR */
    skad_address caller;
    bool sent;
    skad_datagram more;
    size_t asked_bytes;
} outcome;

static void ask(const test_remote *who, const skad_message *message, bool shows_token, outcome *out)
{
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram request;
    skad_datagram datagram;
    bool answered = false;
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
    while (skad_node_poll_datagram(fixture.node, &datagram)) {
        skad_envelope envelope;
        skad_opened opened;
        if (datagram.request) {
            assert_false(out->sent);
            out->sent = true;
            out->more = datagram;
            continue;
        }
        assert_false(answered);
        answered = true;
        test_fixture_open(&fixture, who, &datagram, digest, &envelope, &opened);
        out->answer = opened.message.kind;
        if (out->answer == SKAD_KIND_ERROR) {
            out->code = opened.message.u.reply.u.error.code;
        } else if (out->answer == SKAD_KIND_PROBED) {
            out->caller = opened.message.u.reply.u.probed.caller;
        }
    }
    assert_true(answered);
}

static const skad_message probe = {.kind = SKAD_KIND_PROBE};

static void a_probe_has_one_peer_asked_to_call(void **state)
{
    (void)state;
    const test_remote *who = stranger();
    outcome got;
    ask(who, &probe, true, &got);
    assert_int_equal(got.code, 0);
    assert_int_equal(got.answer, SKAD_KIND_PROBED);
    assert_true(got.sent);
    assert_true(skad_address_equal(&got.caller, &got.more.to));
    assert_false(skad_address_equal(&got.caller, &who->address));
    const test_remote *caller = NULL;
    for (size_t i = 0; i < fixture.remotes_count; i++) {
        if (skad_address_equal(&fixture.remotes[i].address, &got.caller)) {
            caller = &fixture.remotes[i];
        }
    }
    assert_non_null(caller);
    skad_envelope envelope;
    skad_opened opened;
    test_fixture_open(&fixture, caller, &got.more, NULL, &envelope, &opened);
    assert_int_equal(opened.message.kind, SKAD_KIND_CALL);
    assert_memory_equal(&opened.message.u.call.id, &who->identity.id, sizeof(skad_id));
    assert_true(skad_address_equal(&opened.message.u.call.endpoint, &who->address));
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
            ask(who, message, true, &got);
            served += got.answer != SKAD_KIND_ERROR;
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
    introduce.u.introduce.id = fixture.remotes[3].identity.id;
    assert_served(stranger(), &probe, 2, 1);
    assert_served(stranger(), &call, 4, 2);
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
        ask(who, &probe, true, &got);
        served += got.answer == SKAD_KIND_PROBED;
    }
    assert_true(served >= 32 && served <= 33);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
        EACH(a_probe_has_one_peer_asked_to_call),
        EACH(without_a_token_nothing_is_called),
        EACH(a_call_brings_one_ping_that_is_shorter),
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
