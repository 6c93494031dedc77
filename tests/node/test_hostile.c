/* Every reason to drop a datagram, produced at a real, joined node: the verdict is exactly that
 * one, its counter goes up by one, and nothing else about the node changes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "tests/support/arrival.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

static const uint8_t empty_array[] = {0x90};

static void the_datagrams_to_start_from_are_accepted(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    skad_wire_craft wanted = test_arrival_ping(made);
    test_arrival_craft(made, &wanted, &what);
    assert_int_equal(
        skad_node_receive(made->fixture.node, what.bytes, what.len, &what.from, made->fixture.now),
        SKAD_VERDICT_ACCEPT);
    test_arrival_request(made, SKAD_KIND_FIND_NODE, &what);
    assert_int_equal(
        skad_node_receive(made->fixture.node, what.bytes, what.len, &what.from, made->fixture.now),
        SKAD_VERDICT_ACCEPT);
    test_arrival_answer(made, made->peer, &what);
    assert_int_equal(
        skad_node_receive(made->fixture.node, what.bytes, what.len, &what.from, made->fixture.now),
        SKAD_VERDICT_ACCEPT);
}

static void size_below_the_smallest_and_above_the_largest(void **state)
{
    static const size_t lens[] = {0,
                                  1,
                                  SKAD_TAG_BYTES,
                                  SKAD_DATAGRAM_BYTES_MIN - 1,
                                  SKAD_DATAGRAM_BYTES_MAX + 1,
                                  TEST_ARRIVAL_BYTES};
    test_arrivals *made = *state;
    test_arrival what;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        test_arrival_request(made, SKAD_KIND_PING, &what);
        what.len = lens[i];
        test_assert_dropped(made, "size", &what, SKAD_VERDICT_SIZE);
    }
}

static void source_that_a_public_network_never_talks_to(void **state)
{
    static const char *const sources[] = {
        "127.0.0.1:4000",  "10.0.0.1:4000",  "192.168.1.1:4000", "169.254.1.1:4000",
        "100.64.0.1:4000", "0.0.0.0:4000",   "224.0.0.1:4000",   "255.255.255.255:4000",
        "192.0.2.1:4000",  "8.8.8.8:0",      "[::1]:4000",       "[fe80::1]:4000",
        "[fd00::1]:4000",  "[ff02::1]:4000", "[::]:4000",        "[2001:db8::1]:4000",
    };
    test_arrivals *made = *state;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        test_arrival what;
        test_arrival_request(made, SKAD_KIND_PING, &what);
        assert_true(skad_address_parse(sources[i], &what.from));
        test_assert_dropped(made, sources[i], &what, SKAD_VERDICT_SOURCE);
    }
}

static void tag_of_noise_another_network_or_another_node(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    for (size_t at = 0; at < SKAD_TAG_BYTES; at += 5) {
        test_arrival_request(made, SKAD_KIND_PING, &what);
        what.bytes[at] ^= 0x10;
        test_assert_dropped(made, "a bit of the tag", &what, SKAD_VERDICT_TAG);
    }
    test_arrival_request(made, SKAD_KIND_PING, &what);
    what.bytes[what.len - 1] ^= 1;
    test_assert_dropped(made, "a bit of the envelope", &what, SKAD_VERDICT_TAG);
    test_arrival_request(made, SKAD_KIND_PING, &what);
    what.len--;
    test_assert_dropped(made, "cut short", &what, SKAD_VERDICT_TAG);
    test_arrival_request(made, SKAD_KIND_PING, &what);
    what.bytes[what.len++] = 0;
    test_assert_dropped(made, "a byte more", &what, SKAD_VERDICT_TAG);
    skad_wire_craft wanted = test_arrival_ping(made);
    wanted.recipient = made->peer->identity.id;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "for another node", &what, SKAD_VERDICT_TAG);
    wanted.recipient = (skad_id){{0}};
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "a hello of another length", &what, SKAD_VERDICT_TAG);
    wanted = test_arrival_ping(made);
    test_arrival_craft(made, &wanted, &what);
    skad_wire_retag(what.bytes, what.len, &made->fixture.identity.id);
    uint8_t other_key[SKAD_HASH_BYTES] = {1};
    skad_tag_make(other_key, &made->fixture.identity.id, what.bytes + SKAD_TAG_BYTES,
                  what.len - SKAD_TAG_BYTES, what.bytes);
    test_assert_dropped(made, "of another network", &what, SKAD_VERDICT_TAG);
}

static void structure_that_is_no_strict_envelope(void **state)
{
    static const struct {
        const char *label;
        uint8_t head[6];
        size_t head_len;
    } heads[] = {
        {"an array of 2^28 elements", {0xdd, 0x10, 0x00, 0x00, 0x00}, 5},
        {"an array of 2^32 - 1 elements", {0xdd, 0xff, 0xff, 0xff, 0xff}, 5},
        {"a map of 2^28 pairs", {0xdf, 0x10, 0x00, 0x00, 0x00}, 5},
        {"a bin of 2^32 - 1 bytes", {0xc6, 0xff, 0xff, 0xff, 0xff}, 5},
        {"arrays in arrays", {0x91, 0x91, 0x91, 0x91, 0x91, 0x91}, 6},
        {"an extension type", {0xc7, 0x20, 0x01}, 3},
        {"a byte that is never used", {0xc1}, 1},
    };
    test_arrivals *made = *state;
    test_arrival what;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        test_arrival_request(made, SKAD_KIND_PING, &what);
        memset(what.bytes, 0, sizeof what.bytes);
        memcpy(what.bytes + SKAD_TAG_BYTES, heads[i].head, heads[i].head_len);
        test_fixture_retag(&made->fixture, what.bytes, what.len);
        test_assert_dropped(made, heads[i].label, &what, SKAD_VERDICT_STRUCTURE);
    }
    skad_wire_craft wanted = test_arrival_ping(made);
    wanted.after = (skad_span){empty_array, sizeof empty_array};
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "something behind the envelope", &what, SKAD_VERDICT_STRUCTURE);
    wanted = test_arrival_ping(made);
    wanted.pad_bytes = 10;
    wanted.pad_last = 1;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "padding that says something", &what, SKAD_VERDICT_STRUCTURE);
    wanted = test_arrival_ping(made);
    wanted.index = 16;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "a copy beyond the last", &what, SKAD_VERDICT_STRUCTURE);
    uint8_t path[SKAD_HASH_BYTES] = {1};
    wanted.index = 2;
    wanted.path = (skad_span){path, sizeof path};
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "an index beyond its tree", &what, SKAD_VERDICT_STRUCTURE);
    wanted = test_arrival_ping(made);
    wanted.id.len = 0;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "a request of a sender without a name", &what,
                        SKAD_VERDICT_STRUCTURE);
    wanted.id.len = SKAD_ID_BYTES - 1;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "a name that is too short", &what, SKAD_VERDICT_STRUCTURE);
}

static void version_that_we_do_not_speak(void **state)
{
    static const uint64_t versions[] = {0, 2, 127, 128, UINT64_MAX};
    test_arrivals *made = *state;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        test_arrival what;
        skad_wire_craft wanted = test_arrival_ping(made);
        wanted.version = versions[i];
        test_arrival_craft(made, &wanted, &what);
        test_assert_dropped(made, "version", &what, SKAD_VERDICT_VERSION);
    }
}

static void kind_that_is_unknown_or_may_not_come_this_way(void **state)
{
    static const uint64_t kinds[] = {
        0, 14, 16, 30, 32, 46, 64, 78, 96, 97, 127, 128, 255, (1ULL << 32) + 1, UINT64_MAX};
    test_arrivals *made = *state;
    test_arrival what;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        skad_wire_craft wanted = test_arrival_ping(made);
        wanted.kind = kinds[i];
        test_arrival_craft(made, &wanted, &what);
        test_assert_dropped(made, "unknown kind", &what, SKAD_VERDICT_KIND);
    }
    skad_wire_craft hello = test_arrival_ping(made);
    hello.kind = SKAD_KIND_FIND_NODE;
    hello.recipient = (skad_id){{0}};
    test_arrival_craft(made, &hello, &what);
    hello.pad_bytes = SKAD_FIRST_CONTACT_BYTES - what.len;
    test_arrival_craft(made, &hello, &what);
    hello.pad_bytes -= what.len - SKAD_FIRST_CONTACT_BYTES;
    test_arrival_craft(made, &hello, &what);
    assert_int_equal(what.len, SKAD_FIRST_CONTACT_BYTES);
    test_assert_dropped(made, "a hello that is no PING", &what, SKAD_VERDICT_KIND);
}

static void self_when_our_own_datagram_comes_back(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    test_arrival_of(&made->hello, &made->peer->address, &what);
    test_assert_dropped(made, "our own hello", &what, SKAD_VERDICT_SELF);
    skad_wire_craft wanted = test_arrival_ping(made);
    wanted.public_key = (skad_span){made->fixture.identity.public_key, SKAD_PUBLIC_KEY_BYTES};
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "our key, somebody's signature", &what, SKAD_VERDICT_SELF);
}

static void unsolicited_when_nothing_was_asked_there(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    skad_wire_craft wanted = test_arrival_ping(made);
    wanted.kind = SKAD_KIND_PONG;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "an answer to nothing", &what, SKAD_VERDICT_UNSOLICITED);
    test_arrival_answer(made, made->peer, &what);
    what.from = made->remote->address;
    test_assert_dropped(made, "from another address", &what, SKAD_VERDICT_UNSOLICITED);
    test_arrival_answer(made, made->peer, &what);
    what.from.port++;
    test_assert_dropped(made, "from another port", &what, SKAD_VERDICT_UNSOLICITED);
    skad_message message = {.kind = SKAD_KIND_PONG};
    message.u.reply.observed = test_prng_address(1);
    skad_datagram pong;
    test_fixture_answer(&made->fixture, made->peer, &made->asked, &message, &pong);
    test_arrival_of(&pong, &made->peer->address, &what);
    test_assert_dropped(made, "another kind of answer", &what, SKAD_VERDICT_UNSOLICITED);
}

static void duplicate_requests_and_answers_that_were_handled_already(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    test_arrival_request(made, SKAD_KIND_FIND_NODE, &what);
    (void)skad_node_receive(made->fixture.node, what.bytes, what.len, &what.from,
                            made->fixture.now);
    assert_int_equal(test_fixture_drain(&made->fixture), 1);
    test_assert_dropped(made, "a request again", &what, SKAD_VERDICT_DUPLICATE);
    what.from = made->peer->address;
    test_assert_dropped(made, "and from elsewhere", &what, SKAD_VERDICT_DUPLICATE);
    test_arrival_answer(made, made->peer, &what);
    (void)skad_node_receive(made->fixture.node, what.bytes, what.len, &what.from,
                            made->fixture.now);
    test_fixture_drain(&made->fixture);
    test_assert_dropped(made, "an answer again", &what,
                        SKAD_VERDICT_UNSOLICITED); /* its RPC is over */
}

static void epoch_too_far_from_ours(void **state)
{
    test_arrivals *made = *state;
    uint32_t ours = skad_profile_epoch(&made->fixture.profile, made->fixture.now.unix_s);
    const uint64_t epochs[] = {0, ours - 2, ours + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        test_arrival what;
        skad_wire_craft wanted = test_arrival_ping(made);
        wanted.epoch = epochs[i];
        test_arrival_craft(made, &wanted, &what);
        test_assert_dropped(made, "epoch", &what, SKAD_VERDICT_EPOCH);
    }
}

static void identity_of_another_than_the_one_we_asked(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    test_arrival_answer(made, made->remote, &what);
    test_assert_dropped(made, "an unverified peer answers", &what, SKAD_VERDICT_IDENTITY);
    const test_remote *other = &made->fixture.remotes[0];
    test_arrival_answer(made, other == made->peer ? other + 1 : other, &what);
    test_assert_dropped(made, "another peer answers", &what, SKAD_VERDICT_IDENTITY);
    const test_remote liar = {.identity = {.id = test_identity(&made->fixture.profile, 777).id},
                              .address = made->remote->address};
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_wire_craft wanted = test_arrival_ping(made);
    test_fixture_token(&made->fixture, &liar, token);
    wanted.id = (skad_span){liar.identity.id.bytes, SKAD_ID_BYTES};
    wanted.token = (skad_span){token, sizeof token};
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "with the ID of another key", &what, SKAD_VERDICT_IDENTITY);
}

static void static_puzzle_that_was_not_solved(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    test_remote cheap = *made->remote;
    for (uint8_t seed[32] = {0x77}; skad_identity_fits(&cheap.identity, &made->fixture.profile);
         seed[31]++) {
        assert_int_equal(
            skad_identity_from_seed(seed, made->fixture.profile.memory_kib, &cheap.identity),
            SKAD_OK);
    }
    uint32_t epoch = skad_profile_epoch(&made->fixture.profile, made->fixture.now.unix_s);
    cheap.identity.nonces[0] = test_nonce(&made->fixture.profile, &cheap.identity.id, epoch);
    skad_wire_craft wanted = test_fixture_craft(&made->fixture, &cheap, SKAD_KIND_PING,
                                                (skad_span){empty_array, sizeof empty_array});
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "static puzzle", &what, SKAD_VERDICT_STATIC);
}

/* Without one there is no proof of the sender's identity. */
static skad_wire_craft ping_with_token(test_arrivals *made)
{
    static uint8_t token[SKAD_TOKEN_BYTES];
    skad_wire_craft wanted = test_arrival_ping(made);
    test_fixture_token(&made->fixture, made->remote, token);
    wanted.token = (skad_span){token, sizeof token};
    return wanted;
}

static void dynamic_puzzle_that_was_not_solved(void **state)
{
    test_arrivals *made = *state;
    test_arrival what;
    skad_wire_craft wanted = ping_with_token(made);
    uint8_t nonce[SKAD_NONCE_BYTES];
    memcpy(nonce, wanted.nonce.data, sizeof nonce);
    nonce[0] ^= 1;
    wanted.nonce.data = nonce;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "another nonce", &what, SKAD_VERDICT_DYNAMIC);
    wanted = ping_with_token(made);
    wanted.epoch--; /* it is valid still */
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "the nonce of another epoch", &what, SKAD_VERDICT_DYNAMIC);
    wanted = ping_with_token(made);
    wanted.nonce.data = made->peer->identity.nonces[0].bytes;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "the nonce of another key", &what, SKAD_VERDICT_DYNAMIC);
}

static void signature_that_does_not_cover_what_was_sent(void **state)
{
    static const struct {
        const char *label;
        size_t from_start; /* the byte to flip; 0: counted from the end */
        size_t from_end;
    } cases[] = {
        {"R, first byte", 0, 64},
        {"R, last byte", 0, 33},
        {"S, first byte", 0, 32},
        {"S, middle", 0, 16},
        {"S, last byte", 0, 1},
        {"RPC id, last byte", 28, 0},
        {"target, first byte", SKAD_TAG_BYTES + 102, 0},
    };
    test_arrivals *made = *state;
    test_arrival what;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_arrival_request(made, SKAD_KIND_FIND_NODE, &what);
        what.bytes[cases[i].from_start > 0 ? cases[i].from_start : what.len - cases[i].from_end] ^=
            1;
        test_fixture_retag(&made->fixture, what.bytes, what.len);
        test_assert_dropped(made, cases[i].label, &what, SKAD_VERDICT_SIGNATURE);
    }
    test_arrival_answer(made, made->peer, &what);
    what.bytes[what.len - 40] ^= 0x20;
    test_fixture_retag(&made->fixture, what.bytes, what.len);
    test_assert_dropped(made, "of an answer", &what, SKAD_VERDICT_SIGNATURE);
    skad_wire_craft wanted = test_arrival_ping(made);
    wanted.sender = &made->peer->identity;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "of another key", &what, SKAD_VERDICT_SIGNATURE);
    uint8_t path[SKAD_HASH_BYTES] = {5};
    wanted = test_arrival_ping(made);
    wanted.path = (skad_span){path, sizeof path};
    test_arrival_craft(made, &wanted, &what);
    what.bytes[what.len - 64 - 2 - 1] ^= 1;
    test_fixture_retag(&made->fixture, what.bytes, what.len);
    test_assert_dropped(made, "the path of a batch", &what, SKAD_VERDICT_SIGNATURE);
    wanted = test_arrival_ping(made);
    uint8_t digest[SKAD_HASH_BYTES] = {1};
    wanted.request_digest = digest;
    test_arrival_craft(made, &wanted, &what);
    test_assert_dropped(made, "made for another request", &what, SKAD_VERDICT_SIGNATURE);
}

static void body_that_is_signed_and_yet_wrong(void **state)
{
    static const struct {
        const char *label;
        skad_kind kind;
        uint8_t body[40];
        size_t len;
    } cases[] = {
        {"a PING that says something", SKAD_KIND_PING, {0x91, 0x01}, 2},
        {"something behind the body", SKAD_KIND_PING, {0x90, 0x90}, 2},
        {"no array", SKAD_KIND_PING, {0x01}, 1},
        {"2^28 elements", SKAD_KIND_FIND_NODE, {0xdd, 0x10, 0x00, 0x00, 0x00}, 5},
        {"a target that is too short", SKAD_KIND_FIND_NODE, {0x92, 0xc4, 0x01, 0x00, 0x01}, 5},
        {"no contacts wanted", SKAD_KIND_FIND_NODE, {0x92, 0xc4, 0x20, [35] = 0x00}, 36},
        {"an unknown family wanted", SKAD_KIND_FIND_NODE, {0x92, 0xc4, 0x20, [35] = 0x04}, 36},
        {"a record type of none", SKAD_KIND_FIND_VALUE, {0x93, 0xc4, 0x20, [35] = 1, 0}, 37},
        {"an empty record", SKAD_KIND_STORE, {0x92, 0xc4, 0x00, 0xc0}, 4},
        {"an empty announcement", SKAD_KIND_ANNOUNCE, {0x91, 0xc4, 0x00}, 3},
    };
    test_arrivals *made = *state;
    test_arrival what;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_wire_craft wanted = test_fixture_craft(&made->fixture, made->remote, cases[i].kind,
                                                    (skad_span){cases[i].body, cases[i].len});
        test_arrival_craft(made, &wanted, &what);
        test_assert_dropped(made, cases[i].label, &what, SKAD_VERDICT_BODY);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_arrivals_begin, test_arrivals_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_datagrams_to_start_from_are_accepted),
        TEST(size_below_the_smallest_and_above_the_largest),
        TEST(source_that_a_public_network_never_talks_to),
        TEST(tag_of_noise_another_network_or_another_node),
        TEST(structure_that_is_no_strict_envelope),
        TEST(version_that_we_do_not_speak),
        TEST(kind_that_is_unknown_or_may_not_come_this_way),
        TEST(self_when_our_own_datagram_comes_back),
        TEST(unsolicited_when_nothing_was_asked_there),
        TEST(duplicate_requests_and_answers_that_were_handled_already),
        TEST(epoch_too_far_from_ours),
        TEST(identity_of_another_than_the_one_we_asked),
        TEST(static_puzzle_that_was_not_solved),
        TEST(dynamic_puzzle_that_was_not_solved),
        TEST(signature_that_does_not_cover_what_was_sent),
        TEST(body_that_is_signed_and_yet_wrong),
    };
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
