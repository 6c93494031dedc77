/* Argon2id by libsodium. Its opslimit is the number of passes, its memory limit is in bytes. */
#include "crypto/hard_hash.h"

#include <sodium.h>

#include "crypto/assert.h"

#define PASSES        1
#define BYTES_PER_KIB 1024

_Static_assert(crypto_pwhash_argon2id_SALTBYTES == SKAD_HASH_PERSONAL_BYTES, "a domain is a salt");
_Static_assert(SKAD_HARD_HASH_KIB_MIN *BYTES_PER_KIB == crypto_pwhash_argon2id_MEMLIMIT_MIN,
               "least memory");

bool skad_hard_hash_memory_ok(uint32_t memory_kib)
{
    return memory_kib == 0 ||
           (memory_kib >= SKAD_HARD_HASH_KIB_MIN && memory_kib <= SKAD_HARD_HASH_KIB_MAX);
}

skad_status skad_hard_hash(skad_hash_domain domain, uint32_t memory_kib, const uint8_t *data,
                           size_t len, uint8_t out[static SKAD_HASH_BYTES])
{
    SKAD_ASSERT(skad_hard_hash_memory_ok(memory_kib));
    if (memory_kib == 0) {
        skad_hash_one(domain, data, len, out);
        return SKAD_OK;
    }
    int failed = crypto_pwhash_argon2id(
        out, SKAD_HASH_BYTES, (const char *)data, len, skad_hash_personal(domain), PASSES,
        (size_t)memory_kib * BYTES_PER_KIB, crypto_pwhash_argon2id_ALG_ARGON2ID13);
    return failed == 0 ? SKAD_OK : SKAD_ERR_MEMORY;
}
