#include "crypto/hard_hash.h"

#include <stdlib.h>

#include "crypto/argon2id.h"
#include "crypto/assert.h"

_Static_assert(SKAD_ARGON2ID_SALT_BYTES == SKAD_HASH_PERSONAL_BYTES, "a domain is a salt");
_Static_assert(SKAD_ARGON2ID_OUT_BYTES == SKAD_HASH_BYTES, "as long as any hash");

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
    void *memory =
        aligned_alloc(SKAD_ARGON2ID_MEMORY_ALIGN, (size_t)memory_kib * SKAD_ARGON2ID_BLOCK_BYTES);
    if (memory == NULL) {
        return SKAD_ERR_MEMORY;
    }
    skad_argon2id(data, len, skad_hash_personal(domain), memory_kib, memory, skad_argon2id_best(),
                  out);
    free(memory); /* glibc keeps it for the next call */
    return SKAD_OK;
}
