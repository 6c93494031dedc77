/* Randomness that is an argument: a generator seeded by the driver, so that the core's output is a
 * function of its input. It is a ChaCha20 keystream with fast key erasure: each refill replaces the
 * key, so a leaked state does not reveal what was drawn before. */
#ifndef SKAD_CRYPTO_RANDOM_H
#define SKAD_CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define SKAD_SEED_BYTES 32

typedef struct skad_random {
    uint8_t key[SKAD_SEED_BYTES];
    uint8_t pool[224]; /* drawn bytes are wiped */
    size_t used;       /* bytes of pool handed out */
} skad_random;

/* Draws fresh entropy from the operating system: for drivers only, never called by the core. */
void skad_random_system(uint8_t *out, size_t len);

void skad_random_init(skad_random *random, const uint8_t seed[static SKAD_SEED_BYTES]);
void skad_random_bytes(skad_random *random, uint8_t *out, size_t len);

/* Draws a uniform number in [0, bound), without modulo bias; bound >= 1. */
uint64_t skad_random_below(skad_random *random, uint64_t bound);

#endif
