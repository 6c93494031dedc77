#include "src/sim/base/prng.h"

#include <math.h>
#include <string.h>

static const double TAU = 6.283185307179586;

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

void skad_prng_init(skad_prng *prng, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    state = split_mix(&state) ^ (stream * 0xd1342543de82ef95ULL);
    for (size_t i = 0; i < 4; i++) {
        prng->state[i] = split_mix(&state);
    }
}

uint64_t skad_prng_next(skad_prng *prng)
{
    uint64_t *s = prng->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t skad_prng_below(skad_prng *prng, uint64_t bound)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)skad_prng_next(prng) * bound >> 64);
}

double skad_prng_unit(skad_prng *prng)
{
    return (double)(skad_prng_next(prng) >> 11) * 0x1p-53;
}

bool skad_prng_chance(skad_prng *prng, double probability)
{
    return probability > 0 && skad_prng_unit(prng) < probability;
}

void skad_prng_bytes(skad_prng *prng, uint8_t *out, size_t len)
{
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word = skad_prng_next(prng);
        size_t take = len - at < 8 ? len - at : 8;
        for (size_t i = 0; i < take; i++) {
            out[at + i] = (uint8_t)(word >> (8 * i));
        }
    }
}

skad_id skad_prng_id(skad_prng *prng)
{
    skad_id id = {{0}};
    skad_prng_bytes(prng, id.bytes, sizeof id.bytes);
    return id;
}

double skad_prng_exponential(skad_prng *prng, double mean)
{
    return -log1p(-skad_prng_unit(prng)) * mean;
}

double skad_prng_weibull(skad_prng *prng, double mean, double shape)
{
    double scale = mean / tgamma(1 + 1 / shape);
    return scale * pow(-log1p(-skad_prng_unit(prng)), 1 / shape);
}

/* Box and Muller's transformation; one of its two values is thrown away. */
static double normal(skad_prng *prng)
{
    double radius = sqrt(-2 * log1p(-skad_prng_unit(prng)));
    return radius * cos(TAU * skad_prng_unit(prng));
}

double skad_prng_log_normal(skad_prng *prng, double median, double sigma)
{
    return median * exp(sigma * normal(prng));
}
