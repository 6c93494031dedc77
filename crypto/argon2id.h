/* Argon2id (RFC 9106), version 0x13, with one pass and one lane, into memory of the caller.
 *
 * libsodium has it, too, but takes fresh pages from the system for each call: of 80 us for 128 KiB
 * that is 50. A grinder keeps its memory, so a node and its solver have to as well, or a try costs
 * them three times what it costs an attacker. tests/crypto/test_argon2id.c compares the two. */
#ifndef SKAD_CRYPTO_ARGON2ID_H
#define SKAD_CRYPTO_ARGON2ID_H

#include <stddef.h>
#include <stdint.h>

#define SKAD_ARGON2ID_SALT_BYTES      16
#define SKAD_ARGON2ID_OUT_BYTES       32
#define SKAD_ARGON2ID_BLOCK_BYTES     1024
#define SKAD_ARGON2ID_MEMORY_ALIGN    64
#define SKAD_ARGON2ID_INPUT_BYTES_MAX 64

/* The instructions that are used, each kind faster than the one before. */
typedef enum skad_argon2id_kind {
    SKAD_ARGON2ID_PORTABLE,
    SKAD_ARGON2ID_AVX2,
    SKAD_ARGON2ID_AVX512,
} skad_argon2id_kind;

/* Returns the fastest kind that this processor has; it has all the others, too. */
skad_argon2id_kind skad_argon2id_best(void);

/* Hashes `len` bytes, at most SKAD_ARGON2ID_INPUT_BYTES_MAX. `memory` has memory_kib blocks, is
 * aligned, and holds no secret afterwards unless the input is one. memory_kib is at least 8. */
void skad_argon2id(const uint8_t *input, size_t len,
                   const uint8_t salt[static SKAD_ARGON2ID_SALT_BYTES], uint32_t memory_kib,
                   void *memory, skad_argon2id_kind kind,
                   uint8_t out[static SKAD_ARGON2ID_OUT_BYTES]);

#endif
