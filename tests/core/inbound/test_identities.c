/* What is remembered of proven identities, and what a node makes of senders that have proven
 * theirs, have not, or pretend to be another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/core/inbound/admission.h"
#include "src/core/inbound/identities.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"
#include "tests/support/put_script.h"

#define MINUTE_S 60

/* ---- The memory ---- */

static const uint8_t hash_key[SKAD_TABLE_KEY_BYTES] = {3};
static const uint8_t alice[SKAD_PUBLIC_KEY_BYTES] = {1};
static const uint8_t bob[SKAD_PUBLIC_KEY_BYTES] = {2};
static const skad_puzzle_nonce first = {.epoch = 7, .bytes = {1}};

static void what_is_proven_is_known_with_its_key_and_nonce_only(void **state)
{
    (void)state;
    skad_identities identities;
    skad_peers peers;
    const skad_peers_plan plan = {.limit = 32};
    const skad_id id = {{9}};
    const skad_puzzle_nonce other_epoch = {.epoch = 8, .bytes = {1}};
    const skad_puzzle_nonce other_bytes = {.epoch = 7, .bytes = {2}};
    assert_int_equal(skad_peers_init(&peers, &plan), SKAD_OK);
    assert_int_equal(skad_identities_init(&identities, 16, hash_key), SKAD_OK);
    assert_int_equal(skad_identities_known(&identities, &id, alice, &first), SKAD_IDENTITY_UNKNOWN);
    skad_identities_remember(&identities, &id, alice, &first, &peers);
    assert_int_equal(skad_identities_known(&identities, &id, alice, &first), SKAD_IDENTITY_PROVEN);
    assert_int_equal(skad_identities_known(&identities, &id, bob, &first), SKAD_IDENTITY_UNKNOWN);
    assert_int_equal(skad_identities_known(&identities, &id, alice, &other_epoch),
                     SKAD_IDENTITY_OF_KEY);
    assert_int_equal(skad_identities_known(&identities, &id, alice, &other_bytes),
                     SKAD_IDENTITY_OF_KEY);
    skad_identities_remember(&identities, &id, alice, &other_epoch, &peers);
    assert_int_equal(skad_identities_known(&identities, &id, alice, &other_epoch),
                     SKAD_IDENTITY_PROVEN);
    assert_int_equal(identities.count, 1);
    skad_identities_free(&identities);
    skad_peers_free(&peers);
}

static void take(skad_peers *peers, const skad_id *id)
{
    const skad_peer_slot slot = skad_peers_take(peers, id);
    assert_int_not_equal(slot, SKAD_PEER_NONE);
    peers->peers[slot].roles = SKAD_PEER_IN_BUCKET;
    skad_peers_check_at(peers, slot, SKAD_US_PER_S);
}

/* One set of four, with two peers of the table in it. */
static void strangers_give_way_and_peers_stay(void **state)
{
    (void)state;
    skad_identities identities;
    skad_peers peers;
    const skad_peers_plan plan = {.limit = 32};
    const skad_id kept[] = {{{1}}, {{2}}};
    assert_int_equal(skad_peers_init(&peers, &plan), SKAD_OK);
    assert_int_equal(skad_identities_init(&identities, SKAD_IDENTITIES_WAYS, hash_key), SKAD_OK);
    for (size_t i = 0; i < 2; i++) {
        take(&peers, &kept[i]);
        skad_identities_remember(&identities, &kept[i], alice, &first, &peers);
    }
    for (unsigned i = 0; i < 1000; i++) {
        const skad_id stranger = {{0xff, (uint8_t)(i >> 8), (uint8_t)i}};
        skad_identities_remember(&identities, &stranger, bob, &first, &peers);
        assert_int_equal(skad_identities_known(&identities, &stranger, bob, &first),
                         SKAD_IDENTITY_PROVEN);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(skad_identities_known(&identities, &kept[i], alice, &first),
                         SKAD_IDENTITY_PROVEN);
    }
    assert_int_equal(identities.count, SKAD_IDENTITIES_WAYS);
    const skad_id more[] = {{{3}}, {{4}}, {{5}}};
    for (size_t i = 0; i < 3; i++) { /* the fifth peer finds the set full of peers */
        take(&peers, &more[i]);
        skad_identities_remember(&identities, &more[i], alice, &first, &peers);
    }
    assert_null(skad_identities_find(&identities, &more[2]));
    assert_non_null(skad_identities_find(&identities, &more[1]));
    skad_identities_free(&identities);
    skad_peers_free(&peers);
}

/* ---- A node ---- */

static int begin_rated(void **state, const skad_node_rates *rates)
{
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    profile.memory_kib = 8;
    if (rates == NULL) {
        test_fixture_init(&fixture, &profile);
    } else {
        test_fixture_init_rated(&fixture, &profile, rates);
    }
    *state = &fixture;
    return 0;
}

static int begin(void **state)
{
    return begin_rated(state, NULL);
}

/* One proof for each subnet, three in all. */
static int begin_with_little(void **state)
{
    static const skad_node_rates rates = {
        .identities = {{0}, {1, 1}, {0}}, .identities_all = {1, 3}, .cells = 256};
    return begin_rated(state, &rates);
}

static int end(void **state)
{
    test_fixture_free(*state);
    return 0;
}

static void send(test_fixture *fixture, const test_remote *who, skad_kind kind, bool with_token)
{
    skad_message message;
    skad_datagram request;
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_wire_message(kind, &message);
    test_fixture_token(fixture, who, token);
    test_fixture_request(fixture, who, &message, with_token ? token : NULL, &request);
    assert_int_equal(test_fixture_deliver(fixture, &who->address, &request), SKAD_VERDICT_ACCEPT);
    test_fixture_drain(fixture);
}

static void a_request_without_a_token_is_answered_without_a_proof(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    static const skad_kind kinds[] = {SKAD_KIND_PING, SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        send(fixture, who, kinds[i], false);
        assert_int_equal(test_fixture_stats(fixture).requests[kinds[i]], 1);
    }
    assert_int_equal(test_fixture_stats(fixture).hard_hashes, 0);
}

static void an_identity_is_proven_once(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    for (unsigned i = 0; i < 5; i++) {
        send(fixture, who, SKAD_KIND_PING, true);
    }
    const skad_node_stats stats = test_fixture_stats(fixture);
    assert_int_equal(stats.hard_hashes, 2);
    assert_int_equal(stats.identities_proven, 1);
    assert_int_equal(stats.identities_refused, 0);
}

/* A new nonce costs one hash more, since the key is known. */
static void the_next_epoch_costs_half(void **state)
{
    test_fixture *fixture = *state;
    test_remote *who = test_fixture_remote(fixture);
    send(fixture, who, SKAD_KIND_PING, true);
    const uint32_t epoch = who->identity.nonces[0].epoch;
    who->identity.nonces[0] = test_nonce(&fixture->profile, &who->identity.id, epoch - 1);
    send(fixture, who, SKAD_KIND_PING, true); /* it is valid for another day */
    assert_int_equal(test_fixture_stats(fixture).hard_hashes, 3);
    assert_int_equal(test_fixture_stats(fixture).identities_proven, 2);
}

static void answers_prove_whom_we_asked_and_they_are_peers_then(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_knock(fixture, test_fixture_remote(fixture));
    test_fixture_run(fixture, SKAD_US_PER_S);
    const test_remote *peer = &fixture->remotes[0];
    const skad_identities *identities = skad_node_parts_of(fixture->node).identities;
    assert_non_null(test_fixture_peer(fixture, peer));
    assert_int_equal(skad_identities_known(identities, &peer->identity.id,
                                           peer->identity.public_key, &peer->identity.nonces[0]),
                     SKAD_IDENTITY_PROVEN);
    assert_int_equal(test_fixture_stats(fixture).identities_proven, 1);
}

/* Else an attacker could keep us from noticing that a peer is gone. */
static void a_false_name_puts_off_no_check_of_its_owner(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_knock(fixture, test_fixture_remote(fixture));
    test_fixture_run(fixture, 600 * SKAD_US_PER_S);
    const test_remote *peer = &fixture->remotes[0];
    skad_peers *peers = &skad_node_parts_of(fixture->node).table->peers;
    const skad_peer_slot slot = skad_peers_find(peers, &peer->identity.id);
    const uint32_t before_ms = peers->checks_ms[slot];
    test_remote liar = {.identity = test_identity(&fixture->profile, 77), .address = peer->address};
    liar.identity.id = peer->identity.id;
    fixture->now.mono_us += 20 * SKAD_US_PER_S;
    send(fixture, &liar, SKAD_KIND_PING, true);
    assert_int_equal(peers->checks_ms[slot], before_ms);
    send(fixture, peer, SKAD_KIND_PING, true);
    assert_int_not_equal(peers->checks_ms[slot], before_ms);
}

static void a_false_name_is_noticed_where_it_would_change_something(void **state)
{
    test_fixture *fixture = *state;
    test_remote liar = *test_fixture_remote(fixture);
    liar.identity.id = test_identity(&fixture->profile, 77).id;
    skad_message store;
    skad_datagram request;
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_wire_message(SKAD_KIND_STORE, &store);
    test_fixture_token(fixture, &liar, token);
    test_fixture_request(fixture, &liar, &store, token, &request);
    assert_int_equal(test_fixture_deliver(fixture, &liar.address, &request), SKAD_VERDICT_IDENTITY);
    assert_int_equal(test_fixture_drain(fixture), 0);
    assert_int_equal(test_fixture_stats(fixture).identities_proven, 0);
}

static void without_budget_a_put_is_refused_and_not_forgotten(void **state)
{
    test_fixture *fixture = *state;
    const test_bytes value = test_immutable_of(1, 100);
    test_remote *who = test_fixture_remote(fixture);
    assert_true(test_bring(fixture, who, &value, (test_wish){.life_s = 100}).stored);
    test_remote neighbour = *test_fixture_remote(fixture);
    neighbour.address = who->address;
    neighbour.address.port++;
    test_assert_refused("another node of the subnet",
                        test_bring(fixture, &neighbour, &value, (test_wish){.life_s = 100}),
                        SKAD_ERROR_BUSY, 0);
    assert_int_equal(test_fixture_stats(fixture).identities_refused, 1);
    assert_true(test_bring(fixture, who, &value, (test_wish){.life_s = 100}).stored); /* known */
    fixture->now.mono_us += MINUTE_S * SKAD_US_PER_S;
    assert_true(test_bring(fixture, &neighbour, &value, (test_wish){.life_s = 100}).stored);
    skad_usage fills[SKAD_CAP_COUNT];
    skad_node_caps(fixture->node, fixture->now, fills);
    assert_int_equal(fills[SKAD_CAP_PROOFS].used, 1);
    assert_int_equal(fills[SKAD_CAP_PROOFS].max, 3);
    assert_int_equal(fills[SKAD_CAP_IDENTITIES].used, 2);
}

/* It is not pinged either: pings are for those that have proven who they are. */
static void without_budget_a_newcomer_is_answered_and_not_pinged(void **state)
{
    test_fixture *fixture = *state;
    const skad_ping_queue *queue = skad_node_parts_of(fixture->node).ping_queue;
    for (size_t i = 0; i < 5; i++) {
        test_remote *who = test_fixture_remote(fixture);
        who->address.ip[0] = (uint8_t)(20 + i); /* a subnet of its own */
        send(fixture, who, SKAD_KIND_FIND_NODE, true);
    }
    assert_int_equal(queue->count, 3);
    assert_int_equal(test_fixture_stats(fixture).identities_refused, 2);
    assert_int_equal(test_fixture_stats(fixture).requests[SKAD_KIND_FIND_NODE], 5);
}

/* With the rates of the public network: one address shows a false name every second, and another of
 * its subnet wants to be proven every five. */
static void one_address_does_not_use_up_the_proofs_of_its_subnet(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_node_rates rates;
    skad_profile profile = test_fixture_profile();
    profile.memory_kib = 8;
    skad_node_rates_default(skad_profile_builtin("public"), &rates);
    test_fixture_init_rated(&fixture, &profile, &rates);
    const test_remote *newcomer = test_fixture_remote(&fixture);
    test_remote liar = *test_fixture_remote(&fixture);
    liar.identity.id = test_identity(&profile, 77).id;
    liar.address = newcomer->address;
    liar.address.ip[3] ^= 1;
    for (unsigned second = 0; second < MINUTE_S; second++) {
        fixture.now.mono_us += SKAD_US_PER_S;
        skad_message ping = {.kind = SKAD_KIND_PING};
        skad_datagram request;
        uint8_t token[SKAD_TOKEN_BYTES];
        test_fixture_token(&fixture, &liar, token);
        test_fixture_request(&fixture, &liar, &ping, token, &request);
        (void)test_fixture_deliver(&fixture, &liar.address, &request);
        if (second % 5 == 0) {
            send(&fixture, newcomer, SKAD_KIND_PING, true);
        }
    }
    assert_in_range(test_fixture_stats(&fixture).verdicts[SKAD_VERDICT_IDENTITY], 1, 2);
    assert_int_equal(test_fixture_stats(&fixture).identities_proven, 1);
    test_fixture_free(&fixture);
}

/* ---- A flood ---- */

/* Ten thousand identities a second from ten thousand subnets, for a minute; from the beginning on,
 * a newcomer asks once a second. */
static void a_newcomer_has_its_share_of_the_budget_in_a_flood(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_node_rates rates;
    skad_profile profile = test_fixture_profile();
    skad_node_rates_default(skad_profile_builtin("public"), &rates);
    test_fixture_init_rated(&fixture, &profile, &rates);
    skad_admission *admission = skad_node_parts_of(fixture.node).admission;
    const skad_address newcomer = {SKAD_FAMILY_IPV4, 1, {99, 1, 1, 1}};
    uint64_t allowed = 0;
    unsigned admitted_s = 0;
    for (unsigned second = 0; second < MINUTE_S; second++) {
        for (unsigned i = 0; i < 10000; i++) {
            const uint64_t now_us = (second * 10000ULL + i) * 100;
            const skad_address from = {
                SKAD_FAMILY_IPV4, 1, {(uint8_t)(11 + i % 80), (uint8_t)(i / 80), 1, 1}};
            allowed += skad_admission_may_prove(admission, &from, now_us);
            if (i == 5000 && admitted_s == 0 &&
                skad_admission_may_prove(admission, &newcomer, now_us)) {
                admitted_s = second + 1;
            }
        }
    }
    assert_in_range(allowed, 300 * MINUTE_S, 750 * MINUTE_S + 375);
    assert_in_range(admitted_s, 1, MINUTE_S / 2);
    test_fixture_free(&fixture);
}

#define WITH(name, begin) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_proven_is_known_with_its_key_and_nonce_only),
        cmocka_unit_test(strangers_give_way_and_peers_stay),
        WITH(a_request_without_a_token_is_answered_without_a_proof, begin),
        WITH(an_identity_is_proven_once, begin),
        WITH(the_next_epoch_costs_half, begin),
        WITH(answers_prove_whom_we_asked_and_they_are_peers_then, begin),
        WITH(a_false_name_puts_off_no_check_of_its_owner, begin),
        WITH(a_false_name_is_noticed_where_it_would_change_something, begin),
        WITH(without_budget_a_put_is_refused_and_not_forgotten, begin_with_little),
        WITH(without_budget_a_newcomer_is_answered_and_not_pinged, begin_with_little),
        cmocka_unit_test(one_address_does_not_use_up_the_proofs_of_its_subnet),
        cmocka_unit_test(a_newcomer_has_its_share_of_the_budget_in_a_flood),
    };
    return cmocka_run_group_tests_name("identities", tests, NULL, NULL);
}
