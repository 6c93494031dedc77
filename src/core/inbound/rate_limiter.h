/* How many requests of a source may be verified. They are counted by its address and by the
 * prefixes around it, so that neither one host nor a hoster's whole subnet can use up what is there
 * for all. The memory is fixed, whatever arrives.
 *
 * Each prefix has a cell (rate.h). Cells lie in sets of four, which are found under a secret hash
 * key. When a prefix is new and its set is full, it takes over the cell that is nearest to empty,
 * with the level that the cell has. So no source can clear its own cell by having others push it
 * out. In a table that a flood of prefixes fills, a newcomer begins with what the least active
 * prefix of the set has used (as in Space-Saving counting).
 *
 * A source that shows a valid token receives at its address; one that does not may be spoofed. The
 * two are counted apart, so that a spoofing sender cannot use up the rate of the address it
 * pretends to have. */
#ifndef SKAD_INBOUND_RATE_LIMITER_H
#define SKAD_INBOUND_RATE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/node.h"

typedef struct skad_rate_cell {
    uint64_t owner;    /* fingerprint of level and prefix; 0: free */
    uint64_t until_us; /* used up until then */
} skad_rate_cell;

typedef struct skad_rate_limiter {
    skad_rate_cell *cells; /* sets of SKAD_RATE_LIMITER_WAYS */
    size_t mask;           /* sets - 1 */
    uint8_t hash_key[SKAD_TABLE_KEY_BYTES];
    skad_rate rates[SKAD_RATE_LEVELS];
} skad_rate_limiter;

#define SKAD_RATE_LIMITER_WAYS 4

/* cells is a power of two, at least SKAD_RATE_LIMITER_WAYS. */
SKAD_MUST_CHECK skad_status skad_rate_limiter_init(
    skad_rate_limiter *limiter, size_t cells, const skad_rate rates[static SKAD_RATE_LEVELS],
    const uint8_t hash_key[static SKAD_TABLE_KEY_BYTES]);
void skad_rate_limiter_free(skad_rate_limiter *limiter);

/* Whether one more request of this source is allowed now. If so it is counted at all levels,
 * otherwise at none. */
bool skad_rate_limiter_allows(skad_rate_limiter *limiter, const skad_address *source,
                              uint64_t now_us);

/* Whether one more request would be refused, as far as can be told without charging any source. */
bool skad_rate_limiter_exhausted(const skad_rate_limiter *limiter, const skad_address *source,
                                 uint64_t now_us);

#endif
