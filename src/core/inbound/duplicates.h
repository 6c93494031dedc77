/* Replay protection: remembers the tags of datagrams that were handled, so that the same bytes take
 * effect only once. A tag is a hash of the whole datagram, so equal tags mean equal datagrams, and
 * a fingerprint of 64 bits is enough.
 *
 * The table is direct-mapped: a newer datagram overwrites an older one in the same cell. A replay
 * that comes after its cell was overwritten is handled once more. This changes nothing, because a
 * record that is stored again is the same record, and a request that changes anything needs a token
 * that is at most eighty minutes old. Only verified datagrams are remembered, so forgeries cannot
 * flush the table. */
#ifndef SKAD_INBOUND_DUPLICATES_H
#define SKAD_INBOUND_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/tag.h"
#include "skad/status.h"

typedef struct skad_duplicates {
    uint64_t *fingerprints; /* 0: empty */
    size_t mask;            /* entries - 1 */
} skad_duplicates;

/* entries is a power of two. */
SKAD_MUST_CHECK skad_status skad_duplicates_init(skad_duplicates *duplicates, size_t entries);
void skad_duplicates_free(skad_duplicates *duplicates);

bool skad_duplicates_seen(const skad_duplicates *duplicates,
                          const uint8_t tag[static SKAD_TAG_BYTES]);
void skad_duplicates_remember(skad_duplicates *duplicates,
                              const uint8_t tag[static SKAD_TAG_BYTES]);

#endif
