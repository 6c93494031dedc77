/* Dice for tests: SplitMix64, so that a seed that is printed reproduces the run. */
#ifndef SKAD_TESTS_DICE_H
#define SKAD_TESTS_DICE_H

#include <stdint.h>

#include "skad/types.h"

typedef struct test_dice {
    uint64_t state;
} test_dice;

static inline uint64_t test_dice_draw(test_dice *dice)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* 0..bound-1; the bias is far below what a test could see. */
static inline uint64_t test_dice_below(test_dice *dice, uint64_t bound)
{
    return test_dice_draw(dice) % bound;
}

static inline skad_id test_dice_id(test_dice *dice)
{
    skad_id id;
    for (unsigned i = 0; i < SKAD_ID_BYTES; i++) {
        id.bytes[i] = (uint8_t)test_dice_draw(dice);
    }
    return id;
}

/* An ID that shares exactly `shared` leading bits with another one, random behind them. */
static inline skad_id test_dice_id_near(test_dice *dice, const skad_id *other, unsigned shared)
{
    skad_id id = test_dice_id(dice);
    for (unsigned bit = 0; bit <= shared; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
        uint8_t theirs = other->bytes[bit / 8] & mask;
        uint8_t wanted = bit == shared ? theirs ^ mask : theirs;
        id.bytes[bit / 8] = (uint8_t)((id.bytes[bit / 8] & ~mask) | wanted);
    }
    return id;
}

/* Endpoint number n: 8.x.y.z, the same port for all. */
static inline skad_address test_dice_address(uint32_t number)
{
    return (skad_address){
        .family = SKAD_FAMILY_IPV4,
        .port = 4000,
        .ip = {8, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

#endif
