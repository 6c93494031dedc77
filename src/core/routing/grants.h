/* Tokens that peers granted us, each for one endpoint of one peer: a table of their own, since they
 * are good for minutes, and a node that asks little needs few.
 *
 * An endpoint has one place, which it shares with others when there are fewer places than two for
 * each peer; then the later token replaces the earlier, whose endpoint is asked as at first. */
#ifndef SKAD_ROUTING_GRANTS_H
#define SKAD_ROUTING_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/token.h"
#include "skad/status.h"

typedef struct skad_grant {
    uint32_t granted_ms; /* instant.h; one that is 50 days old seems fresh, and is refused */
    uint16_t owner;      /* number of the endpoint, from 1 on; 0: free */
    uint8_t token[SKAD_TOKEN_BYTES];
} skad_grant;

typedef struct skad_grants {
    skad_grant *places; /* NULL: none was needed yet */
    size_t count;
} skad_grants;

/* `later`: the places are allocated with the first token. */
SKAD_MUST_CHECK skad_status skad_grants_init(skad_grants *grants, size_t count, bool later);
void skad_grants_free(skad_grants *grants);

/* An endpoint's number: 0..65534. */
void skad_grants_keep(skad_grants *grants, uint16_t endpoint,
                      const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us);
void skad_grants_forget(skad_grants *grants, uint16_t endpoint);

/* The token, as long as it is surely valid: for one slot of the granter's clock. NULL if none. */
const uint8_t *skad_grants_fresh(const skad_grants *grants, uint16_t endpoint, uint64_t now_us);

#endif
