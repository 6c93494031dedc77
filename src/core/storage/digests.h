/* Digests of what we hold in our region, so that two nodes of it find out where they differ without
 * naming every record (proto/PROTOCOL.md, MATCH). The region's keys are cut into 64 ranges. A
 * range's digest chains a hash over the names and sequences of its records, in their order, so
 * nobody can choose records that hide another one. */
#ifndef SKAD_STORAGE_DIGESTS_H
#define SKAD_STORAGE_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "proto/limits.h"
#include "skad/store.h"

#define SKAD_RANGE_BITS 6 /* of a key, which number its range */

typedef struct skad_digests {
    uint8_t bits;                    /* that all keys share with our ID */
    uint8_t chain[SKAD_HASH_BYTES];  /* of the range that is being added to */
    uint8_t range;                   /* its number */
    uint8_t bytes[SKAD_MATCH_BYTES]; /* a digest of a range without records is zero */
} skad_digests;

void skad_digests_begin(skad_digests *digests, unsigned bits);

/* Adds a record of the region. They come in the order of their names. */
void skad_digests_add(skad_digests *digests, const skad_store_name *name, uint64_t sequence);

/* Returns the number of a key's range behind its first `bits` bits, 0..63. */
unsigned skad_digests_range(const skad_id *key, unsigned bits);

/* Returns which ranges differ: bit 63 - n is that of range n. */
uint64_t skad_digests_differ(const uint8_t a[static SKAD_MATCH_BYTES],
                             const uint8_t b[static SKAD_MATCH_BYTES]);

/* Whether a key is of a range that differs. */
static inline bool skad_digests_differs(uint64_t differs, unsigned range)
{
    return (differs >> (SKAD_MATCH_RANGES - 1 - range) & 1) != 0;
}

#endif
