/* Each thread keeps the memory of its last hash for the next one: pages fresh from the system would
 * cost more than the hash. It gives the memory back when it ends. */
#include "crypto/hard_hash.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/argon2id.h"
#include "crypto/assert.h"

#define KEPT_KIB_MAX 1024 /* more than this is given back at once */

_Static_assert(SKAD_ARGON2ID_SALT_BYTES == SKAD_HASH_PERSONAL_BYTES, "a domain is a salt");
_Static_assert(SKAD_ARGON2ID_OUT_BYTES == SKAD_HASH_BYTES, "as long as any hash");

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t kept; /* its destructor frees what a thread kept */
static bool keeps;
static _Thread_local void *own;
static _Thread_local uint32_t own_kib;

static void make_key(void)
{
    keeps = pthread_key_create(&kept, free) == 0;
}

static void *allocate(uint32_t memory_kib)
{
    return aligned_alloc(SKAD_ARGON2ID_MEMORY_ALIGN,
                         (size_t)memory_kib * SKAD_ARGON2ID_BLOCK_BYTES);
}

/* Returns memory of this thread; NULL if it keeps none. */
static void *borrow(uint32_t memory_kib)
{
    (void)pthread_once(&once, make_key);
    if (own_kib >= memory_kib) {
        return own;
    }
    if (!keeps || memory_kib > KEPT_KIB_MAX) {
        return NULL;
    }
    void *larger = allocate(memory_kib);
    if (larger == NULL || pthread_setspecific(kept, larger) != 0) {
        free(larger);
        return NULL;
    }
    free(own);
    own = larger;
    own_kib = memory_kib;
    return own;
}

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
    void *borrowed = borrow(memory_kib);
    void *memory = borrowed != NULL ? borrowed : allocate(memory_kib);
    if (memory == NULL) {
        return SKAD_ERR_MEMORY;
    }
    skad_argon2id(data, len, skad_hash_personal(domain), memory_kib, memory, skad_argon2id_best(),
                  out);
    if (borrowed == NULL) {
        free(memory);
    }
    return SKAD_OK;
}
