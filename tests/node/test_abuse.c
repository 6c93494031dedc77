/* What correct datagrams with bad intentions gain: replays, stolen tokens, amplification, floods of
 * identities. Answers that lie are in test_lies.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "proto/seal.h"
#include "skad/record.h"
#include "src/core/routing/distance.h"
#include "src/core/upkeep/ping_queue.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

static void get_token(test_fixture *fixture, const test_remote *who,
                      uint8_t token[static SKAD_TOKEN_BYTES])
{
    test_exchange pinged;
    test_fixture_ask(fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL, &pinged);
    assert_non_null(pinged.envelope.token);
    memcpy(token, pinged.envelope.token, SKAD_TOKEN_BYTES);
}

static void assert_refused_for_token(const test_fixture *fixture, const test_exchange *what)
{
    assert_int_equal(what->opened.message.kind, SKAD_KIND_ERROR);
    assert_int_equal(what->opened.message.u.reply.u.error.code, SKAD_ERROR_TOKEN);
    assert_non_null(what->envelope.token); /* a fresh one, to try again with */
    assert_int_equal(test_fixture_stats(fixture).store.records, 0);
}

/* ---- Tokens and replays ---- */

static void a_store_needs_a_token_of_its_own_address_identity_and_time(void **state)
{
    static const struct {
        const char *label;
        bool shown;
        bool elsewhere;  /* granted at another address */
        bool of_another; /* granted to another identity */
        uint8_t flip;
        uint64_t later_us;
        bool stored;
    } cases[] = {
        {"no token", false, false, false, 0, 0, false},
        {"made for another address", true, true, false, 0, 0, false},
        {"made for another identity", true, false, true, 0, 0, false},
        {"one bit of it flipped", true, false, false, 1, 0, false},
        {"of two slots ago", true, false, false, 0, 2 * SKAD_TOKEN_SLOT_US, false},
        {"of the last slot", true, false, false, 0, SKAD_TOKEN_SLOT_US, true},
    };
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    const test_remote *another = test_fixture_remote(fixture);
    skad_message store;
    skad_wire_message(SKAD_KIND_STORE, &store);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_remote granted = cases[i].of_another ? *another : *who;
        granted.address = cases[i].elsewhere ? another->address : who->address;
        uint8_t token[SKAD_TOKEN_BYTES];
        get_token(fixture, &granted, token);
        token[SKAD_TOKEN_BYTES - 1] ^= cases[i].flip;
        fixture->now.mono_us += cases[i].later_us;
        test_exchange stored;
        test_fixture_ask(fixture, who, &store, cases[i].shown ? token : NULL, &stored);
        if ((stored.opened.message.kind == SKAD_KIND_STORED) != cases[i].stored) {
            fail_msg("%s", cases[i].label);
        }
        if (cases[i].stored) {
            assert_int_equal(test_fixture_stats(fixture).store.records, 1);
        } else {
            assert_refused_for_token(fixture, &stored);
        }
    }
}

static void a_captured_store_is_worth_nothing_from_another_address(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    const skad_address elsewhere = test_prng_address(5555);
    skad_message store;
    skad_wire_message(SKAD_KIND_STORE, &store);
    uint8_t token[SKAD_TOKEN_BYTES];
    get_token(fixture, who, token);
    test_exchange stolen;
    test_fixture_request(fixture, who, &store, token, &stolen.request);
    test_fixture_exchange(fixture, who, &elsewhere, &stolen);
    assert_refused_for_token(fixture, &stolen);
    assert_in_range(stolen.answer.len, 1, SKAD_AMPLIFICATION_MAX * stolen.request.len);
}

static void a_captured_request_moves_nobody_and_is_answered_once(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *peer = &fixture->remotes[0]; /* the node knows it */
    const skad_address elsewhere = test_prng_address(5555);
    skad_message find;
    skad_wire_message(SKAD_KIND_FIND_NODE, &find);
    test_exchange stolen;
    test_fixture_request(fixture, peer, &find, NULL, &stolen.request);
    test_fixture_exchange(fixture, peer, &elsewhere, &stolen);
    assert_in_range(stolen.answer.len, 1, SKAD_AMPLIFICATION_MAX * stolen.request.len);
    assert_int_equal(test_fixture_deliver(fixture, &elsewhere, &stolen.request),
                     SKAD_VERDICT_DUPLICATE);
    test_fixture_run(fixture, 10 * SKAD_US_PER_S);
    assert_int_equal(fixture->lost, 0); /* nobody is pinged there */
    skad_table_row rows[TEST_PEERS];
    assert_int_equal(skad_node_table(fixture->node, fixture->now, rows, TEST_PEERS), TEST_PEERS);
    for (size_t i = 0; i < TEST_PEERS; i++) {
        assert_false(skad_address_equal(&rows[i].contact.ipv4, &elsewhere));
    }
}

/* ---- Amplification ---- */

static void store_something(test_fixture *fixture, skad_id *key)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX] = {7};
    skad_value_key(value, sizeof value, key);
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    size_t len = skad_record_encode_immutable(value, sizeof value, record, sizeof record);
    skad_store_record stored = {.name = {.key = *key, .type = SKAD_RECORD_IMMUTABLE},
                                .expires_unix_s = fixture->now.unix_s + 1000,
                                .data = record,
                                .len = len};
    assert_int_equal(fixture->store.ops->put(fixture->store.self, SKAD_STORE_REPLICAS, &stored,
                                             fixture->now.unix_s),
                     SKAD_OK);
}

static void without_a_token_an_answer_is_at_most_three_times_its_request(void **state)
{
    static const skad_kind kinds[] = {SKAD_KIND_PING,  SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE,
                                      SKAD_KIND_STORE, SKAD_KIND_ANNOUNCE,  SKAD_KIND_COMPARE,
                                      SKAD_KIND_MATCH, SKAD_KIND_FORWARD};
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    skad_id key;
    store_something(fixture, &key);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        skad_message message;
        skad_wire_message(kinds[i], &message);
        if (kinds[i] == SKAD_KIND_FIND_VALUE) {
            message.u.find_value.key = key;
        }
        test_exchange asked;
        test_fixture_ask(fixture, who, &message, NULL, &asked);
        if (asked.answer.len > SKAD_AMPLIFICATION_MAX * asked.request.len) {
            fail_msg("%s: %zu bytes for %zu", skad_wire_kind_name(kinds[i]), asked.answer.len,
                     asked.request.len);
        }
    }
}

static void a_token_buys_the_full_answer(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    skad_message find;
    skad_wire_message(SKAD_KIND_FIND_NODE, &find);
    test_exchange poor;
    test_exchange rich;
    test_fixture_ask(fixture, who, &find, NULL, &poor);
    test_fixture_ask(fixture, who, &find, poor.envelope.token, &rich);
    assert_int_equal(rich.opened.message.u.reply.u.nodes.contacts_count, fixture->profile.k);
    size_t few = poor.opened.message.u.reply.u.nodes.contacts_count;
    assert_in_range(few, 1, fixture->profile.k - 1);
    for (size_t i = 0; i < few; i++) { /* the farthest were left out */
        assert_true(skad_id_equal(&poor.opened.message.u.reply.u.nodes.contacts[i].id,
                                  &rich.opened.message.u.reply.u.nodes.contacts[i].id));
    }
}

static void a_value_too_large_for_the_allowance_asks_for_a_token(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    skad_message find;
    skad_wire_message(SKAD_KIND_FIND_VALUE, &find);
    store_something(fixture, &find.u.find_value.key);
    test_exchange asked;
    test_fixture_ask(fixture, who, &find, NULL, &asked);
    assert_int_equal(asked.opened.message.kind, SKAD_KIND_ERROR);
    assert_int_equal(asked.opened.message.u.reply.u.error.code, SKAD_ERROR_TOKEN);
    uint8_t token[SKAD_TOKEN_BYTES];
    memcpy(token, asked.envelope.token, sizeof token);
    test_fixture_ask(fixture, who, &find, token, &asked);
    assert_int_equal(asked.opened.message.kind, SKAD_KIND_VALUE);
    assert_int_equal(asked.opened.message.u.reply.u.value.records_count, 1);
}

/* ---- Floods ---- */

#define FLOOD       10000
#define FLOOD_S     5
#define FLOOD_PINGS 50 /* a second */

/* Takes what the node sends; returns how many of it are requests. */
static size_t count_pings(test_fixture *fixture)
{
    skad_datagram datagram;
    size_t pings = 0;
    while (skad_node_poll_datagram(fixture->node, &datagram)) {
        skad_envelope envelope;
        assert_int_equal(skad_envelope_decode(datagram.bytes + SKAD_TAG_BYTES,
                                              datagram.len - SKAD_TAG_BYTES, &envelope),
                         SKAD_VERDICT_ACCEPT);
        pings += envelope.kind == SKAD_KIND_PING;
    }
    return pings;
}

/* Ten thousand valid requests of as many remote peers within FLOOD_S; returns the pings that the
 * node sends them. Its table must stay as it was. */
static size_t flood(bool with_tokens)
{
    test_fixture *fixture = malloc(sizeof *fixture);
    skad_profile profile = test_fixture_profile();
    profile.static_bits = 0; /* ten thousand identities, quickly */
    profile.dynamic_bits = 0;
    test_fixture_init(fixture, &profile);
    test_fixture_populate(fixture, TEST_PEERS);
    skad_table_row before[TEST_PEERS];
    assert_int_equal(skad_node_table(fixture->node, fixture->now, before, TEST_PEERS), TEST_PEERS);
    const skad_message ping = {.kind = SKAD_KIND_PING};
    size_t pings = 0;
    for (uint32_t i = 0; i < FLOOD; i++) {
        test_remote who = {.identity = test_identity(&profile, 1000 + i),
                           .address = test_prng_address(1000 + i)};
        uint8_t token[SKAD_TOKEN_BYTES];
        test_fixture_token(fixture, &who, token);
        skad_datagram datagram;
        test_fixture_request(fixture, &who, &ping, with_tokens ? token : NULL, &datagram);
        assert_int_equal(test_fixture_deliver(fixture, &who.address, &datagram),
                         SKAD_VERDICT_ACCEPT);
        fixture->now.mono_us += FLOOD_S * SKAD_US_PER_S / FLOOD;
        while (skad_node_deadline(fixture->node) <= fixture->now.mono_us) {
            skad_node_tick(fixture->node, fixture->now);
        }
        pings += count_pings(fixture);
    }
    assert_in_range(test_fixture_stats(fixture).pending, 0, SKAD_PING_QUEUE_IN_FLIGHT_MAX);
    skad_table_row after[TEST_PEERS];
    assert_int_equal(skad_node_table(fixture->node, fixture->now, after, TEST_PEERS), TEST_PEERS);
    for (size_t i = 0; i < TEST_PEERS; i++) {
        assert_true(skad_id_equal(&before[i].contact.id, &after[i].contact.id));
        assert_int_equal(after[i].failures, 0);
    }
    test_fixture_free(fixture);
    free(fixture);
    return pings;
}

static void a_flood_of_unverified_peers_is_pinged_slowly_and_changes_no_table(void **state)
{
    (void)state;
    assert_in_range(flood(true), SKAD_PING_QUEUE_IN_FLIGHT_MAX, 2 * SKAD_PING_QUEUE_IN_FLIGHT_MAX);
}

/* They have half of the pings that may be awaited, each once more after it was not answered. */
static void unverified_peers_without_a_token_are_pinged_half_as_often(void **state)
{
    (void)state;
    assert_in_range(flood(false), 1, 2 * SKAD_PING_QUEUE_UNVALIDATED_MAX);
}

/* All bytes that the node sends within a second because of one request, a ping to the remote peer
 * included, whoever the remote peer is. */
static void all_that_a_request_brings_stays_within_three_times(void **state)
{
    test_fixture *fixture = *state;
    const skad_kind kinds[] = {SKAD_KIND_PING,  SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE,
                               SKAD_KIND_STORE, SKAD_KIND_ANNOUNCE,  SKAD_KIND_COMPARE,
                               SKAD_KIND_MATCH, SKAD_KIND_FORWARD};
    bool pinged = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const test_remote *who = test_fixture_remote(fixture);
        skad_message message;
        skad_wire_message(kinds[i], &message);
        skad_datagram datagram;
        test_fixture_request(fixture, who, &message, NULL, &datagram);
        assert_int_equal(test_fixture_deliver(fixture, &who->address, &datagram),
                         SKAD_VERDICT_ACCEPT);
        fixture->now.mono_us += 100 * SKAD_US_PER_MS;
        skad_node_tick(fixture->node, fixture->now);
        size_t bytes = 0;
        size_t count = 0;
        skad_datagram out;
        while (skad_node_poll_datagram(fixture->node, &out)) {
            bytes += out.len;
            count++;
        }
        assert_in_range(bytes, 1, SKAD_AMPLIFICATION_MAX * datagram.len);
        pinged |= count == 2;
    }
    assert_true(pinged); /* or the test would show nothing */
}

static void a_burst_of_one_peer_costs_one_signature_check(void **state)
{
    test_fixture *fixture = *state;
    const test_remote *who = test_fixture_remote(fixture);
    skad_sealer sealer = {&who->identity, &who->identity.nonces[0], fixture->network_key};
    skad_draft drafts[SKAD_MERKLE_LEAVES_MAX];
    skad_draft *batch[SKAD_MERKLE_LEAVES_MAX];
    const skad_message ping = {.kind = SKAD_KIND_PING};
    for (uint8_t i = 0; i < SKAD_MERKLE_LEAVES_MAX; i++) {
        skad_draft_fields fields = {.message = &ping,
                                    .rpc_id = (const uint8_t[SKAD_RPC_ID_BYTES]){i},
                                    .recipient = &fixture->identity.id};
        assert_int_equal(skad_draft_write(&sealer, &fields, &drafts[i]), SKAD_OK);
        batch[i] = &drafts[i];
    }
    skad_seal(&sealer, batch, SKAD_MERKLE_LEAVES_MAX);
    uint64_t verifications = test_fixture_stats(fixture).verifications;
    uint64_t signatures = test_fixture_stats(fixture).signatures;
    for (size_t i = 0; i < SKAD_MERKLE_LEAVES_MAX; i++) {
        assert_int_equal(skad_node_receive(fixture->node, drafts[i].bytes, drafts[i].len,
                                           &who->address, fixture->now),
                         SKAD_VERDICT_ACCEPT);
    }
    assert_int_equal(test_fixture_stats(fixture).verifications, verifications + 1);
    assert_int_equal(test_fixture_drain(fixture), SKAD_MERKLE_LEAVES_MAX);
    assert_in_range(test_fixture_stats(fixture).signatures, signatures + 1,
                    signatures + SKAD_MERKLE_LEAVES_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_fixture_begin, test_fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_store_needs_a_token_of_its_own_address_identity_and_time),
        TEST(a_captured_store_is_worth_nothing_from_another_address),
        TEST(a_captured_request_moves_nobody_and_is_answered_once),
        TEST(without_a_token_an_answer_is_at_most_three_times_its_request),
        TEST(a_token_buys_the_full_answer),
        TEST(a_value_too_large_for_the_allowance_asks_for_a_token),
        TEST(all_that_a_request_brings_stays_within_three_times),
        cmocka_unit_test(a_flood_of_unverified_peers_is_pinged_slowly_and_changes_no_table),
        cmocka_unit_test(unverified_peers_without_a_token_are_pinged_half_as_often),
        TEST(a_burst_of_one_peer_costs_one_signature_check),
    };
    return cmocka_run_group_tests_name("abuse", tests, NULL, NULL);
}
