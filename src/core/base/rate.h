/* A rate with a burst, as a single number (the generic cell rate algorithm, ITU-T I.371): a cell
 * says until when its owner has used up the rate, and more is allowed as long as that lies no more
 * than a burst ahead. It runs dry by itself. */
#ifndef SKAD_BASE_RATE_H
#define SKAD_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"

/* Whether one more fits; the rate is not zero. */
bool skad_rate_has_room(const skad_rate *rate, uint64_t until_us, uint64_t now_us);

/* Uses up `amount` of what the rate counts; the rate is not zero. */
void skad_rate_charge(const skad_rate *rate, uint64_t amount, uint64_t *until_us, uint64_t now_us);

/* Both at once: charges what fits. A rate of zero allows all. */
bool skad_rate_allows(const skad_rate *rate, uint64_t amount, uint64_t *until_us, uint64_t now_us);

/* Whether less than half of a burst is used up. */
bool skad_rate_relaxed(const skad_rate *rate, uint64_t until_us, uint64_t now_us);

#endif
