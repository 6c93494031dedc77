/* The memory-hard hash behind node IDs and the dynamic puzzle: Argon2id (RFC 9106) with one pass,
 * one lane and the profile's memory. A plain hash is computed a hundred times faster by a graphics
 * card, and key generation in sequence is twenty times faster than ours; filling memory takes
 * everyone about as long as it takes us. */
#ifndef SKAD_CRYPTO_HARD_HASH_H
#define SKAD_CRYPTO_HARD_HASH_H

#include <stdbool.h>

#include "crypto/hash.h"
#include "skad/status.h"

#define SKAD_HARD_HASH_KIB_MIN 8
#define SKAD_HARD_HASH_KIB_MAX 65536

/* Whether a profile may ask for this much memory: 0, or 8..65536 KiB. */
bool skad_hard_hash_memory_ok(uint32_t memory_kib);

/* Hashes `data`, at most 64 bytes, with Argon2id: one pass over memory_kib KiB, salted with the
 * 16-byte personalisation of the domain. With memory_kib 0 it is skad_hash_one, for simulated
 * worlds and unit tests. Errors: SKAD_ERR_MEMORY (*out is then unset). The calling
 * thread keeps up to a MiB of memory for its next hash. */
SKAD_MUST_CHECK skad_status skad_hard_hash(skad_hash_domain domain, uint32_t memory_kib,
                                           const uint8_t *data, size_t len,
                                           uint8_t out[static SKAD_HASH_BYTES]);

#endif
