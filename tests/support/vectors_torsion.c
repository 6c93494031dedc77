/* The vectors of signatures that libraries judge differently: R or the key A has a component of
 * small order. Each says whether the equation S B = R + h A holds as it stands, which decides, and
 * whether it holds with the cofactor (proto/PROTOCOL.md, "Signatures").
 *
 * The signer knows a with A = a B + T and r with R = r B + U, where T and U have an order that
 * divides 8, and states S = r + h a. Then R + h A - S B = U + h T: the equation holds with the
 * cofactor always, and without it where h T = -U. */
#include <string.h>

#include <sodium.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

#define POINT_BYTES  32
#define SCALAR_BYTES 32
#define TRIES_MAX    10000

/* T of order 8. Its multiples are all points of small order. */
static const uint8_t ORDER_8[POINT_BYTES] = {
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};

/* `key` and `nonce` are the multiples of ORDER_8 that are added to a B and r B. */
typedef struct torsion_case {
    const char *description;
    unsigned key;
    unsigned nonce;
    bool exact;        /* it holds without the cofactor */
    bool wrong_scalar; /* S + 1 instead of S: it does not hold at all */
} torsion_case;

static const torsion_case CASES[] = {
    {"A has a component of order 8", 1, 0, false, false},
    {"A has a component of order 4", 2, 0, false, false},
    {"A has a component of order 2", 4, 0, false, false},
    {"R has a component of order 8", 0, 1, false, false},
    {"R has a component of order 4", 0, 6, false, false},
    {"R has a component of order 2", 0, 4, false, false},
    {"A and R have components that do not cancel out", 3, 5, false, false},
    {"A has a component of order 8, h is a multiple of 8", 1, 0, true, false},
    {"A has a component of order 4, h is a multiple of 4", 2, 0, true, false},
    {"A has a component of order 2, h is even", 4, 0, true, false},
    {"A and R have components of order 8 that cancel out", 1, 7, true, false},
    {"A and R have components of order 2 that cancel out", 4, 4, true, false},
    {"A has a component of order 8, S is wrong", 1, 0, false, true},
    {"R has a component of order 8, S is wrong", 0, 1, false, true},
};

static void add_torsion(uint8_t point[static POINT_BYTES], unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        int failed = crypto_core_ed25519_add(point, point, ORDER_8);
        SKAD_ASSERT(failed == 0);
    }
}

/* The low three bits of h = SHA-512(R, A, message) mod L, and h itself. */
static unsigned challenge(const uint8_t r[static POINT_BYTES], const uint8_t a[static POINT_BYTES],
                          const uint8_t digest[static SKAD_HASH_BYTES],
                          uint8_t out[static SCALAR_BYTES])
{
    static const char prefix[16] = "skad1 datagram";
    uint8_t input[2 * POINT_BYTES + sizeof prefix + SKAD_HASH_BYTES];
    uint8_t hash[crypto_hash_sha512_BYTES];

    memcpy(input, r, POINT_BYTES);
    memcpy(input + POINT_BYTES, a, POINT_BYTES);
    memcpy(input + 2 * POINT_BYTES, prefix, sizeof prefix);
    memcpy(input + 2 * POINT_BYTES + sizeof prefix, digest, SKAD_HASH_BYTES);
    crypto_hash_sha512(hash, input, sizeof input);
    crypto_core_ed25519_scalar_reduce(out, hash);
    return out[0] & 7;
}

/* Signs with such a nonce that the equation holds without the cofactor, or does not. */
static void sign(const torsion_case *self, const uint8_t secret[static SCALAR_BYTES],
                 const uint8_t public_key[static POINT_BYTES],
                 const uint8_t digest[static SKAD_HASH_BYTES],
                 uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    static const uint8_t one[SCALAR_BYTES] = {1};
    uint8_t h[SCALAR_BYTES];
    uint8_t product[SCALAR_BYTES];
    bool exact = !self->exact;

    for (unsigned number = 1; number < TRIES_MAX && exact != self->exact; number++) {
        const uint8_t r[SCALAR_BYTES] = {(uint8_t)number, (uint8_t)(number >> 8), 1};
        int failed = crypto_scalarmult_ed25519_base_noclamp(signature, r);
        SKAD_ASSERT(failed == 0);
        add_torsion(signature, self->nonce);
        unsigned low = challenge(signature, public_key, digest, h);
        exact = (self->nonce + low * self->key) % 8 == 0;
        crypto_core_ed25519_scalar_mul(product, h, secret);
        crypto_core_ed25519_scalar_add(signature + POINT_BYTES, product, r);
    }
    SKAD_ASSERT(exact == self->exact);
    if (self->wrong_scalar) {
        crypto_core_ed25519_scalar_add(signature + POINT_BYTES, signature + POINT_BYTES, one);
    }
}

static void write_case(skad_json *json, const torsion_case *self, const skad_identity *identity)
{
    uint8_t clamped[crypto_hash_sha512_BYTES] = {0}; /* the secret scalar, then zeros */
    uint8_t secret[SCALAR_BYTES];
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];

    int failed = crypto_sign_ed25519_sk_to_curve25519(clamped, identity->secret_key);
    SKAD_ASSERT(failed == 0);
    crypto_core_ed25519_scalar_reduce(secret, clamped);
    memcpy(public_key, identity->public_key, sizeof public_key);
    add_torsion(public_key, self->key);
    skad_wire_fill(digest, sizeof digest, 0x80);
    sign(self, secret, public_key, digest, signature);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    skad_json_text(json, "prefix", "skad1 datagram");
    skad_json_hex(json, "public_key", public_key, sizeof public_key);
    skad_json_hex(json, "digest", digest, sizeof digest);
    skad_json_hex(json, "signature", signature, sizeof signature);
    skad_json_bool(json, "holds", self->exact);
    skad_json_bool(json, "holds_with_cofactor", !self->wrong_scalar);
    skad_json_object_end(json);
}

void skad_vectors_torsion(skad_json *json)
{
    skad_identity identity;

    skad_wire_identity(1, &identity);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        write_case(json, &CASES[i], &identity);
    }
}
