/* The injected generator: ChaCha20 with fast key erasure. One refill is 256 bytes of keystream
 * under a zero nonce: 32 become the next key, 224 the pool. No key is used twice, so the nonce may
 * stay zero. */
#include "crypto/random.h"

#include <string.h>

#include <sodium.h>

#include "crypto/assert.h"

_Static_assert(SKAD_SEED_BYTES == crypto_stream_chacha20_KEYBYTES, "ChaCha20 key");

void skad_random_system(uint8_t *out, size_t len)
{
    randombytes_buf(out, len);
}

static void refill(skad_random *random)
{
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES] = {0};
    uint8_t stream[sizeof random->key + sizeof random->pool];
    int failed = crypto_stream_chacha20(stream, sizeof stream, nonce, random->key);
    SKAD_ASSERT(failed == 0);
    memcpy(random->key, stream, sizeof random->key);
    memcpy(random->pool, stream + sizeof random->key, sizeof random->pool);
    random->used = 0;
    sodium_memzero(stream, sizeof stream);
}

void skad_random_init(skad_random *random, const uint8_t seed[static SKAD_SEED_BYTES])
{
    memcpy(random->key, seed, sizeof random->key);
    memset(random->pool, 0, sizeof random->pool);
    random->used = sizeof random->pool; /* the first use refills */
}

void skad_random_bytes(skad_random *random, uint8_t *out, size_t len)
{
    while (len > 0) {
        if (random->used == sizeof random->pool) {
            refill(random);
        }
        size_t left = sizeof random->pool - random->used;
        size_t taken = len < left ? len : left;
        memcpy(out, random->pool + random->used, taken);
        sodium_memzero(random->pool + random->used, taken);
        random->used += taken;
        out += taken;
        len -= taken;
    }
}

static uint64_t draw(skad_random *random)
{
    uint8_t bytes[8];
    skad_random_bytes(random, bytes, sizeof bytes);
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        number |= (uint64_t)bytes[i] << (8 * i);
    }
    return number;
}

uint64_t skad_random_below(skad_random *random, uint64_t bound)
{
    SKAD_ASSERT(bound >= 1);
    /* 2^64 mod bound: with that many of the lowest numbers refused, the rest is a multiple of
     * bound. Fewer than half of all numbers are refused, whatever the bound. */
    uint64_t refused = (0 - bound) % bound;
    uint64_t number = draw(random);
    while (number < refused) {
        number = draw(random);
    }
    return number % bound;
}
