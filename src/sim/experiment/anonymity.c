#include "src/sim/experiment/anonymity.h"

#include <math.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"

/* The estimate is a logistic regression: each value of each feature has a weight of its own, and
 * the sum of those of a sighting is the logarithm of the odds. */
#define FEATURES 5 /* a constant, budget, time, order, gain */
#define BUDGETS  33
#define LIVES    48
#define ORDERS   16
#define GAINS    16
#define WEIGHTS  (1 + BUDGETS + LIVES + ORDERS + GAINS)

#define ROUNDS  300
#define SHRINK  0.05 /* pulls a weight to 0 as so many sightings would */
#define SURE    1e-4 /* no chance is taken for less, or for more than 1 less this */
#define FULL    1000 /* millibits */
#define STEP    1.0
#define LEAST   1e-9
#define CAP_MIN 1024

void skad_sim_witness_free(skad_sim_witness *witness)
{
    free(witness->all);
    *witness = (skad_sim_witness){0};
}

static uint8_t clamp(int value, int least, int count)
{
    const int place = value < least ? 0 : value - least;
    return (uint8_t)(place < count ? place : count - 1);
}

void skad_sim_witness_add(skad_sim_witness *witness, uint32_t asker, const skad_sighting *sighting)
{
    if (witness->count == witness->cap) {
        witness->cap = witness->cap == 0 ? CAP_MIN : 2 * witness->cap;
        witness->all = skad_sim_grow(witness->all, witness->cap, sizeof *witness->all);
    }
    witness->all[witness->count++] = (skad_sim_seen_errand){
        .seen = sighting->seen,
        .asker = sighting->seen && sighting->sender == asker,
        .budget = clamp(sighting->budget, 0, BUDGETS),
        .life = clamp(sighting->life_ms / SKAD_SIM_LIFE_STEP_MS, 0, LIVES),
        .order_sender = clamp(sighting->order_sender, 0, ORDERS),
        .gain = clamp(sighting->order_own - sighting->order_sender, SKAD_SIM_GAIN_MIN, GAINS),
    };
}

/* ---- The estimate ---- */

static void places_of(const skad_sim_seen_errand *it, size_t out[static FEATURES])
{
    out[0] = 0;
    out[1] = 1U + it->budget;
    out[2] = 1U + BUDGETS + it->life;
    out[3] = 1U + BUDGETS + LIVES + it->order_sender;
    out[4] = 1U + BUDGETS + LIVES + ORDERS + it->gain;
}

static double chance_of(const double weights[static WEIGHTS], const skad_sim_seen_errand *it)
{
    size_t places[FEATURES];
    double odds = 0;
    places_of(it, places);
    for (size_t i = 0; i < FEATURES; i++) {
        odds += weights[places[i]];
    }
    return fmin(fmax(1 / (1 + exp(-odds)), SURE), 1 - SURE);
}

/* Learns from every second errand, the first or the second of each two, by steps that shrink where
 * slopes were steep (AdaGrad). */
static void learn(const skad_sim_witness *witness, size_t half, double weights[static WEIGHTS])
{
    double steep[WEIGHTS] = {0};
    for (size_t i = 0; i < WEIGHTS; i++) {
        weights[i] = 0;
    }
    for (int round = 0; round < ROUNDS; round++) {
        double slopes[WEIGHTS];
        for (size_t i = 0; i < WEIGHTS; i++) {
            slopes[i] = i == 0 ? 0 : -SHRINK * weights[i];
        }
        for (size_t i = half; i < witness->count; i += 2) {
            const skad_sim_seen_errand *it = &witness->all[i];
            size_t places[FEATURES];
            if (it->seen) {
                const double off = (it->asker ? 1 : 0) - chance_of(weights, it);
                places_of(it, places);
                for (size_t j = 0; j < FEATURES; j++) {
                    slopes[places[j]] += off;
                }
            }
        }
        for (size_t i = 0; i < WEIGHTS; i++) {
            steep[i] += slopes[i] * slopes[i];
            weights[i] += STEP * slopes[i] / sqrt(steep[i] + LEAST);
        }
    }
}

/* ---- What is left ---- */

static double bits_left(const skad_sim_seen_errand *it, double chance, uint32_t honest)
{
    const double others = honest > 2 ? (double)honest - 1 : 1;
    if (!it->seen) {
        return log2((double)honest);
    }
    return it->asker ? -log2(chance) : log2(others) - log2(1 - chance);
}

void skad_sim_witness_judge(const skad_sim_witness *witness, uint32_t honest,
                            skad_sim_anonymity *out)
{
    double weights[2][WEIGHTS];
    double bits = 0;
    *out = (skad_sim_anonymity){.judged = witness->count};
    if (witness->count == 0) {
        return;
    }
    learn(witness, 0, weights[1]);
    learn(witness, 1, weights[0]);
    for (size_t i = 0; i < witness->count; i++) {
        const skad_sim_seen_errand *it = &witness->all[i];
        out->seen += it->seen;
        out->identified += it->asker;
        bits += bits_left(it, chance_of(weights[i % 2], it), honest);
    }
    out->millibits = (uint64_t)llround(FULL * bits);
    out->millibits_whole = (uint64_t)llround(FULL * log2((double)honest) * (double)witness->count);
}
