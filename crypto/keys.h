/* Ed25519 signatures over 32-byte digests, and the node ID of a public key. */
#ifndef SKAD_CRYPTO_KEYS_H
#define SKAD_CRYPTO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/identity.h"
#include "skad/types.h"

#define SKAD_SIGNATURE_BYTES 64

/* The purpose of a signature. The signed message is the purpose's 16-byte string, then the digest,
 * so that a signature made for one purpose never verifies for another. */
typedef enum skad_sign_purpose {
    SKAD_SIGN_DATAGRAM,  /* "skad1 datagram" */
    SKAD_SIGN_RECORD,    /* "skad1 record" */
    SKAD_SIGN_ANNOUNCE,  /* "skad1 announce" */
    SKAD_SIGN_STATEMENT, /* "skad1 stated" */
    SKAD_SIGN_AUDIT,     /* "skad1 audit" */
} skad_sign_purpose;

/* Prepares libsodium. To be called once before anything else in crypto/; safe to call again, from
 * any thread. Aborts when the machine has no source of randomness. */
void skad_crypto_init(void);

/* Derives the key pair of a 32-byte seed (RFC 8032, section 5.1.5). */
void skad_keypair_from_seed(const uint8_t seed[static 32],
                            uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                            uint8_t secret_key[static SKAD_SECRET_KEY_BYTES]);

/* Derives the node ID: the memory-hard hash of the public key, with the profile's memory
 * (hard_hash.h). Error: SKAD_ERR_MEMORY, never with memory_kib 0. */
SKAD_MUST_CHECK skad_status skad_node_id(const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                                         uint32_t memory_kib, skad_id *out);

/* Signs a digest (RFC 8032, section 5.1.6; deterministic). */
void skad_sign(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
               const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
               uint8_t signature[static SKAD_SIGNATURE_BYTES]);

/* Verifies a signature. Refuses small-order keys and non-canonical S and R, as libsodium does. */
SKAD_MUST_CHECK bool skad_verify(skad_sign_purpose purpose,
                                 const uint8_t digest[static SKAD_HASH_BYTES],
                                 const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                                 const uint8_t signature[static SKAD_SIGNATURE_BYTES]);

/* Compares in constant time; wipes in a way that the compiler keeps. */
bool skad_equal(const void *a, const void *b, size_t len);
void skad_wipe(void *data, size_t len);

#endif
