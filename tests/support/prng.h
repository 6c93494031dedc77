/* Dice for tests: SplitMix64, so that a seed that is printed reproduces the run. */
#ifndef SKAD_TESTS_PRNG_H
#define SKAD_TESTS_PRNG_H

#include <stdint.h>

#include "skad/types.h"

typedef struct test_prng {
    uint64_t state;
} test_prng;

static inline uint64_t test_prng_next(test_prng *prng)
{
    uint64_t z = prng->state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* 0..bound-1; the bias is far below what a test could see. */
static inline uint64_t test_prng_below(test_prng *prng, uint64_t bound)
{
    return test_prng_next(prng) % bound;
}

static inline skad_id test_prng_id(test_prng *prng)
{
    skad_id id;
    for (unsigned i = 0; i < SKAD_ID_BYTES; i++) {
        id.bytes[i] = (uint8_t)test_prng_next(prng);
    }
    return id;
}

/* An ID that shares exactly `shared` leading bits with another one, random behind them. */
static inline skad_id test_prng_id_near(test_prng *prng, const skad_id *other, unsigned shared)
{
    skad_id id = test_prng_id(prng);
    for (unsigned bit = 0; bit <= shared; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
        uint8_t theirs = other->bytes[bit / 8] & mask;
        uint8_t wanted = bit == shared ? theirs ^ mask : theirs;
        id.bytes[bit / 8] = (uint8_t)((id.bytes[bit / 8] & ~mask) | wanted);
    }
    return id;
}

/* Endpoint number n: 8.x.y.z, the same port for all. */
static inline skad_address test_prng_address(uint32_t number)
{
    return (skad_address){
        .family = SKAD_FAMILY_IPV4,
        .port = 4000,
        .ip = {8, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

#endif
