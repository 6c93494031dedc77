/* The cost of each drop: datagrams that a node refuses, one reason after the other, in process, on
 * one processor. The reference is libsodium's bare check of a signature, because the earlier checks
 * save it. SECURITY.md has a dated copy. Then the cost of the dearest requests
 * (bench/cost_requests.c).
 *
 *   build/bench_cost */
#include <stdio.h>
#include <string.h>

#include "bench/cost_requests.h"
#include "bench/measure.h"
#include "crypto/assert.h"
#include "crypto/puzzle.h"
#include "crypto/random.h"
#include "src/core/node/parts.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

#define ROUNDS 15
#define CALLS  2000
#define TURN   16 /* datagrams in a turn of the loop: challenges share a signature */

static const uint8_t empty_array[] = {0x90};

typedef struct drop_case {
    const char *what;
    void (*make)(test_fixture *fixture, skad_datagram *out, skad_address *from);
    uint64_t step_us; /* between two of them */
    skad_verdict verdict;
    bool rated; /* by a node with the rates of the public network */
} drop_case;

/* ---- What is dropped ---- */

static skad_wire_craft craft(test_fixture *fixture, skad_address *from)
{
    const test_remote *who = test_fixture_remote(fixture);
    *from = who->address;
    return test_fixture_craft(fixture, who, SKAD_KIND_PING,
                              (skad_span){empty_array, sizeof empty_array});
}

static void find_node(test_fixture *fixture, const uint8_t *token, skad_datagram *out,
                      skad_address *from)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    const test_remote *who = test_fixture_remote(fixture);
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    *from = who->address;
    test_fixture_request(fixture, who, &message, token, out);
}

static void correct(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    find_node(fixture, NULL, out, from);
}

static void too_short(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    out->len = SKAD_DATAGRAM_BYTES_MIN - 1;
}

static void from_loopback(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    *from = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 5000, .ip = {127, 0, 0, 9}};
}

static void noise(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    out->bytes[0] ^= 1;
}

static void altered_tail(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    out->bytes[out->len - 1] ^= 1;
}

static void no_envelope(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(fixture, from);
    wanted.after = (skad_span){empty_array, sizeof empty_array};
    test_fixture_craft_write(fixture, &wanted, out);
}

static void version_2(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(fixture, from);
    wanted.version = 2;
    test_fixture_craft_write(fixture, &wanted, out);
}

static void kind_30(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(fixture, from);
    wanted.kind = 30;
    test_fixture_craft_write(fixture, &wanted, out);
}

static void our_key(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(fixture, from);
    wanted.public_key = (skad_span){fixture->identity.public_key, SKAD_PUBLIC_KEY_BYTES};
    test_fixture_craft_write(fixture, &wanted, out);
}

static void answer_to_nothing(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(fixture, from);
    wanted.kind = SKAD_KIND_PONG;
    test_fixture_craft_write(fixture, &wanted, out);
}

static void handled_before(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    skad_verdict verdict = test_fixture_deliver(fixture, from, out);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
    (void)test_fixture_drain(fixture);
}

static void banned(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    const skad_ban ban = {.address = *from, .prefix_bits = 32};
    skad_status status = skad_node_ban(fixture->node, &ban, 3600, fixture->now);
    SKAD_ASSERT(status == SKAD_OK);
}

/* Changes the lowest bit of the signature's S. */
static void forge(test_fixture *fixture, skad_datagram *datagram)
{
    datagram->bytes[datagram->len - SKAD_SIGNATURE_BYTES / 2] ^= 1;
    test_fixture_retag(fixture, datagram->bytes, datagram->len);
}

static void forged(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    forge(fixture, out);
}

/* Sends until its source has used up its rate, and the challenges that it gets beyond. */
static void exhaust(test_fixture *fixture, const skad_datagram *datagram, const skad_address *from)
{
    skad_verdict verdict;
    do {
        verdict = test_fixture_deliver(fixture, from, datagram);
        (void)test_fixture_drain(fixture);
    } while (verdict != SKAD_VERDICT_RATE);
}

static void too_many(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    forged(fixture, out, from);
    exhaust(fixture, out, from);
}

static void too_many_with_a_wrong_token(test_fixture *fixture, skad_datagram *out,
                                        skad_address *from)
{
    static const uint8_t token[SKAD_TOKEN_BYTES] = {1};
    find_node(fixture, token, out, from);
    forge(fixture, out);
    exhaust(fixture, out, from);
}

static void unvalidated_under_load(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    correct(fixture, out, from);
    skad_node_press(fixture->node, true);
}

static void epoch_0(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(fixture, from);
    wanted.epoch = 0;
    test_fixture_craft_write(fixture, &wanted, out);
}

/* A remote peer answers what another was asked. */
static void answer_of_another(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    const skad_id target = {{0}};
    skad_datagram asked;
    skad_op op;
    skad_message message = {.kind = SKAD_KIND_NODES};
    message.u.reply.observed = test_prng_address(1);
    test_fixture_populate(fixture, 20);
    skad_status status = skad_node_lookup(fixture->node, &target, fixture->now, &op);
    bool polled = skad_node_poll_datagram(fixture->node, &asked);
    SKAD_ASSERT(status == SKAD_OK && polled);
    (void)test_fixture_drain(fixture);
    test_fixture_answer(fixture, test_fixture_remote(fixture), &asked, &message, out);
    *from = asked.to;
}

static void cheap_identity(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    test_remote cheap = *test_fixture_remote(fixture);
    for (uint8_t seed[SKAD_SEED_BYTES] = {0x77};
         skad_identity_fits(&cheap.identity, &fixture->profile); seed[31]++) {
        SKAD_ASSERT(skad_identity_from_seed(seed, fixture->profile.memory_kib, &cheap.identity) ==
                    SKAD_OK);
    }
    const uint32_t epoch = skad_profile_epoch(&fixture->profile, fixture->now.unix_s);
    cheap.identity.nonces[0] = test_nonce(&fixture->profile, &cheap.identity.id, epoch);
    const skad_wire_craft wanted = test_fixture_craft(fixture, &cheap, SKAD_KIND_PING,
                                                      (skad_span){empty_array, sizeof empty_array});
    test_fixture_craft_write(fixture, &wanted, out);
    *from = cheap.address;
}

static void another_nonce(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    test_remote lazy = *test_fixture_remote(fixture);
    skad_puzzle_nonce *nonce = &lazy.identity.nonces[0];
    while (skad_puzzle_dynamic_ok(&lazy.identity.id, nonce, fixture->profile.memory_kib,
                                  fixture->profile.dynamic_bits)) {
        nonce->bytes[0]++;
    }
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, &lazy, token); /* without one there is no proof */
    skad_wire_craft wanted = test_fixture_craft(fixture, &lazy, SKAD_KIND_PING,
                                                (skad_span){empty_array, sizeof empty_array});
    wanted.token = (skad_span){token, sizeof token};
    test_fixture_craft_write(fixture, &wanted, out);
    *from = lazy.address;
}

static void wrong_body(test_fixture *fixture, skad_datagram *out, skad_address *from)
{
    static const uint8_t body[] = {0x91, 0x01};
    skad_wire_craft wanted = craft(fixture, from);
    wanted.body = (skad_span){body, sizeof body};
    test_fixture_craft_write(fixture, &wanted, out);
}

#define CHALLENGE_US 300 /* fewer a second than a node gives */

static const drop_case cases[] = {
    {"too short", too_short, 0, SKAD_VERDICT_SIZE, true},
    {"from loopback", from_loopback, 0, SKAD_VERDICT_SOURCE, true},
    {"noise", noise, 0, SKAD_VERDICT_TAG, true},
    {"the tail altered", altered_tail, 0, SKAD_VERDICT_TAG, true},
    {"a byte too many", no_envelope, 0, SKAD_VERDICT_STRUCTURE, true},
    {"version 2", version_2, 0, SKAD_VERDICT_VERSION, true},
    {"kind 30", kind_30, 0, SKAD_VERDICT_KIND, true},
    {"our own key", our_key, 0, SKAD_VERDICT_SELF, true},
    {"an answer to nothing", answer_to_nothing, 0, SKAD_VERDICT_UNSOLICITED, true},
    {"handled before", handled_before, 0, SKAD_VERDICT_DUPLICATE, true},
    {"a banned address", banned, 0, SKAD_VERDICT_BANNED, true},
    {"too many", too_many, 0, SKAD_VERDICT_RATE, true},
    {"the same, wrong token", too_many_with_a_wrong_token, 0, SKAD_VERDICT_RATE, true},
    {"no token under load", unvalidated_under_load, CHALLENGE_US, SKAD_VERDICT_CHALLENGE, false},
    {"epoch 0", epoch_0, 0, SKAD_VERDICT_EPOCH, false},
    {"another's answer", answer_of_another, 0, SKAD_VERDICT_IDENTITY, false},
    {"static puzzle unsolved", cheap_identity, 0, SKAD_VERDICT_STATIC, false},
    {"dynamic puzzle unsolved", another_nonce, 0, SKAD_VERDICT_DYNAMIC, false},
    {"a wrong signature", forged, 0, SKAD_VERDICT_SIGNATURE, false},
    {"a wrong body", wrong_body, 0, SKAD_VERDICT_BODY, false},
};

/* ---- Measuring ---- */

/* Microseconds of one. */
static double drop_us(test_fixture *fixture, const drop_case *it, const skad_datagram *datagram,
                      const skad_address *from)
{
    skad_pending *pending = skad_node_parts_of(fixture->node).pending;
    const double start = bench_cpu_s();
    for (unsigned i = 0; i < CALLS; i++) {
        const skad_verdict verdict = test_fixture_deliver(fixture, from, datagram);
        SKAD_ASSERT(verdict == it->verdict);
        pending->checked_until_us = 0; /* what limits the checks of answers is not measured */
        fixture->now.mono_us += it->step_us;
        if (i % TURN == TURN - 1) {
            (void)test_fixture_drain(fixture);
        }
    }
    return (bench_cpu_s() - start) * 1e6 / CALLS;
}

static double verify_us(void)
{
    static const uint8_t digest[SKAD_HASH_BYTES] = {1};
    static const uint8_t seed[SKAD_SEED_BYTES] = {4};
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    skad_identity identity;
    SKAD_ASSERT(skad_identity_from_seed(seed, 0, &identity) == SKAD_OK);
    skad_sign(SKAD_SIGN_DATAGRAM, digest, identity.secret_key, signature);
    const double start = bench_cpu_s();
    for (unsigned i = 0; i < CALLS; i++) {
        const bool ok = skad_verify(SKAD_SIGN_DATAGRAM, digest, identity.public_key, signature);
        SKAD_ASSERT(ok);
    }
    return (bench_cpu_s() - start) * 1e6 / CALLS;
}

static void measure(const drop_case *it)
{
    static test_fixture fixture;
    static double dropped[ROUNDS];
    static double share[ROUNDS];
    skad_profile profile = test_fixture_profile();
    skad_node_rates rates = {0};
    skad_datagram datagram;
    skad_address from;
    profile.limit_rates = it->rated;
    if (it->verdict == SKAD_VERDICT_IDENTITY || it->verdict == SKAD_VERDICT_DYNAMIC) {
        profile.memory_kib = skad_profile_builtin("public")->memory_kib;
    }
    skad_node_rates_default(&profile, &rates);
    test_fixture_init_rated(&fixture, &profile, &rates);
    it->make(&fixture, &datagram, &from);
    for (size_t round = 0; round < ROUNDS; round++) {
        const double reference = verify_us();
        dropped[round] = drop_us(&fixture, it, &datagram, &from);
        share[round] = dropped[round] / reference;
    }
    printf("%-11s %-26s %8.2f %10.4f\n", skad_verdict_name(it->verdict), it->what,
           bench_median(dropped, ROUNDS), bench_median(share, ROUNDS));
    test_fixture_free(&fixture);
}

int main(void)
{
    double verified[ROUNDS];
    skad_crypto_init();
    (void)bench_pin(0);
    for (size_t round = 0; round < ROUNDS; round++) {
        verified[round] = verify_us();
    }
    printf("a bare check of a signature takes %.1f us\n\n", bench_median(verified, ROUNDS));
    printf("%-11s %-26s %8s %10s\n", "drop", "by", "us", "of a check");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        measure(&cases[i]);
    }
    bench_requests(verify_us);
    return 0;
}
