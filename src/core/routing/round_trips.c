#include "src/core/routing/round_trips.h"

#include <stdbool.h>
#include <stddef.h>

#include "src/core/routing/rtt.h"

#define STEPS_AN_OCTAVE 4

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
    static const uint64_t FIRST_US[STEPS_AN_OCTAVE] = {1000, 1189, 1414, 1682}; /* 1 ms * 2^(n/4) */
    return FIRST_US[step % STEPS_AN_OCTAVE] << (step / STEPS_AN_OCTAVE);
}

/* Returns the step that a time belongs to: whole octaves are passed over first, since each answer
 * is noted. */
static size_t step_of(uint64_t us)
{
    size_t step = 0;
    while (step + STEPS_AN_OCTAVE < SKAD_ROUND_TRIPS_STEPS &&
           us > end_of(step + STEPS_AN_OCTAVE - 1)) {
        step += STEPS_AN_OCTAVE;
    }
    while (step < SKAD_ROUND_TRIPS_STEPS - 1 && us > end_of(step)) {
        step++;
    }
    return step;
}

void skad_round_trips_note(skad_round_trips *trips, skad_family family, uint64_t us)
{
    uint8_t *counts = trips->counts[index_of(family)];
    uint8_t *total = &trips->total[index_of(family)];
    counts[step_of(us)]++;
    if (++*total < SKAD_ROUND_TRIPS_FULL) {
        return;
    }
    *total = 0;
    for (size_t i = 0; i < SKAD_ROUND_TRIPS_STEPS; i++) {
        counts[i] /= 2;
        *total = (uint8_t)(*total + counts[i]);
    }
}

/* Returns the time within which so many of 100 answers came. What is assumed at first counts until
 * SKAD_ROUND_TRIPS_MANY have come: it would outweigh a few late ones for ever. */
static uint64_t within_us(const uint8_t *counts, unsigned total, unsigned percent)
{
    const unsigned prior = total < SKAD_ROUND_TRIPS_MANY ? PRIOR_COUNT : 0;
    unsigned sum = 0;
    for (size_t step = 0; step < SKAD_ROUND_TRIPS_STEPS - 1; step++) {
        sum += counts[step] + (end_of(step) == PRIOR_US ? prior : 0);
        if (100 * sum >= percent * (total + prior)) {
            return end_of(step);
        }
    }
    return end_of(SKAD_ROUND_TRIPS_STEPS - 1);
}

static uint64_t clamp(uint64_t us)
{
    if (us < SKAD_RTO_MIN_US) {
        return SKAD_RTO_MIN_US;
    }
    return us > SKAD_RTO_INITIAL_US ? SKAD_RTO_INITIAL_US : us;
}

uint64_t skad_round_trips_timeout_us(const skad_round_trips *trips, skad_family family)
{
    const size_t index = index_of(family);
    return clamp(2 * within_us(trips->counts[index], trips->total[index], 75));
}

uint64_t skad_round_trips_late_us(const skad_round_trips *trips, skad_family family)
{
    const size_t index = index_of(family);
    return clamp(2 * within_us(trips->counts[index], trips->total[index], 98));
}
