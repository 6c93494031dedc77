/* The vectors of signatures: good ones, and those that a verifier must refuse although the equation
 * holds for them, at least with the cofactor: only the rule that each breaks can tell. None is
 * about points of mixed order, on which verifiers may differ (vectors_torsion.c). */
#include <string.h>

#include <sodium.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

#define POINT_BYTES  32
#define SCALAR_BYTES 32

typedef struct signature_case {
    const char *description;
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
} signature_case;

static void write_case(skad_json *json, const signature_case *self, const char *prefix,
                       const uint8_t *seed)
{
    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    skad_json_text(json, "prefix", prefix);
    if (seed != NULL) {
        skad_json_hex(json, "seed", seed, crypto_sign_SEEDBYTES);
    }
    skad_json_hex(json, "public_key", self->public_key, sizeof self->public_key);
    skad_json_hex(json, "digest", self->digest, sizeof self->digest);
    skad_json_hex(json, "signature", self->signature, sizeof self->signature);
    skad_json_object_end(json);
}

static void case_init(signature_case *self, const skad_identity *identity, const char *description)
{
    self->description = description;
    memcpy(self->public_key, identity->public_key, sizeof self->public_key);
    skad_wire_fill(self->digest, sizeof self->digest, 0x80);
    skad_sign(SKAD_SIGN_DATAGRAM, self->digest, identity->secret_key, self->signature);
}

void skad_vectors_signatures(skad_json *json)
{
    static const struct {
        skad_sign_purpose purpose;
        const char *prefix;
    } purposes[] = {
        {SKAD_SIGN_DATAGRAM, "skad1 datagram"},
        {SKAD_SIGN_RECORD, "skad1 record"},
        {SKAD_SIGN_ANNOUNCE, "skad1 announce"},
        {SKAD_SIGN_STATEMENT, "skad1 stated"},
    };
    skad_identity identity;
    signature_case good;

    skad_wire_identity(1, &identity);
    case_init(&good, &identity, "Ed25519 over the zero-padded prefix and a digest");
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        skad_sign(purposes[i].purpose, good.digest, identity.secret_key, good.signature);
        write_case(json, &good, purposes[i].prefix, identity.secret_key);
    }
}

/* h = SHA-512(R, A, message) mod L of a datagram's signature. */
static void challenge(const signature_case *self, uint8_t out[static SCALAR_BYTES])
{
    static const char prefix[16] = "skad1 datagram";
    uint8_t input[2 * POINT_BYTES + sizeof prefix + SKAD_HASH_BYTES];
    uint8_t hash[crypto_hash_sha512_BYTES];

    memcpy(input, self->signature, POINT_BYTES);
    memcpy(input + POINT_BYTES, self->public_key, POINT_BYTES);
    memcpy(input + 2 * POINT_BYTES, prefix, sizeof prefix);
    memcpy(input + 2 * POINT_BYTES + sizeof prefix, self->digest, SKAD_HASH_BYTES);
    crypto_hash_sha512(hash, input, sizeof input);
    crypto_core_ed25519_scalar_reduce(out, hash);
}

/* S + L, which verifiers that reduce S take for S. */
static void write_large_s(skad_json *json, const skad_identity *identity)
{
    static const uint8_t order[SCALAR_BYTES] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
                                                0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
                                                0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    signature_case bad;

    case_init(&bad, identity, "S + L instead of S");
    sodium_add(bad.signature + POINT_BYTES, order, sizeof order);
    write_case(json, &bad, "skad1 datagram", NULL);
}

/* With such a key, S = r and R = r B pass for messages that nobody with a key signed. */
static void write_weak_key(skad_json *json, const skad_identity *identity, const char *description,
                           const uint8_t key[static POINT_BYTES])
{
    const uint8_t r[SCALAR_BYTES] = {7};
    signature_case bad;

    case_init(&bad, identity, description);
    memcpy(bad.public_key, key, POINT_BYTES);
    int failed = crypto_scalarmult_ed25519_base_noclamp(bad.signature, r);
    SKAD_ASSERT(failed == 0);
    memcpy(bad.signature + POINT_BYTES, r, sizeof r);
    write_case(json, &bad, "skad1 datagram", NULL);
}

/* R of small order, and S = h a, by the owner of the key. */
static void write_weak_r(skad_json *json, const skad_identity *identity, const char *description,
                         const uint8_t point[static POINT_BYTES])
{
    uint8_t hash[crypto_hash_sha512_BYTES] = {0}; /* the secret scalar, clamped, then zeros */
    uint8_t secret[SCALAR_BYTES];
    uint8_t h[SCALAR_BYTES];
    signature_case bad;

    case_init(&bad, identity, description);
    memcpy(bad.signature, point, POINT_BYTES);
    int failed = crypto_sign_ed25519_sk_to_curve25519(hash, identity->secret_key);
    SKAD_ASSERT(failed == 0);
    crypto_core_ed25519_scalar_reduce(secret, hash);
    challenge(&bad, h);
    crypto_core_ed25519_scalar_mul(bad.signature + POINT_BYTES, h, secret);
    write_case(json, &bad, "skad1 datagram", NULL);
}

void skad_vectors_signatures_invalid(skad_json *json)
{
    static const uint8_t neutral[POINT_BYTES] = {1};
    static const uint8_t order_4[POINT_BYTES] = {0};
    uint8_t order_2[POINT_BYTES];
    uint8_t not_canonical[POINT_BYTES];
    skad_identity identity;

    memset(order_2, 0xff, sizeof order_2); /* y = p - 1 */
    order_2[0] = 0xec;
    order_2[POINT_BYTES - 1] = 0x7f;
    memcpy(not_canonical, order_2, sizeof not_canonical); /* y = p + 1, the neutral element */
    not_canonical[0] = 0xee;
    skad_wire_identity(1, &identity);
    write_large_s(json, &identity);
    write_weak_key(json, &identity, "A is the neutral element", neutral);
    write_weak_key(json, &identity, "A is of order 4", order_4);
    write_weak_key(json, &identity, "A is not canonical: y = p + 1", not_canonical);
    write_weak_r(json, &identity, "R is the neutral element", neutral);
    write_weak_r(json, &identity, "R is of order 2", order_2);
}
