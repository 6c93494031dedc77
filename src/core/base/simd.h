/* Four 32-bit numbers at once, for the passes over the prefixes of all peers. The type is a vector
 * of the compiler's own (GCC and clang have them on every processor), so an operation is one
 * instruction where the processor has one. The result of a comparison has either all bits of a lane
 * set or none. */
#ifndef SKAD_BASE_SIMD_H
#define SKAD_BASE_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SKAD_SIMD_LANES 4

/* Processors compare four signed numbers in one instruction and four unsigned ones in several.
 * Unsigned numbers with their highest bits flipped have the same order as signed ones. */
#define SKAD_SIMD_BIAS UINT32_C(0x80000000)

typedef uint32_t skad_simd __attribute__((vector_size(4 * SKAD_SIMD_LANES)));
typedef int32_t skad_simd_signed __attribute__((vector_size(4 * SKAD_SIMD_LANES)));

static inline skad_simd skad_simd_at(const uint32_t numbers[static SKAD_SIMD_LANES])
{
    skad_simd vector;
    memcpy(&vector, numbers, sizeof vector);
    return vector;
}

static inline skad_simd skad_simd_of(uint32_t number)
{
    return (skad_simd){number, number, number, number};
}

/* Chooses one of the two for each lane, as the mask's bits say. */
static inline skad_simd_signed skad_simd_choose(skad_simd_signed mask, skad_simd_signed a,
                                                skad_simd_signed b)
{
    return (a & mask) | (b & ~mask);
}

static inline bool skad_simd_any(skad_simd vector)
{
    uint64_t halves[2];
    memcpy(halves, &vector, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

static inline uint32_t skad_simd_sum(skad_simd vector)
{
    return vector[0] + vector[1] + vector[2] + vector[3];
}

#endif
