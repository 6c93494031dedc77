/* Domain-separated BLAKE2b (RFC 7693), the hash of skad for everything but identities
 * (hard_hash.h). Each use has its own 16-byte personalisation, so that no hash made for one purpose
 * can serve another. */
#ifndef SKAD_CRYPTO_HASH_H
#define SKAD_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_HASH_BYTES     32
#define SKAD_HASH_BYTES_MAX 64
#define SKAD_HASH_KEY_BYTES 32

/* X(NAME, personalisation: at most 16 bytes, zero-padded). proto/PROTOCOL.md lists them under
 * "Hashes". */
#define SKAD_HASH_DOMAINS(X)                                                                       \
    X(NODE_ID, "skad1 node id")       /* public key -> node ID, memory-hard (hard_hash.h) */       \
    X(STATIC, "skad1 static")         /* node ID -> static puzzle */                               \
    X(DYNAMIC, "skad1 dynamic")       /* node ID, epoch, nonce -> dynamic puzzle, memory-hard */   \
    X(PROFILE, "skad1 profile")       /* profile encoding -> profile hash */                       \
    X(NETWORK, "skad1 network")       /* profile hash, keyed with the PSK if any -> network key */ \
    X(FRONT, "skad1 front")           /* recipient, front of the envelope -> tag's first half */   \
    X(NETWORK_ID, "skad1 network id") /* network key -> network ID */                              \
    X(TAG, "skad1 tag")               /* recipient, whole envelope -> tag's second half */         \
    X(TOKEN, "skad1 token")     /* address, ID, slot, keyed with a secret -> address token */      \
    X(LEAF, "skad1 leaf")       /* recipient, request digest, signed part, keyed -> digest */      \
    X(BRANCH, "skad1 branch")   /* two digests -> their parent in a batch */                       \
    X(VALUE, "skad1 value")     /* immutable value -> key */                                       \
    X(MUTABLE, "skad1 mutable") /* publisher, salt -> key */                                       \
    X(RECORD, "skad1 record") /* network ID, signed part of a mutable record -> what is signed */  \
    X(ANNOUNCE,                                                                                    \
      "skad1 announce")   /* network ID, signed part of an announcement -> what is signed */       \
    X(HELD, "skad1 held") /* key, type, publisher of a record -> its print */                      \
    X(MATCH,                                                                                       \
      "skad1 match") /* digest before, name and sequence of a record -> digest of a range */       \
    X(SUBJECT, "skad1 subject")  /* aim, target or record of a FORWARD -> its subject */           \
    X(STATEMENT, "skad1 stated") /* network ID, subject, signed part -> what is signed */          \
    X(AUDIT, "skad1 audit")      /* a letter, and what it says -> see proto/audit.c */             \
    X(GATEWAY, "skad1 gateway")  /* gateway, our address, keyed with a secret -> nonce for it */   \
    X(FILE, "skad1 file")        /* a file of ours -> its checksum; never on the wire */

typedef enum skad_hash_domain {
#define SKAD_HASH_DOMAIN_ENUM(name, personal) SKAD_HASH_##name,
    SKAD_HASH_DOMAINS(SKAD_HASH_DOMAIN_ENUM)
#undef SKAD_HASH_DOMAIN_ENUM
} skad_hash_domain;

/* Hashes the concatenation of `parts`. The caller makes the concatenation unambiguous (fixed sizes,
 * at most the last part of variable size). key is NULL or SKAD_HASH_KEY_BYTES long; out_bytes is
 * 8..64. Allocates nothing, cannot fail. */
void skad_hash(skad_hash_domain domain, const uint8_t *key, const skad_span *parts, size_t count,
               uint8_t *out, size_t out_bytes);

/* Does the same for a single part and 32 bytes of output. */
void skad_hash_one(skad_hash_domain domain, const uint8_t *data, size_t len,
                   uint8_t out[static SKAD_HASH_BYTES]);

/* Returns the domain's personalisation, zero-padded. */
#define SKAD_HASH_PERSONAL_BYTES 16
const uint8_t *skad_hash_personal(skad_hash_domain domain);

/* Counts the leading zero bits of the hash: 0..8*len. */
unsigned skad_leading_zero_bits(const uint8_t *data, size_t len);

/* Hashes with SipHash-2-4 under a secret key, for hash tables whose keys an attacker can choose. */
#define SKAD_TABLE_KEY_BYTES 16
uint64_t skad_table_hash(const uint8_t key[static SKAD_TABLE_KEY_BYTES], const uint8_t *data,
                         size_t len);

#endif
