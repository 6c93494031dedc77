/* What each drop costs: datagrams that a node refuses, one reason after the other, in process, on
 * one processor. The reference is libsodium's bare check of a signature, which is what the earlier
 * checks spare. SECURITY.md has a dated copy.
 *
 *   build/bench_cost */
#include <stdio.h>
#include <string.h>

#include "bench/measure.h"
#include "crypto/assert.h"
#include "crypto/puzzle.h"
#include "crypto/random.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"
#include "tests/support/stage.h"

#define ROUNDS 15
#define CALLS  2000
#define TURN   16 /* datagrams in a turn of the loop: challenges share a signature */

static const uint8_t empty_array[] = {0x90};

typedef struct drop_case {
    const char *what;
    void (*make)(test_stage *stage, skad_datagram *out, skad_address *from);
    uint64_t step_us; /* between two of them */
    skad_verdict verdict;
    bool rated; /* by a node with the rates of the public network */
} drop_case;

/* ---- What is dropped ---- */

static skad_wire_craft craft(test_stage *stage, skad_address *from)
{
    const test_stranger *who = test_stage_stranger(stage);
    *from = who->address;
    return test_stage_craft(stage, who, SKAD_KIND_PING,
                            (skad_span){empty_array, sizeof empty_array});
}

static void find_node(test_stage *stage, const uint8_t *token, skad_datagram *out,
                      skad_address *from)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    const test_stranger *who = test_stage_stranger(stage);
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    *from = who->address;
    test_stage_request(stage, who, &message, token, out);
}

static void correct(test_stage *stage, skad_datagram *out, skad_address *from)
{
    find_node(stage, NULL, out, from);
}

static void too_short(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    out->len = SKAD_DATAGRAM_BYTES_MIN - 1;
}

static void from_loopback(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    *from = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 5000, .ip = {127, 0, 0, 9}};
}

static void noise(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    out->bytes[0] ^= 1;
}

static void altered_tail(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    out->bytes[out->len - 1] ^= 1;
}

static void no_envelope(test_stage *stage, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(stage, from);
    wanted.after = (skad_span){empty_array, sizeof empty_array};
    test_stage_craft_write(stage, &wanted, out);
}

static void version_2(test_stage *stage, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(stage, from);
    wanted.version = 2;
    test_stage_craft_write(stage, &wanted, out);
}

static void kind_30(test_stage *stage, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(stage, from);
    wanted.kind = 30;
    test_stage_craft_write(stage, &wanted, out);
}

static void our_key(test_stage *stage, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(stage, from);
    wanted.public_key = (skad_span){stage->identity.public_key, SKAD_PUBLIC_KEY_BYTES};
    test_stage_craft_write(stage, &wanted, out);
}

static void answer_to_nothing(test_stage *stage, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(stage, from);
    wanted.kind = SKAD_KIND_PONG;
    test_stage_craft_write(stage, &wanted, out);
}

static void handled_before(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    skad_verdict verdict = test_stage_deliver(stage, from, out);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
    (void)test_stage_drain(stage);
}

static void banned(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    const skad_ban ban = {.address = *from, .prefix_bits = 32};
    skad_status status = skad_node_ban(stage->node, &ban, 3600, stage->now);
    SKAD_ASSERT(status == SKAD_OK);
}

/* Changes the lowest bit of the signature's S. */
static void forge(test_stage *stage, skad_datagram *datagram)
{
    datagram->bytes[datagram->len - SKAD_SIGNATURE_BYTES / 2] ^= 1;
    test_stage_retag(stage, datagram->bytes, datagram->len);
}

static void forged(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    forge(stage, out);
}

/* Sends until its source has used up its rate. */
static void exhaust(test_stage *stage, const skad_datagram *datagram, const skad_address *from)
{
    skad_verdict verdict;
    do {
        verdict = test_stage_deliver(stage, from, datagram);
        (void)test_stage_drain(stage);
    } while (verdict == SKAD_VERDICT_SIGNATURE);
}

static void too_many(test_stage *stage, skad_datagram *out, skad_address *from)
{
    forged(stage, out, from);
    exhaust(stage, out, from);
}

static void too_many_with_a_wrong_token(test_stage *stage, skad_datagram *out, skad_address *from)
{
    static const uint8_t token[SKAD_TOKEN_BYTES] = {1};
    find_node(stage, token, out, from);
    forge(stage, out);
    exhaust(stage, out, from);
}

static void unproven_under_load(test_stage *stage, skad_datagram *out, skad_address *from)
{
    correct(stage, out, from);
    skad_node_press(stage->node, true);
}

static void epoch_0(test_stage *stage, skad_datagram *out, skad_address *from)
{
    skad_wire_craft wanted = craft(stage, from);
    wanted.epoch = 0;
    test_stage_craft_write(stage, &wanted, out);
}

/* A stranger answers what another was asked. */
static void answer_of_another(test_stage *stage, skad_datagram *out, skad_address *from)
{
    const skad_id target = {{0}};
    skad_datagram asked;
    skad_op op;
    skad_message message = {.kind = SKAD_KIND_NODES};
    message.u.reply.observed = test_prng_address(1);
    test_stage_populate(stage, 20);
    skad_status status = skad_node_lookup(stage->node, &target, stage->now, &op);
    bool polled = skad_node_poll_datagram(stage->node, &asked);
    SKAD_ASSERT(status == SKAD_OK && polled);
    (void)test_stage_drain(stage);
    test_stage_answer(stage, test_stage_stranger(stage), &asked, &message, out);
    *from = asked.to;
}

static void cheap_identity(test_stage *stage, skad_datagram *out, skad_address *from)
{
    test_stranger cheap = *test_stage_stranger(stage);
    for (uint8_t seed[SKAD_SEED_BYTES] = {0x77};
         skad_identity_fits(&cheap.identity, &stage->profile); seed[31]++) {
        skad_identity_from_seed(seed, &cheap.identity);
    }
    const uint32_t epoch = skad_profile_epoch(&stage->profile, stage->now.unix_s);
    cheap.identity.nonces[0] = test_nonce(&stage->profile, &cheap.identity.id, epoch);
    const skad_wire_craft wanted = test_stage_craft(stage, &cheap, SKAD_KIND_PING,
                                                    (skad_span){empty_array, sizeof empty_array});
    test_stage_craft_write(stage, &wanted, out);
    *from = cheap.address;
}

static void another_nonce(test_stage *stage, skad_datagram *out, skad_address *from)
{
    test_stranger lazy = *test_stage_stranger(stage);
    skad_puzzle_nonce *nonce = &lazy.identity.nonces[0];
    while (skad_puzzle_dynamic_ok(&lazy.identity.id, nonce, stage->profile.dynamic_bits)) {
        nonce->bytes[0]++;
    }
    const skad_wire_craft wanted = test_stage_craft(stage, &lazy, SKAD_KIND_PING,
                                                    (skad_span){empty_array, sizeof empty_array});
    test_stage_craft_write(stage, &wanted, out);
    *from = lazy.address;
}

static void wrong_body(test_stage *stage, skad_datagram *out, skad_address *from)
{
    static const uint8_t body[] = {0x91, 0x01};
    skad_wire_craft wanted = craft(stage, from);
    wanted.body = (skad_span){body, sizeof body};
    test_stage_craft_write(stage, &wanted, out);
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
    {"an answer to nothing", answer_to_nothing, 0, SKAD_VERDICT_UNAWAITED, true},
    {"handled before", handled_before, 0, SKAD_VERDICT_DUPLICATE, true},
    {"a banned address", banned, 0, SKAD_VERDICT_BANNED, true},
    {"too many", too_many, 0, SKAD_VERDICT_RATE, true},
    {"the same, wrong token", too_many_with_a_wrong_token, 0, SKAD_VERDICT_RATE, true},
    {"no token under load", unproven_under_load, CHALLENGE_US, SKAD_VERDICT_CHALLENGE, false},
    {"epoch 0", epoch_0, 0, SKAD_VERDICT_EPOCH, false},
    {"another's answer", answer_of_another, 0, SKAD_VERDICT_IDENTITY, false},
    {"static puzzle unsolved", cheap_identity, 0, SKAD_VERDICT_STATIC, false},
    {"dynamic puzzle unsolved", another_nonce, 0, SKAD_VERDICT_DYNAMIC, false},
    {"a wrong signature", forged, 0, SKAD_VERDICT_SIGNATURE, false},
    {"a wrong body", wrong_body, 0, SKAD_VERDICT_BODY, false},
};

/* ---- Measuring ---- */

/* Microseconds of one. */
static double drop_us(test_stage *stage, const drop_case *it, const skad_datagram *datagram,
                      const skad_address *from)
{
    const double start = bench_cpu_s();
    for (unsigned i = 0; i < CALLS; i++) {
        const skad_verdict verdict = test_stage_deliver(stage, from, datagram);
        SKAD_ASSERT(verdict == it->verdict);
        stage->now.mono_us += it->step_us;
        if (i % TURN == TURN - 1) {
            (void)test_stage_drain(stage);
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
    skad_identity_from_seed(seed, &identity);
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
    static test_stage stage;
    static double dropped[ROUNDS];
    static double share[ROUNDS];
    skad_profile profile = test_stage_profile();
    skad_node_rates rates = {0};
    skad_datagram datagram;
    skad_address from;
    profile.limit_rates = it->rated;
    skad_node_rates_default(&profile, &rates);
    test_stage_init_rated(&stage, &profile, &rates);
    it->make(&stage, &datagram, &from);
    for (size_t round = 0; round < ROUNDS; round++) {
        const double reference = verify_us();
        dropped[round] = drop_us(&stage, it, &datagram, &from);
        share[round] = dropped[round] / reference;
    }
    printf("%-11s %-26s %8.2f %10.4f\n", skad_verdict_name(it->verdict), it->what,
           bench_median(dropped, ROUNDS), bench_median(share, ROUNDS));
    test_stage_free(&stage);
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
    return 0;
}
