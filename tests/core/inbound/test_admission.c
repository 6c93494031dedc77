/* Who gets a signature check: rates by source and in all, apart for those who show a valid token;
 * challenges under load, no larger than what they answer; and that answers to our own requests are
 * never kept out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/message.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"

static const skad_node_rates rates = {
    .unvalidated = {{10, 20}, {0}, {0}},
    .unvalidated_all = {100, 50},
    .validated = {{50, 100}, {0}, {0}},
    .validated_all = {500, 200},
    .modest = {{5, 10}, {0}, {0}},
    .cells = 256,
};

static int begin(void **state)
{
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init_rated(&fixture, &profile, &rates);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    test_fixture_free(*state);
    return 0;
}

static skad_node_stats stats_of(const test_fixture *fixture)
{
    skad_node_stats stats;
    skad_node_stats_get(fixture->node, fixture->now, &stats);
    return stats;
}

/* Delivers so many different requests from an address; returns how many had that verdict. */
static unsigned flood(test_fixture *fixture, const test_remote *who, const uint8_t *token,
                      unsigned count, skad_verdict wanted)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        skad_datagram request;
        test_fixture_request(fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, token,
                             &request);
        sum += test_fixture_deliver(fixture, &who->address, &request) == wanted;
        (void)test_fixture_drain(fixture);
    }
    return sum;
}

/* A request without a token, as long as the protocol asks for. */
static void padded_request(test_fixture *fixture, const test_remote *who,
                           const skad_message *message, skad_datagram *out)
{
    size_t least =
        message->kind == SKAD_KIND_PING ? SKAD_CHALLENGE_BYTES_MAX : SKAD_FIRST_CONTACT_BYTES;
    uint8_t body[SKAD_BODY_BYTES_MAX];
    size_t len = skad_message_encode(message, body, sizeof body);
    skad_wire_craft craft = test_fixture_craft(fixture, who, message->kind, (skad_span){body, len});
    test_fixture_craft_write(fixture, &craft, out);
    if (out->len < least) {
        craft.pad_bytes = least - out->len;
        test_fixture_craft_write(fixture, &craft, out);
    }
}

/* The challenge of a request opens as the answer to what was asked of this recipient. */
static void open_challenge(test_fixture *fixture, const test_remote *who, const skad_id *recipient,
                           test_exchange *exchange)
{
    skad_envelope asked;
    uint8_t digest[SKAD_HASH_BYTES];
    assert_true(skad_node_poll_datagram(fixture->node, &exchange->answer));
    assert_true(exchange->answer.len <= exchange->request.len);
    assert_int_equal(skad_envelope_decode(exchange->request.bytes + SKAD_TAG_BYTES,
                                          exchange->request.len - SKAD_TAG_BYTES, &asked),
                     SKAD_VERDICT_ACCEPT);
    skad_envelope_digest(fixture->network_key, recipient, NULL, asked.signed_part, digest);
    test_fixture_open(fixture, who, &exchange->answer, digest, &exchange->envelope,
                      &exchange->opened);
    assert_int_equal(exchange->opened.message.kind, SKAD_KIND_ERROR);
    assert_int_equal(exchange->opened.message.u.reply.u.error.code, SKAD_ERROR_TOKEN);
}

/* Has a request challenged, and takes the token out of the challenge. */
static void take_challenge(test_fixture *fixture, const test_remote *who,
                           const skad_message *message, uint8_t token[static SKAD_TOKEN_BYTES])
{
    test_exchange exchange;
    padded_request(fixture, who, message, &exchange.request);
    assert_int_equal(test_fixture_deliver(fixture, &who->address, &exchange.request),
                     SKAD_VERDICT_CHALLENGE);
    open_challenge(fixture, who, &fixture->identity.id, &exchange);
    memcpy(token, exchange.envelope.token, SKAD_TOKEN_BYTES);
}

/* Six remote peers: together they exceed what is verified without a token. */
static void load(test_fixture *fixture)
{
    for (unsigned i = 0; i < 6; i++) {
        (void)flood(fixture, test_fixture_remote(fixture), NULL, 10, SKAD_VERDICT_ACCEPT);
    }
    assert_true(stats_of(fixture).loaded);
}

static void a_source_without_a_token_has_a_rate_and_then_gets_a_token(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    assert_int_equal(flood(fixture, who, NULL, 20, SKAD_VERDICT_ACCEPT), 20);
    assert_int_equal(flood(fixture, who, NULL, 30, SKAD_VERDICT_CHALLENGE), 30);
    assert_int_equal(stats_of(fixture).verifications, 20);
    assert_false(stats_of(fixture).loaded);
    fixture->now.mono_us += SKAD_US_PER_S;
    assert_int_equal(flood(fixture, who, NULL, 50, SKAD_VERDICT_ACCEPT), 10);
}

/* Another sender uses up the rates of a first contact in its name, at four hundred datagrams a
 * second. Its own request gets a token all the same, and with that it is served. */
static void a_spoofed_flood_shuts_no_first_contact_out(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    const skad_message ping = {.kind = SKAD_KIND_PING};
    unsigned served = 0;
    for (unsigned second = 0; second < 20; second++) {
        for (unsigned i = 0; i < 20; i++) {
            (void)flood(fixture, who, NULL, 20, SKAD_VERDICT_CHALLENGE);
            fixture->now.mono_us += 50 * SKAD_US_PER_MS;
        }
        test_exchange exchange;
        uint8_t token[SKAD_TOKEN_BYTES];
        take_challenge(fixture, who, &ping, token);
        test_fixture_ask(fixture, who, &ping, token, &exchange);
        served += exchange.opened.message.kind == SKAD_KIND_PONG;
    }
    assert_int_equal(served, 20);
    assert_int_equal(stats_of(fixture).verdicts[SKAD_VERDICT_RATE], 0);
}

/* Challenges to sources that have used up their rates take none from those that have not. */
static void the_two_kinds_of_challenges_have_budgets_apart(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *flooder = test_fixture_remote(fixture);
    (void)flood(fixture, flooder, NULL, 20, SKAD_VERDICT_ACCEPT);
    assert_int_equal(flood(fixture, flooder, NULL, 500, SKAD_VERDICT_CHALLENGE), 250);
    assert_int_equal(flood(fixture, flooder, NULL, 10, SKAD_VERDICT_RATE), 10);
    load(fixture);
    assert_int_equal(flood(fixture, test_fixture_remote(fixture), NULL, 10, SKAD_VERDICT_CHALLENGE),
                     10);
    fixture->now.mono_us += 100 * SKAD_US_PER_MS; /* 2,000 a second */
    assert_in_range(flood(fixture, flooder, NULL, 500, SKAD_VERDICT_CHALLENGE), 200, 201);
}

static void a_token_has_a_rate_of_its_own(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    assert_int_equal(flood(fixture, who, NULL, 50, SKAD_VERDICT_ACCEPT), 20);
    test_fixture_token(fixture, who, token); /* another sender has used up its unvalidated rate */
    assert_int_equal(flood(fixture, who, token, 200, SKAD_VERDICT_ACCEPT), 100);
    assert_int_equal(flood(fixture, who, token, 10, SKAD_VERDICT_RATE), 10);
}

/* Four sources that keep to their own rates ask for twice as much as there is for all. */
static void busy_sources_shut_no_modest_one_out(void **state)
{
    test_fixture *fixture = *state;
    uint8_t token[SKAD_TOKEN_BYTES];
    unsigned served = 0;
    for (unsigned i = 0; i < 4; i++) {
        const test_remote *busy = test_fixture_remote(fixture);
        test_fixture_token(fixture, busy, token);
        served += flood(fixture, busy, token, 100, SKAD_VERDICT_ACCEPT);
    }
    assert_in_range(served, 100 + 3 * 10, 100 + 3 * 10 + 1);
    for (unsigned i = 0; i < 6; i++) {
        const test_remote *modest = test_fixture_remote(fixture);
        test_fixture_token(fixture, modest, token);
        assert_int_equal(flood(fixture, modest, token, 10, SKAD_VERDICT_ACCEPT), 10);
        assert_int_equal(flood(fixture, modest, token, 10, SKAD_VERDICT_RATE), 10);
    }
    fixture->now.mono_us += 400 * SKAD_US_PER_MS; /* all but what the modest ones took is free */
    test_fixture_token(fixture, &fixture->remotes[0], token);
    assert_true(flood(fixture, &fixture->remotes[0], token, 20, SKAD_VERDICT_ACCEPT) >= 19);
}

/* Many IDs of one address have broken the rules; others spoof that address. */
static void a_spoofed_flood_takes_nothing_from_neighbours_under_suspicion(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *neighbour = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_bans *bans = skad_node_parts_of(fixture->node).bans;
    for (uint8_t i = 0; i <= SKAD_STRIKES_ADDRESS_MAX / SKAD_STRIKES_MAX; i++) {
        for (unsigned strike = 0; strike < SKAD_STRIKES_MAX; strike++) {
            const skad_id id = {{i, 1}};
            skad_bans_strike(bans, &id, &neighbour->address, SKAD_BAN_SIGNATURES,
                             fixture->now.mono_us);
        }
    }
    assert_true(skad_bans_suspect(bans, &neighbour->address, fixture->now.mono_us));
    assert_int_equal(flood(fixture, neighbour, NULL, 100, SKAD_VERDICT_CHALLENGE), 100);
    test_fixture_token(fixture, neighbour, token);
    assert_int_equal(flood(fixture, neighbour, token, 10, SKAD_VERDICT_ACCEPT), 10);
    assert_int_equal(flood(fixture, neighbour, token, 10, SKAD_VERDICT_RATE), 10);
}

static void a_forged_token_is_none(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    token[3] ^= 1;
    assert_int_equal(flood(fixture, who, token, 50, SKAD_VERDICT_ACCEPT), 20);
}

/* The verdict of a request whose last byte was altered on the way: before its tag is hashed to the
 * end, an exhausted source is known. */
static skad_verdict altered(test_fixture *fixture, const test_remote *who, const uint8_t *token)
{
    skad_datagram request;
    test_fixture_request(fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, token, &request);
    request.bytes[request.len - 1] ^= 1;
    return test_fixture_deliver(fixture, &who->address, &request);
}

static void an_exhausted_source_is_turned_away_at_a_glance(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    assert_int_equal(altered(fixture, who, NULL), SKAD_VERDICT_TAG);
    assert_int_equal(flood(fixture, who, NULL, 50, SKAD_VERDICT_ACCEPT), 20);
    assert_int_equal(altered(fixture, who, NULL), SKAD_VERDICT_TAG); /* it may get a challenge */
    (void)flood(fixture, who, NULL, 250, SKAD_VERDICT_CHALLENGE);
    assert_int_equal(altered(fixture, who, NULL), SKAD_VERDICT_RATE);
    assert_int_equal(altered(fixture, who, token), SKAD_VERDICT_TAG); /* it may be entitled */
    assert_int_equal(flood(fixture, who, token, 200, SKAD_VERDICT_ACCEPT), 100);
    assert_int_equal(altered(fixture, who, token), SKAD_VERDICT_RATE);
}

/* Not even after another sender has used up the rates of a peer's address, and of its token. */
static void an_exhausted_source_may_answer(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 1);
    const test_remote *peer = &fixture->remotes[0];
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram ping;
    skad_datagram pong;
    skad_message answer = {.kind = SKAD_KIND_PONG};
    skad_op op;
    answer.u.reply.observed = peer->address;
    test_fixture_token(fixture, peer, token);
    (void)flood(fixture, peer, NULL, 50, SKAD_VERDICT_ACCEPT);
    (void)flood(fixture, peer, token, 200, SKAD_VERDICT_ACCEPT);
    assert_int_equal(skad_node_ping(fixture->node, &peer->address, fixture->now, &op), SKAD_OK);
    assert_true(skad_node_poll_datagram(fixture->node, &ping));
    test_fixture_answer(fixture, peer, &ping, &answer, &pong);
    assert_int_equal(test_fixture_deliver(fixture, &peer->address, &pong), SKAD_VERDICT_ACCEPT);
}

static void under_load_who_shows_no_token_gets_one(void **state)
{
    test_fixture *fixture = *state;
    load(fixture);
    uint64_t checked;
    static const skad_kind kinds[] = {SKAD_KIND_PING,  SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE,
                                      SKAD_KIND_STORE, SKAD_KIND_ANNOUNCE,  SKAD_KIND_COMPARE,
                                      SKAD_KIND_MATCH};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const test_remote *who = test_fixture_remote(fixture);
        skad_message message;
        skad_datagram request;
        uint8_t token[SKAD_TOKEN_BYTES];
        skad_wire_message(kinds[i], &message);
        take_challenge(fixture, who, &message, token);
        /* With it, the same request is verified and answered. */
        checked = stats_of(fixture).verifications;
        test_fixture_request(fixture, who, &message, token, &request);
        assert_int_equal(test_fixture_deliver(fixture, &who->address, &request),
                         SKAD_VERDICT_ACCEPT);
        assert_true(stats_of(fixture).verifications > checked);
        (void)test_fixture_drain(fixture);
    }
}

static void a_challenge_leaves_from_where_its_request_came_to(void **state)
{
    static const skad_local asked = {.family = SKAD_FAMILY_IPV4, .ip = {192, 0, 2, 1}};
    test_fixture *fixture = *state;
    load(fixture);
    const test_remote *who = test_fixture_remote(fixture);
    const skad_message message = {.kind = SKAD_KIND_PING};
    skad_datagram request;
    skad_datagram challenge;
    padded_request(fixture, who, &message, &request);
    assert_int_equal(skad_node_receive_at(fixture->node, request.bytes, request.len, &who->address,
                                          &asked, fixture->now),
                     SKAD_VERDICT_CHALLENGE);
    assert_true(skad_node_poll_datagram(fixture->node, &challenge));
    assert_memory_equal(&challenge.local, &asked, sizeof asked);
}

/* Else a spoofed source would get more than was sent. A ping is smaller than the challenge for an
 * IPv6 address. */
static void under_load_what_is_smaller_than_a_challenge_gets_none(void **state)
{
    test_fixture *fixture = *state;
    load(fixture);
    test_remote *who = test_fixture_remote(fixture);
    who->address = (skad_address){.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {0x26}};
    skad_datagram request;
    test_fixture_request(fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL, &request);
    assert_true(request.len < SKAD_CHALLENGE_BYTES_MAX);
    assert_int_equal(test_fixture_deliver(fixture, &who->address, &request),
                     SKAD_VERDICT_CHALLENGE);
    assert_int_equal(test_fixture_drain(fixture), 0);
}

/* What a node sends without a token is never so small, wherever it sends it. */
static void a_node_pads_its_pings_for_a_challenge(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 1);
    const test_remote *peer = &fixture->remotes[0];
    const skad_address at = {.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {0x26}};
    skad_contact contact = {.id = peer->identity.id, .ipv6 = at};
    skad_datagram ping;
    assert_int_equal(skad_node_greet(fixture->node, &contact, 1, fixture->now), SKAD_OK);
    assert_true(skad_node_poll_datagram(fixture->node, &ping));
    assert_int_equal(ping.len, SKAD_CHALLENGE_BYTES_MAX);
}

/* A hello is not padded for nothing: its challenge fits, and tells who is there. */
static void under_load_a_hello_is_answered_with_a_token(void **state)
{
    test_fixture *fixture = *state;
    load(fixture);
    const test_remote *who = test_fixture_remote(fixture);
    static const uint8_t body[] = {0x90};
    skad_wire_craft craft = test_fixture_craft(fixture, who, SKAD_KIND_PING, (skad_span){body, 1});
    memset(&craft.recipient, 0, sizeof craft.recipient);
    test_exchange exchange;
    skad_datagram *hello = &exchange.request;
    craft.pad_bytes = 0;
    test_fixture_craft_write(fixture, &craft, hello);
    craft.pad_bytes = SKAD_FIRST_CONTACT_BYTES - hello->len;
    test_fixture_craft_write(fixture, &craft, hello);
    assert_int_equal(hello->len, SKAD_FIRST_CONTACT_BYTES);
    assert_int_equal(test_fixture_deliver(fixture, &who->address, hello), SKAD_VERDICT_CHALLENGE);
    open_challenge(fixture, who, &craft.recipient, &exchange);
}

static void load_ends_by_itself_and_not_at_once(void **state)
{
    test_fixture *fixture = *state;
    load(fixture);
    const test_remote *who = test_fixture_remote(fixture);
    fixture->now.mono_us += 100 * SKAD_US_PER_MS; /* ten are free again, less than half a burst */
    assert_int_equal(flood(fixture, who, NULL, 1, SKAD_VERDICT_CHALLENGE), 1);
    fixture->now.mono_us += 200 * SKAD_US_PER_MS;
    assert_int_equal(flood(fixture, who, NULL, 1, SKAD_VERDICT_ACCEPT), 1);
    assert_false(stats_of(fixture).loaded);
}

static void the_driver_may_say_that_it_is_too_much(void **state)
{
    (void)state;
    test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile); /* without any limits */
    const test_remote *who = test_fixture_remote(&fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(&fixture, who, token);
    skad_node_press(fixture.node, true);
    assert_true(stats_of(&fixture).loaded);
    assert_int_equal(flood(&fixture, who, NULL, 5, SKAD_VERDICT_CHALLENGE), 5);
    assert_int_equal(flood(&fixture, who, token, 5, SKAD_VERDICT_ACCEPT), 5);
    skad_node_press(fixture.node, false);
    assert_int_equal(flood(&fixture, who, NULL, 5, SKAD_VERDICT_ACCEPT), 5);
    test_fixture_free(&fixture);
}

static void answers_that_we_wait_for_have_no_rate(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 10);
    load(fixture);
    uint64_t before = stats_of(fixture).verdicts[SKAD_VERDICT_ACCEPT];
    for (unsigned i = 0; i < 20; i++) {
        skad_id target = {{(uint8_t)i}};
        skad_op op;
        assert_int_equal(skad_node_lookup(fixture->node, &target, fixture->now, &op), SKAD_OK);
        test_fixture_run(fixture, 50 * SKAD_US_PER_MS);
    }
    assert_true(stats_of(fixture).verdicts[SKAD_VERDICT_ACCEPT] >= before + 200);
}

static void replays_do_not_use_up_their_source(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    skad_datagram request;
    test_fixture_request(fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL, &request);
    assert_int_equal(test_fixture_deliver(fixture, &who->address, &request), SKAD_VERDICT_ACCEPT);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(test_fixture_deliver(fixture, &who->address, &request),
                         SKAD_VERDICT_DUPLICATE);
    }
    assert_int_equal(flood(fixture, who, NULL, 19, SKAD_VERDICT_ACCEPT), 19);
}

static void answers_are_shed_beyond_the_bandwidth(void **state)
{
    (void)state;
    test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    const skad_node_rates narrow = {.answer_bytes = {1000, 2000}};
    test_fixture_init_rated(&fixture, &profile, &narrow);
    const test_remote *who = test_fixture_remote(&fixture);
    unsigned answered = 0;
    for (unsigned i = 0; i < 50; i++) {
        skad_datagram request;
        skad_datagram answer;
        test_fixture_request(&fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL,
                             &request);
        (void)test_fixture_deliver(&fixture, &who->address, &request);
        answered += skad_node_poll_datagram(fixture.node, &answer);
        (void)test_fixture_drain(&fixture);
    }
    assert_in_range(answered, 5, 7); /* of some 180 bytes, for half of the burst */
    assert_true(stats_of(&fixture).answers_shed >= 36);
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_source_without_a_token_has_a_rate_and_then_gets_a_token,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_spoofed_flood_shuts_no_first_contact_out, begin, end),
        cmocka_unit_test_setup_teardown(the_two_kinds_of_challenges_have_budgets_apart, begin, end),
        cmocka_unit_test_setup_teardown(a_token_has_a_rate_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(busy_sources_shut_no_modest_one_out, begin, end),
        cmocka_unit_test_setup_teardown(
            a_spoofed_flood_takes_nothing_from_neighbours_under_suspicion, begin, end),
        cmocka_unit_test_setup_teardown(a_forged_token_is_none, begin, end),
        cmocka_unit_test_setup_teardown(an_exhausted_source_is_turned_away_at_a_glance, begin, end),
        cmocka_unit_test_setup_teardown(an_exhausted_source_may_answer, begin, end),
        cmocka_unit_test_setup_teardown(under_load_who_shows_no_token_gets_one, begin, end),
        cmocka_unit_test_setup_teardown(a_challenge_leaves_from_where_its_request_came_to, begin,
                                        end),
        cmocka_unit_test_setup_teardown(under_load_what_is_smaller_than_a_challenge_gets_none,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_node_pads_its_pings_for_a_challenge, begin, end),
        cmocka_unit_test_setup_teardown(under_load_a_hello_is_answered_with_a_token, begin, end),
        cmocka_unit_test_setup_teardown(load_ends_by_itself_and_not_at_once, begin, end),
        cmocka_unit_test(the_driver_may_say_that_it_is_too_much),
        cmocka_unit_test_setup_teardown(answers_that_we_wait_for_have_no_rate, begin, end),
        cmocka_unit_test_setup_teardown(replays_do_not_use_up_their_source, begin, end),
        cmocka_unit_test(answers_are_shed_beyond_the_bandwidth),
    };
    return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
