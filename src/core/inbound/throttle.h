/* How many requests a source may have verified: by its address and by the prefixes around it, so
 * that neither one host nor a hoster's whole subnet can use up what is there for all. Fixed memory,
 * whatever comes.
 *
 * Each prefix has a meter (rate.h). Meters live in sets of four places, found under a secret hash
 * key. When a prefix is new and its set is full, it takes over the meter that is nearest to empty
 * as it stands: nobody can wash his own meter clean by having others push it out, and in a table
 * that a flood of prefixes fills, newcomers begin with what the least guilty has used (as in
 * Space-Saving counting).
 *
 * Whoever has shown a valid token is at home at his address; who has not may be anybody. The two
 * are counted apart, so that nobody can use up the rate of an address that he only pretends to
 * have. */
#ifndef SKAD_INBOUND_THROTTLE_H
#define SKAD_INBOUND_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/node.h"

typedef struct skad_meter {
    uint64_t owner;    /* fingerprint of level and prefix; 0: free */
    uint64_t until_us; /* used up until then */
} skad_meter;

typedef struct skad_throttle {
    skad_meter *meters; /* sets of SKAD_THROTTLE_WAYS */
    size_t mask;        /* sets - 1 */
    uint8_t hash_key[SKAD_TABLE_KEY_BYTES];
    skad_rate rates[SKAD_RATE_LEVELS];
} skad_throttle;

#define SKAD_THROTTLE_WAYS 4

/* meters is a power of two, at least SKAD_THROTTLE_WAYS. */
SKAD_MUST_CHECK skad_status skad_throttle_init(skad_throttle *throttle, size_t meters,
                                               const skad_rate rates[static SKAD_RATE_LEVELS],
                                               const uint8_t hash_key[static SKAD_TABLE_KEY_BYTES]);
void skad_throttle_free(skad_throttle *throttle);

/* Whether one more request of this source is allowed now; if so it is counted at all levels, if not
 * at none. */
bool skad_throttle_allows(skad_throttle *throttle, const skad_address *source, uint64_t now_us);

/* Whether one more would be refused, as far as one can tell without charging anybody. */
bool skad_throttle_exhausted(const skad_throttle *throttle, const skad_address *source,
                             uint64_t now_us);

#endif
