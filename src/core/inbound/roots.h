/* Fingerprints of batch roots whose signature was verified (proto/open.h), so that the rest of a
 * batch costs no further check. They form a ring, in which a new root replaces the oldest. */
#ifndef SKAD_INBOUND_ROOTS_H
#define SKAD_INBOUND_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/status.h"

#define SKAD_ROOTS_MAX 64 /* remembered at most */

typedef struct skad_roots {
    uint8_t (*fingerprints)[SKAD_HASH_BYTES]; /* NULL: there is no memory for any yet */
    uint16_t limit;
    uint16_t next;
} skad_roots;

/* Makes a ring of so many roots; `later`: it is allocated with the first root. */
SKAD_MUST_CHECK skad_status skad_roots_init(skad_roots *roots, size_t limit, bool later);
void skad_roots_free(skad_roots *roots);

/* Remembers a root. Without memory it does not, and the rest of the root's batch costs a check
 * each. */
void skad_roots_remember(skad_roots *roots, const uint8_t fingerprint[static SKAD_HASH_BYTES]);

#endif
