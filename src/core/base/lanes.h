/* Four 32-bit numbers at once, for the passes over all peers' prefixes: a vector of the compiler's
 * own (GCC and clang have them on every processor), so that it is one instruction where there is
 * one. A comparison's result has all bits of a lane set or none. */
#ifndef SKAD_BASE_LANES_H
#define SKAD_BASE_LANES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SKAD_LANES 4

/* Processors compare four signed numbers in one instruction and four unsigned ones in several: with
 * their highest bits flipped these have the same order as signed ones. */
#define SKAD_LANES_BIAS UINT32_C(0x80000000)

typedef uint32_t skad_lanes __attribute__((vector_size(4 * SKAD_LANES)));
typedef int32_t skad_lanes_signed __attribute__((vector_size(4 * SKAD_LANES)));

static inline skad_lanes skad_lanes_at(const uint32_t numbers[static SKAD_LANES])
{
    skad_lanes lanes;
    memcpy(&lanes, numbers, sizeof lanes);
    return lanes;
}

static inline skad_lanes skad_lanes_of(uint32_t number)
{
    return (skad_lanes){number, number, number, number};
}

/* Lane by lane one of the two, as the mask's bits say. */
static inline skad_lanes_signed skad_lanes_choose(skad_lanes_signed mask, skad_lanes_signed a,
                                                  skad_lanes_signed b)
{
    return (a & mask) | (b & ~mask);
}

static inline bool skad_lanes_any(skad_lanes lanes)
{
    uint64_t halves[2];
    memcpy(halves, &lanes, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

static inline uint32_t skad_lanes_sum(skad_lanes lanes)
{
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

#endif
