/* The identities that were proven: which key an ID belongs to, and the nonce that it showed with
 * it. A proof takes two memory-hard hashes, so it is made once.
 *
 * Only proven identities come in, each of which cost its owner minutes of a processor, and entries
 * lie in sets that are found under a secret hash key. When a set is full, an identity gives way
 * that is not in the routing table. If all of them are, the new one is not remembered. So no
 * stranger takes the place of a peer, whatever it sends. */
#ifndef SKAD_INBOUND_IDENTITIES_H
#define SKAD_INBOUND_IDENTITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "proto/open.h"
#include "skad/identity.h"
#include "skad/status.h"
#include "src/core/routing/peers.h"

#define SKAD_IDENTITIES_WAYS 4

typedef struct skad_known_identity {
    skad_id id;
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    skad_puzzle_nonce nonce; /* the last one that was right */
    bool taken;
} skad_known_identity;

typedef struct skad_identities {
    skad_known_identity *entries; /* sets of SKAD_IDENTITIES_WAYS; NULL: none is remembered */
    size_t mask;                  /* sets - 1 */
    size_t count;                 /* taken entries */
    size_t next;                  /* the way of a full set that is looked at first */
    uint8_t hash_key[SKAD_TABLE_KEY_BYTES];
} skad_identities;

/* `entries` is a power of two, at least SKAD_IDENTITIES_WAYS, or 0: then none is remembered, as
 * where proofs are plain hashes. */
SKAD_MUST_CHECK skad_status skad_identities_init(skad_identities *identities, size_t entries,
                                                 const uint8_t key[static SKAD_TABLE_KEY_BYTES]);
void skad_identities_free(skad_identities *identities);

/* Returns what is known of an ID with this key and nonce. Another key is UNKNOWN. */
skad_identity_known skad_identities_known(const skad_identities *identities, const skad_id *id,
                                          const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                                          const skad_puzzle_nonce *nonce);

/* Remembers a proven identity, in place of an older nonce of the same ID. `peers`: those of the
 * routing table, which stay. */
void skad_identities_remember(skad_identities *identities, const skad_id *id,
                              const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                              const skad_puzzle_nonce *nonce, const skad_peers *peers);

/* Returns the entry of an ID, or NULL. Borrowed until the next one is remembered. */
const skad_known_identity *skad_identities_find(const skad_identities *identities,
                                                const skad_id *id);

#endif
