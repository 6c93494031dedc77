/* A rate with a burst, as a single number (the generic cell rate algorithm, ITU-T I.371). A cell
 * holds the time until which its owner has used up the rate. More is allowed as long as that time
 * lies no more than a burst ahead. Time alone drains it. */
#ifndef SKAD_BASE_RATE_H
#define SKAD_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"

/* Whether one more fits; the rate is not zero. */
bool skad_rate_has_room(const skad_rate *rate, uint64_t until_us, uint64_t now_us);

/* Uses up `amount` of what the rate counts; the rate is not zero. */
void skad_rate_charge(const skad_rate *rate, uint64_t amount, uint64_t *until_us, uint64_t now_us);

/* Does both at once: charges what fits. A rate of zero allows everything. */
bool skad_rate_allows(const skad_rate *rate, uint64_t amount, uint64_t *until_us, uint64_t now_us);

/* Whether no more than half of a burst is used up; always where the rate is zero. */
bool skad_rate_relaxed(const skad_rate *rate, uint64_t until_us, uint64_t now_us);

#endif
