#include "src/sim/base/dice.h"

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

void skad_dice_init(skad_dice *dice, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    state = split_mix(&state) ^ (stream * 0xd1342543de82ef95ULL);
    for (size_t i = 0; i < 4; i++) {
        dice->state[i] = split_mix(&state);
    }
}

uint64_t skad_dice_draw(skad_dice *dice)
{
    uint64_t *s = dice->state;
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

uint64_t skad_dice_below(skad_dice *dice, uint64_t bound)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)skad_dice_draw(dice) * bound >> 64);
}

double skad_dice_unit(skad_dice *dice)
{
    return (double)(skad_dice_draw(dice) >> 11) * 0x1p-53;
}

bool skad_dice_chance(skad_dice *dice, double probability)
{
    return probability > 0 && skad_dice_unit(dice) < probability;
}

void skad_dice_bytes(skad_dice *dice, uint8_t *out, size_t len)
{
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word = skad_dice_draw(dice);
        size_t take = len - at < 8 ? len - at : 8;
        for (size_t i = 0; i < take; i++) {
            out[at + i] = (uint8_t)(word >> (8 * i));
        }
    }
}

skad_id skad_dice_id(skad_dice *dice)
{
    skad_id id = {{0}};
    skad_dice_bytes(dice, id.bytes, sizeof id.bytes);
    return id;
}

double skad_dice_exponential(skad_dice *dice, double mean)
{
    return -log1p(-skad_dice_unit(dice)) * mean;
}

double skad_dice_weibull(skad_dice *dice, double mean, double shape)
{
    double scale = mean / tgamma(1 + 1 / shape);
    return scale * pow(-log1p(-skad_dice_unit(dice)), 1 / shape);
}

/* Box and Muller's transformation; one of its two values is thrown away. */
static double normal(skad_dice *dice)
{
    double radius = sqrt(-2 * log1p(-skad_dice_unit(dice)));
    return radius * cos(TAU * skad_dice_unit(dice));
}

double skad_dice_log_normal(skad_dice *dice, double median, double sigma)
{
    return median * exp(sigma * normal(dice));
}
