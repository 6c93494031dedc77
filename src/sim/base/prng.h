/* The simulator's pseudo-random numbers: xoshiro256** (Blackman and Vigna, 2018), seeded through
 * SplitMix64. One seed and one stream number give one sequence, on every machine; links, churn and
 * workload draw from streams of their own, so that a change of one does not affect the others. */
#ifndef SKAD_SIM_BASE_PRNG_H
#define SKAD_SIM_BASE_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

typedef struct skad_prng {
    uint64_t state[4];
} skad_prng;

/* The users of random numbers; these values are part of what a seed means. */
typedef enum skad_prng_stream {
    SKAD_PRNG_NODES = 1, /* identities' and nodes' seeds */
    SKAD_PRNG_TABLES,
    SKAD_PRNG_LINKS,
    SKAD_PRNG_CHURN,
    SKAD_PRNG_ADVERSARY,
    SKAD_PRNG_WORK,
    SKAD_PRNG_SCENARIO,   /* the fuzzer's inventions */
    SKAD_PRNG_ATTACK,     /* what adversaries send */
    SKAD_PRNG_GRAVES,     /* IDs of dead nodes */
    SKAD_PRNG_KEY,        /* the value whose key is attacked */
    SKAD_PRNG_INTERNET,   /* addresses as on the internet */
    SKAD_PRNG_RESAMPLES,  /* of worlds, for intervals */
    SKAD_PRNG_NATS,       /* how long they remember, and who shares one */
    SKAD_PRNG_FORWARDING, /* whether a random scenario has it */
} skad_prng_stream;

#pragma GCC visibility push(default) /* adversaries that are shared objects call these */

void skad_prng_init(skad_prng *prng, uint64_t seed, uint64_t stream);

uint64_t skad_prng_next(skad_prng *prng);
/* Uniform in [0, bound), bound >= 1 (Lemire's multiplication; its bias is below 2^-40 for the
 * bounds that occur). */
uint64_t skad_prng_below(skad_prng *prng, uint64_t bound);
/* Uniform in [0, 1). */
double skad_prng_unit(skad_prng *prng);
/* True with this probability; draws nothing where that is 0. */
bool skad_prng_chance(skad_prng *prng, double probability);
skad_id skad_prng_id(skad_prng *prng);
void skad_prng_bytes(skad_prng *prng, uint8_t *out, size_t len);

/* Distributions. */
double skad_prng_exponential(skad_prng *prng, double mean);
double skad_prng_weibull(skad_prng *prng, double mean, double shape);
double skad_prng_log_normal(skad_prng *prng, double median, double sigma);

#pragma GCC visibility pop

#endif
