/* The simulator's dice: xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64. One
 * seed and one stream number give one sequence, on every machine; links, churn and workload draw
 * from streams of their own, so that a change of one leaves the others as they were. */
#ifndef SKAD_SIM_BASE_DICE_H
#define SKAD_SIM_BASE_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

typedef struct skad_dice {
    uint64_t state[4];
} skad_dice;

/* Who draws; the numbers are part of what a seed means. */
typedef enum skad_dice_stream {
    SKAD_DICE_NODES = 1, /* identities' and nodes' seeds */
    SKAD_DICE_TABLES,
    SKAD_DICE_LINKS,
    SKAD_DICE_CHURN,
    SKAD_DICE_ADVERSARY,
    SKAD_DICE_WORK,
    SKAD_DICE_SCENARIO, /* the fuzzer's inventions */
} skad_dice_stream;

void skad_dice_init(skad_dice *dice, uint64_t seed, uint64_t stream);

uint64_t skad_dice_draw(skad_dice *dice);
/* Uniform in [0, bound), bound >= 1 (Lemire's multiplication; its bias is below 2^-40 for the
 * bounds that occur). */
uint64_t skad_dice_below(skad_dice *dice, uint64_t bound);
/* Uniform in [0, 1). */
double skad_dice_unit(skad_dice *dice);
/* True with this probability; draws nothing where that is 0. */
bool skad_dice_chance(skad_dice *dice, double probability);
skad_id skad_dice_id(skad_dice *dice);
void skad_dice_bytes(skad_dice *dice, uint8_t *out, size_t len);

/* Distributions. */
double skad_dice_exponential(skad_dice *dice, double mean);
double skad_dice_weibull(skad_dice *dice, double mean, double shape);
double skad_dice_log_normal(skad_dice *dice, double median, double sigma);

#endif
