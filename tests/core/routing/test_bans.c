/* Keeping out: by ID and by prefix, by hand and by the node itself; never for what could be
 * spoofed, never what is allowed, and never for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/address.h"
#include "proto/message.h"
#include "skad/record.h"
#include "src/core/node/parts.h"
#include "src/core/routing/bans.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/ping_queue.h"
#include "src/core/upkeep/refresh.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

static int begin(void **state)
{
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    test_fixture_free(*state);
    return 0;
}

static skad_verdict ping(test_fixture *fixture, const test_remote *who, const uint8_t *token,
                         bool broken)
{
    skad_datagram request;
    test_fixture_request(fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, token, &request);
    if (broken) {
        request.bytes[request.len - 1] ^= 1;
        test_fixture_retag(fixture, request.bytes, request.len);
    }
    skad_verdict verdict = test_fixture_deliver(fixture, &who->address, &request);
    (void)test_fixture_drain(fixture);
    return verdict;
}

static skad_ban prefix(const skad_address *address, uint8_t bits)
{
    return (skad_ban){.address = *address, .prefix_bits = bits};
}

static void a_banned_prefix_is_kept_out_until_its_time_is_over(void **state)
{
    test_fixture *fixture = *state;
    test_remote *who = test_fixture_remote(fixture);
    test_remote *other = test_fixture_remote(fixture);
    other->address.ip[1] ^= 0x40;
    skad_ban ban = prefix(&who->address, 16);
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_ACCEPT);
    assert_int_equal(skad_node_ban(fixture->node, &ban, 60, fixture->now), SKAD_OK);
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_BANNED);
    assert_int_equal(ping(fixture, other, NULL, false), SKAD_VERDICT_ACCEPT);
    fixture->now.mono_us += 59 * SKAD_US_PER_S;
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_BANNED);
    fixture->now.mono_us += SKAD_US_PER_S;
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_ACCEPT);
    assert_int_equal(skad_node_bans(fixture->node, fixture->now, NULL, 0), 0);
}

static void a_banned_node_is_kept_out_wherever_it_is(void **state)
{
    test_fixture *fixture = *state;
    test_remote *who = test_fixture_remote(fixture);
    skad_ban ban = {.scope = SKAD_BAN_ID, .id = who->identity.id};
    assert_int_equal(skad_node_ban(fixture->node, &ban, 60, fixture->now), SKAD_OK);
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_BANNED);
    who->address.ip[0] ^= 3;
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_BANNED);
    skad_ban seen[2];
    assert_int_equal(skad_node_bans(fixture->node, fixture->now, seen, 2), 1);
    assert_int_equal(seen[0].reason, SKAD_BAN_OPERATOR);
    assert_true(skad_node_unban(fixture->node, &ban));
    assert_false(skad_node_unban(fixture->node, &ban));
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_ACCEPT);
}

static void a_banned_peer_is_asked_nothing(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 10);
    test_remote *who = &fixture->remotes[4];
    skad_ban ban = {.scope = SKAD_BAN_ID, .id = who->identity.id};
    assert_int_equal(skad_node_ban(fixture->node, &ban, 3600, fixture->now), SKAD_OK);
    unsigned before = who->asked;
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture->node, &who->identity.id, fixture->now, &op),
                     SKAD_OK);
    test_fixture_run(fixture, 2 * SKAD_US_PER_S);
    for (unsigned second = 0; second < 1200;
         second++) { /* nor whether it lives; no check is missed */
        test_fixture_run(fixture, SKAD_US_PER_S);
    }
    assert_int_equal(who->asked, before);
    skad_node_stats stats;
    skad_node_stats_get(fixture->node, fixture->now, &stats);
    assert_int_equal(stats.peers, 9);
}

/* Nor where others name it. */
static bool all_name_the_fifth(test_fixture *fixture, test_remote *who, const skad_message *request,
                               skad_message *answer)
{
    const test_remote *fifth = &fixture->remotes[4];
    if (request->kind == SKAD_KIND_FIND_NODE && who != fifth) {
        answer->u.reply.u.nodes.contacts_count = 1;
        answer->u.reply.u.nodes.contacts[0] =
            (skad_contact){.id = fifth->identity.id, .ipv4 = fifth->address};
    }
    return true;
}

static void a_banned_peer_that_others_name_is_asked_nothing(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 10);
    test_remote *who = &fixture->remotes[4];
    skad_ban ban = prefix(&who->address, 32);
    fixture->script = all_name_the_fifth;
    assert_int_equal(skad_node_ban(fixture->node, &ban, 600, fixture->now), SKAD_OK);
    unsigned before = who->asked;
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture->node, &who->identity.id, fixture->now, &op),
                     SKAD_OK);
    test_fixture_run(fixture, 2 * SKAD_US_PER_S);
    assert_int_equal(who->asked, before);
}

static void wrong_signatures_with_a_token_end_in_a_ban(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    for (unsigned i = 0; i < SKAD_STRIKES_MAX; i++) {
        assert_int_equal(ping(fixture, who, token, true), SKAD_VERDICT_SIGNATURE);
    }
    assert_int_equal(ping(fixture, who, token, false), SKAD_VERDICT_BANNED);
    skad_ban seen;
    assert_int_equal(skad_node_bans(fixture->node, fixture->now, &seen, 1), 1);
    assert_int_equal(seen.reason, SKAD_BAN_SIGNATURES);
    assert_int_equal(seen.scope, SKAD_BAN_PEER);
    assert_true(skad_id_equal(&seen.id, &who->identity.id));
    assert_true(skad_address_equal(&seen.address, &who->address));
    fixture->now.mono_us += SKAD_STRIKES_BAN_S * SKAD_US_PER_S;
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_ACCEPT);
}

static void without_a_token_nobody_is_banned(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    token[0] ^= 1;
    for (unsigned i = 0; i < 3 * SKAD_STRIKES_MAX; i++) {
        assert_int_equal(ping(fixture, who, i % 2 == 0 ? NULL : token, true),
                         SKAD_VERDICT_SIGNATURE);
    }
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_ACCEPT);
}

static void now_and_then_a_wrong_signature_is_forgiven(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    for (unsigned i = 0; i < 3 * SKAD_STRIKES_MAX; i++) {
        test_fixture_token(fixture, who, token);
        assert_int_equal(ping(fixture, who, token, true), SKAD_VERDICT_SIGNATURE);
        fixture->now.mono_us += SKAD_STRIKES_US / (SKAD_STRIKES_MAX - 1);
    }
    assert_int_equal(ping(fixture, who, NULL, false), SKAD_VERDICT_ACCEPT);
}

static void who_is_allowed_is_never_banned_by_the_node(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_ban directory = prefix(&who->address, 8);
    assert_int_equal(skad_node_allow(fixture->node, &directory), SKAD_OK);
    test_fixture_token(fixture, who, token);
    for (unsigned i = 0; i < 3 * SKAD_STRIKES_MAX; i++) {
        assert_int_equal(ping(fixture, who, token, true), SKAD_VERDICT_SIGNATURE);
    }
    /* By hand it can be. */
    assert_int_equal(skad_node_ban(fixture->node, &directory, 60, fixture->now), SKAD_OK);
    assert_int_equal(ping(fixture, who, token, false), SKAD_VERDICT_BANNED);
}

/* Sends so many STOREs with a token; whether the sender is banned for it. */
static bool stores_end_in_a_ban(test_fixture *fixture, const test_remote *who, skad_span record)
{
    const skad_message message = {.kind = SKAD_KIND_STORE,
                                  .u.store = {.record = record, .life_s = 1}};
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    for (unsigned i = 0; i < 3 * SKAD_STRIKES_MAX; i++) {
        test_exchange exchange;
        if (skad_bans_find(skad_node_parts_of(fixture->node).bans, &who->identity.id, &who->address,
                           fixture->now.mono_us) != NULL) {
            return true;
        }
        test_fixture_ask(fixture, who, &message, token, &exchange);
        assert_int_not_equal(exchange.opened.message.u.reply.u.error.code, SKAD_ERROR_NONE);
    }
    return false;
}

/* A node that hands records on may be in error about a signature or about the time, but not about
 * what a record is. */
static void only_what_is_no_record_ends_in_a_ban(void **state)
{
    test_fixture *fixture = *state;
    uint8_t forged[SKAD_RECORD_BYTES_MAX];
    uint8_t expired[SKAD_RECORD_BYTES_MAX];
    uint8_t rubbish[] = {0x93, 1, 2};
    const test_remote *givers[] = {test_fixture_remote(fixture), test_fixture_remote(fixture),
                                   test_fixture_remote(fixture)};
    const skad_publisher publisher = test_plain_publisher(&givers[0]->identity);
    const skad_span value = {(const uint8_t *)"v", 1};
    size_t forged_len =
        skad_record_encode_mutable(publisher, (skad_span){NULL, 0}, 1, fixture->now.unix_s + 100,
                                   value, forged, sizeof forged);
    size_t expired_len = skad_record_encode_mutable(
        publisher, (skad_span){NULL, 0}, 1, fixture->now.unix_s, value, expired, sizeof expired);
    forged[forged_len - 1] ^= 1;
    assert_false(stores_end_in_a_ban(fixture, givers[0], (skad_span){forged, forged_len}));
    assert_false(stores_end_in_a_ban(fixture, givers[1], (skad_span){expired, expired_len}));
    assert_true(stores_end_in_a_ban(fixture, givers[2], (skad_span){rubbish, sizeof rubbish}));
    skad_ban seen;
    assert_int_equal(skad_node_bans(fixture->node, fixture->now, &seen, 1), 1);
    assert_int_equal(seen.reason, SKAD_BAN_RECORDS);
}

/* ---- Neighbours on one address ---- */

/* Bans one peer after the other of an address until that is under suspicion. Returns how many were
 * banned. */
static unsigned misbehave_at(test_fixture *fixture, const skad_address *address)
{
    skad_bans *bans = skad_node_parts_of(fixture->node).bans;
    unsigned peers = 0;
    while (!skad_bans_suspect(bans, address, fixture->now.mono_us)) {
        skad_address from = *address;
        const skad_id id = {{(uint8_t)(++peers), 1}};
        from.port = (uint16_t)(20000 + peers);
        for (unsigned i = 0; i < SKAD_STRIKES_MAX; i++) {
            skad_bans_strike(bans, &id, &from, SKAD_BAN_SIGNATURES, fixture->now.mono_us);
        }
        assert_true(peers < 100);
    }
    return peers;
}

static void a_neighbour_on_the_same_address_is_served_as_before(void **state)
{
    test_fixture *fixture = *state;
    test_remote *liar = test_fixture_remote(fixture);
    test_remote *honest = test_fixture_remote(fixture);
    uint8_t liars_token[SKAD_TOKEN_BYTES];
    uint8_t token[SKAD_TOKEN_BYTES];
    liar->address = honest->address;
    liar->address.port ^= 1;
    test_fixture_token(fixture, liar, liars_token);
    test_fixture_token(fixture, honest, token);
    for (unsigned i = 0; i < SKAD_STRIKES_MAX; i++) {
        assert_int_equal(ping(fixture, liar, liars_token, true), SKAD_VERDICT_SIGNATURE);
    }
    assert_int_equal(ping(fixture, liar, liars_token, false), SKAD_VERDICT_BANNED);
    assert_int_equal(ping(fixture, honest, NULL, false), SKAD_VERDICT_ACCEPT);
    assert_int_equal(ping(fixture, honest, token, false), SKAD_VERDICT_ACCEPT);
}

static void eight_peers_of_an_address_put_it_under_suspicion(void **state)
{
    test_fixture *fixture = *state;
    test_remote *honest = test_fixture_remote(fixture);
    uint8_t token[SKAD_TOKEN_BYTES];
    uint8_t guessed[SKAD_TOKEN_BYTES] = {1};
    test_fixture_token(fixture, honest, token);
    assert_int_equal(misbehave_at(fixture, &honest->address), 8);
    assert_int_equal(ping(fixture, honest, NULL, false), SKAD_VERDICT_CHALLENGE);
    assert_int_equal(ping(fixture, honest, guessed, false), SKAD_VERDICT_CHALLENGE);
    assert_int_equal(ping(fixture, honest, token, false), SKAD_VERDICT_ACCEPT);
    fixture->now.mono_us += SKAD_STRIKES_BAN_S * SKAD_US_PER_S;
    assert_int_equal(ping(fixture, honest, NULL, false), SKAD_VERDICT_ACCEPT);
}

/* Nor is a peer there asked less, lost, or not heard when it answers. */
static void a_ban_by_the_node_itself_makes_no_peer_unresponsive(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 10);
    const test_remote *who = &fixture->remotes[4];
    const skad_table *table = skad_node_parts_of(fixture->node).table;
    (void)misbehave_at(fixture, &who->address);
    for (unsigned i = 0; i < SKAD_STRIKES_MAX; i++) {
        skad_bans_strike(skad_node_parts_of(fixture->node).bans, &fixture->remotes[5].identity.id,
                         &fixture->remotes[5].address, SKAD_BAN_SIGNATURES, fixture->now.mono_us);
    }
    for (unsigned second = 0; second < 2 * SKAD_STRIKES_BAN_S; second++) {
        test_fixture_run(fixture, SKAD_US_PER_S);
        assert_int_equal(skad_table_living(table), 10);
    }
}

static void an_answer_that_we_wait_for_is_heard_in_spite_of_a_ban(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 3);
    const test_remote *who = &fixture->remotes[1];
    const skad_ban ban = {.scope = SKAD_BAN_ID, .id = who->identity.id};
    const skad_ban there = prefix(&who->address, 32);
    skad_op op;
    assert_int_equal(skad_node_ping(fixture->node, &who->address, fixture->now, &op), SKAD_OK);
    assert_int_equal(skad_node_ban(fixture->node, &ban, 600, fixture->now), SKAD_OK);
    assert_int_equal(skad_node_ban(fixture->node, &there, 600, fixture->now), SKAD_OK);
    test_fixture_run(fixture, SKAD_US_PER_S);
    skad_event event;
    do {
        assert_true(skad_node_poll_event(fixture->node, &event));
    } while (event.op != op);
    assert_int_equal(event.outcome, SKAD_OUTCOME_DONE);
}

/* ---- Answers ---- */

/* The first remote peer names us to ourselves; the others name the first, so that it is asked again
 * though it has lost its place. */
static bool the_first_lies(test_fixture *fixture, test_remote *who, const skad_message *request,
                           skad_message *answer)
{
    const test_remote *liar = &fixture->remotes[0];
    if (request->kind == SKAD_KIND_FIND_NODE) {
        skad_contact *named = &answer->u.reply.u.nodes.contacts[0];
        answer->u.reply.u.nodes.contacts_count = 1;
        *named = who == liar
                     ? (skad_contact){.id = fixture->identity.id, .ipv4 = test_prng_address(7)}
                     : (skad_contact){.id = liar->identity.id, .ipv4 = liar->address};
    }
    return true;
}

/* One lookup, which asks each of them once; whether the first was asked. */
static bool ask_all(test_fixture *fixture)
{
    const skad_id target = {{(uint8_t)fixture->requests, 1}};
    const unsigned before = fixture->remotes[0].asked;
    skad_op op;
    assert_int_equal(skad_node_lookup(fixture->node, &target, fixture->now, &op), SKAD_OK);
    test_fixture_run(fixture, 2 * SKAD_US_PER_S);
    return fixture->remotes[0].asked > before;
}

static void answers_that_contradict_what_was_asked_end_in_a_ban(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 4);
    fixture->script = the_first_lies;
    for (unsigned i = 0; i < SKAD_STRIKES_MAX / SKAD_STRIKES_ANSWER; i++) {
        assert_int_equal(skad_node_bans(fixture->node, fixture->now, NULL, 0), 0);
        assert_true(ask_all(fixture));
    }
    skad_ban seen;
    assert_int_equal(skad_node_bans(fixture->node, fixture->now, &seen, 1), 1);
    assert_int_equal(seen.reason, SKAD_BAN_ANSWERS);
    assert_memory_equal(seen.address.ip, fixture->remotes[0].address.ip, 4);
    assert_false(ask_all(fixture));
    assert_int_equal(ping(fixture, &fixture->remotes[0], NULL, false), SKAD_VERDICT_BANNED);
    assert_int_equal(ping(fixture, &fixture->remotes[1], NULL, false), SKAD_VERDICT_ACCEPT);
    fixture->now.mono_us += SKAD_STRIKES_BAN_S * SKAD_US_PER_S;
    assert_int_equal(ping(fixture, &fixture->remotes[0], NULL, false), SKAD_VERDICT_ACCEPT);
}

static void now_and_then_a_contradiction_is_forgiven(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_populate(fixture, 4);
    test_fixture_run(fixture, SKAD_STRIKES_US); /* the next look of its own is minutes away */
    fixture->script = the_first_lies;
    for (unsigned i = 0; i < 8; i++) {
        assert_true(ask_all(fixture));
        test_fixture_run(fixture, SKAD_STRIKES_US / 3);
    }
    assert_int_equal(skad_node_bans(fixture->node, fixture->now, NULL, 0), 0);
}

static void the_list_is_bounded_and_the_one_that_ends_first_gives_way(void **state)
{
    test_fixture *fixture = *state;
    for (uint32_t i = 0; i < SKAD_BANS_MAX + 10; i++) {
        skad_address address = test_prng_address(i);
        skad_ban ban = prefix(&address, 32);
        uint32_t seconds = i == 0 ? 5000 : 1000 + i; /* the oldest lasts for longest */
        assert_int_equal(skad_node_ban(fixture->node, &ban, seconds, fixture->now), SKAD_OK);
    }
    assert_int_equal(skad_node_bans(fixture->node, fixture->now, NULL, 0), SKAD_BANS_MAX);
    for (uint32_t i = 0; i < 20; i++) {
        skad_address address = test_prng_address(i);
        skad_ban ban = prefix(&address, 32);
        assert_int_equal(skad_node_unban(fixture->node, &ban), i == 0 || i > 10);
    }
}

static void subjects_that_are_none_are_refused(void **state)
{
    test_fixture *fixture = *state;
    skad_address ipv4 = {.family = SKAD_FAMILY_IPV4};
    skad_address ipv6 = {.family = SKAD_FAMILY_IPV6};
    skad_address none = {0};
    const skad_ban wrong[] = {prefix(&ipv4, 33), prefix(&ipv6, 129), prefix(&none, 0)};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(skad_node_ban(fixture->node, &wrong[i], 1, fixture->now), SKAD_ERR_INPUT);
        assert_int_equal(skad_node_allow(fixture->node, &wrong[i]), SKAD_ERR_INPUT);
        assert_false(skad_node_unban(fixture->node, &wrong[i]));
    }
    const skad_ban everybody = prefix(&ipv6, 0);
    assert_int_equal(skad_node_ban(fixture->node, &everybody, 1, fixture->now), SKAD_OK);
}

static void prefixes_match_bit_by_bit(void **state)
{
    (void)state;
    skad_bans bans;
    skad_address address = {.family = SKAD_FAMILY_IPV4, .ip = {8, 0xff, 0, 0}};
    for (uint8_t bits = 0; bits <= 32; bits++) {
        assert_int_equal(skad_bans_init(&bans, bits % 2 == 0), SKAD_OK);
        skad_ban ban = prefix(&address, bits);
        ban.until_us = 10;
        assert_int_equal(skad_bans_add(&bans, &ban, 1), SKAD_OK);
        for (uint8_t flipped = 0; flipped < 32; flipped++) {
            skad_address other = address;
            other.ip[flipped / 8] ^= (uint8_t)(0x80U >> (flipped % 8));
            assert_int_equal(skad_bans_find(&bans, NULL, &other, 5) != NULL, flipped >= bits);
        }
        skad_bans_free(&bans);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_banned_prefix_is_kept_out_until_its_time_is_over, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_banned_node_is_kept_out_wherever_it_is, begin, end),
        cmocka_unit_test_setup_teardown(a_banned_peer_is_asked_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_banned_peer_that_others_name_is_asked_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(wrong_signatures_with_a_token_end_in_a_ban, begin, end),
        cmocka_unit_test_setup_teardown(without_a_token_nobody_is_banned, begin, end),
        cmocka_unit_test_setup_teardown(now_and_then_a_wrong_signature_is_forgiven, begin, end),
        cmocka_unit_test_setup_teardown(who_is_allowed_is_never_banned_by_the_node, begin, end),
        cmocka_unit_test_setup_teardown(only_what_is_no_record_ends_in_a_ban, begin, end),
        cmocka_unit_test_setup_teardown(a_neighbour_on_the_same_address_is_served_as_before, begin,
                                        end),
        cmocka_unit_test_setup_teardown(eight_peers_of_an_address_put_it_under_suspicion, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_ban_by_the_node_itself_makes_no_peer_unresponsive, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_answer_that_we_wait_for_is_heard_in_spite_of_a_ban,
                                        begin, end),
        cmocka_unit_test_setup_teardown(answers_that_contradict_what_was_asked_end_in_a_ban, begin,
                                        end),
        cmocka_unit_test_setup_teardown(now_and_then_a_contradiction_is_forgiven, begin, end),
        cmocka_unit_test_setup_teardown(the_list_is_bounded_and_the_one_that_ends_first_gives_way,
                                        begin, end),
        cmocka_unit_test_setup_teardown(subjects_that_are_none_are_refused, begin, end),
        cmocka_unit_test(prefixes_match_bit_by_bit),
    };
    return cmocka_run_group_tests_name("bans", tests, NULL, NULL);
}
