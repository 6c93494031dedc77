#include "src/core/routing/round_trips.h"

#include <stdbool.h>
#include <stddef.h>

#include "src/core/routing/rtt.h"

#define STEPS_AN_OCTAVE 4
#define LEAST_US        (SKAD_US_PER_MS)

/* What is assumed at first: a step of the histogram, half of SKAD_RTO_INITIAL_US or a little more.
 */
#define PRIOR_COUNT 8U
#define PRIOR_US    (512 * SKAD_US_PER_MS)

static size_t index_of(skad_family family)
{
    return family == SKAD_FAMILY_IPV6 ? 1 : 0;
}

/* Returns the upper end of a step. */
static uint64_t end_of(size_t step)
{
    static const uint64_t QUARTERS[STEPS_AN_OCTAVE] = {1000, 1189, 1414, 1682}; /* 1000 * 2^(n/4) */
    return (LEAST_US * QUARTERS[step % STEPS_AN_OCTAVE] << (step / STEPS_AN_OCTAVE)) / 1000;
}

void skad_round_trips_note(skad_round_trips *trips, skad_family family, uint64_t us)
{
    uint8_t *counts = trips->counts[index_of(family)];
    uint8_t *total = &trips->total[index_of(family)];
    size_t step = 0;
    while (step < SKAD_ROUND_TRIPS_STEPS - 1 && us > end_of(step)) {
        step++;
    }
    counts[step]++;
    if (++*total < SKAD_ROUND_TRIPS_FULL) {
        return;
    }
    *total = 0;
    for (size_t i = 0; i < SKAD_ROUND_TRIPS_STEPS; i++) {
        counts[i] /= 2;
        *total = (uint8_t)(*total + counts[i]);
    }
}

/* Returns the time within which 75 of 100 answers came. */
static uint64_t usual_us(const uint8_t *counts, unsigned total)
{
    unsigned sum = 0;
    for (size_t step = 0; step < SKAD_ROUND_TRIPS_STEPS - 1; step++) {
        sum += counts[step] + (end_of(step) == PRIOR_US ? PRIOR_COUNT : 0U);
        if (4 * sum >= 3 * (total + PRIOR_COUNT)) {
            return end_of(step);
        }
    }
    return end_of(SKAD_ROUND_TRIPS_STEPS - 1);
}

uint64_t skad_round_trips_timeout_us(const skad_round_trips *trips, skad_family family)
{
    const size_t index = index_of(family);
    const uint64_t timeout_us = 2 * usual_us(trips->counts[index], trips->total[index]);
    if (timeout_us < SKAD_RTO_MIN_US) {
        return SKAD_RTO_MIN_US;
    }
    return timeout_us > SKAD_RTO_INITIAL_US ? SKAD_RTO_INITIAL_US : timeout_us;
}
