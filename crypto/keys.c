/* Ed25519 (RFC 8032) through libsodium. The signed message is always 48 bytes: the purpose's
 * string, zero-padded to 16 bytes, then a 32-byte digest. */
#include "crypto/keys.h"

#include <string.h>

#include <sodium.h>

#include "crypto/assert.h"
#include "crypto/hard_hash.h"

#define PURPOSE_BYTES 16
#define SIGNED_BYTES  (PURPOSE_BYTES + SKAD_HASH_BYTES)

_Static_assert(SKAD_PUBLIC_KEY_BYTES == crypto_sign_ed25519_PUBLICKEYBYTES, "public key");
_Static_assert(SKAD_SECRET_KEY_BYTES == crypto_sign_ed25519_SECRETKEYBYTES, "secret key");
_Static_assert(SKAD_SIGNATURE_BYTES == crypto_sign_ed25519_BYTES, "signature");

static const uint8_t purposes[][PURPOSE_BYTES] = {
    [SKAD_SIGN_DATAGRAM] = "skad1 datagram", [SKAD_SIGN_RECORD] = "skad1 record",
    [SKAD_SIGN_ANNOUNCE] = "skad1 announce", [SKAD_SIGN_STATEMENT] = "skad1 stated",
    [SKAD_SIGN_AUDIT] = "skad1 audit",
};

void skad_crypto_init(void)
{
    int result = sodium_init(); /* 1: was ready before */
    SKAD_ASSERT(result >= 0);
}

void skad_keypair_from_seed(const uint8_t seed[static 32],
                            uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                            uint8_t secret_key[static SKAD_SECRET_KEY_BYTES])
{
    int failed = crypto_sign_ed25519_seed_keypair(public_key, secret_key, seed);
    SKAD_ASSERT(failed == 0);
}

skad_status skad_node_id(const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                         uint32_t memory_kib, skad_id *out)
{
    return skad_hard_hash(SKAD_HASH_NODE_ID, memory_kib, public_key, SKAD_PUBLIC_KEY_BYTES,
                          out->bytes);
}

static void compose(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                    uint8_t message[static SIGNED_BYTES])
{
    SKAD_ASSERT((size_t)purpose < sizeof purposes / sizeof purposes[0]);
    memcpy(message, purposes[purpose], PURPOSE_BYTES);
    memcpy(message + PURPOSE_BYTES, digest, SKAD_HASH_BYTES);
}

void skad_sign(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
               const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
               uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    uint8_t message[SIGNED_BYTES];
    compose(purpose, digest, message);
    int failed = crypto_sign_ed25519_detached(signature, NULL, message, sizeof message, secret_key);
    SKAD_ASSERT(failed == 0);
}

bool skad_verify(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                 const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                 const uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    uint8_t message[SIGNED_BYTES];
    compose(purpose, digest, message);
    return crypto_sign_ed25519_verify_detached(signature, message, sizeof message, public_key) == 0;
}

bool skad_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void skad_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}
