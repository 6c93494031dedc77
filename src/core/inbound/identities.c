#include "src/core/inbound/identities.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/routing/distance.h"

skad_status skad_identities_init(skad_identities *identities, size_t entries,
                                 const uint8_t key[static SKAD_TABLE_KEY_BYTES])
{
    SKAD_ASSERT(entries == 0 ||
                (entries >= SKAD_IDENTITIES_WAYS && (entries & (entries - 1)) == 0));
    *identities = (skad_identities){0};
    memcpy(identities->hash_key, key, sizeof identities->hash_key);
    if (entries == 0) {
        return SKAD_OK;
    }
    identities->mask = entries / SKAD_IDENTITIES_WAYS - 1;
    identities->entries = calloc(entries, sizeof *identities->entries);
    return identities->entries == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_identities_free(skad_identities *identities)
{
    free(identities->entries);
    *identities = (skad_identities){0};
}

static skad_known_identity *set_of(const skad_identities *identities, const skad_id *id)
{
    const uint64_t hash = skad_table_hash(identities->hash_key, id->bytes, sizeof id->bytes);
    return &identities->entries[(hash & identities->mask) * SKAD_IDENTITIES_WAYS];
}

const skad_known_identity *skad_identities_find(const skad_identities *identities,
                                                const skad_id *id)
{
    if (identities->entries == NULL) {
        return NULL;
    }
    const skad_known_identity *set = set_of(identities, id);
    for (size_t i = 0; i < SKAD_IDENTITIES_WAYS; i++) {
        if (set[i].taken && skad_id_equal(&set[i].id, id)) {
            return &set[i];
        }
    }
    return NULL;
}

skad_identity_known skad_identities_known(const skad_identities *identities, const skad_id *id,
                                          const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                                          const skad_puzzle_nonce *nonce)
{
    const skad_known_identity *entry = skad_identities_find(identities, id);
    if (entry == NULL || memcmp(entry->public_key, public_key, sizeof entry->public_key) != 0) {
        return SKAD_IDENTITY_UNKNOWN;
    }
    return entry->nonce.epoch == nonce->epoch &&
                   memcmp(entry->nonce.bytes, nonce->bytes, sizeof nonce->bytes) == 0
               ? SKAD_IDENTITY_PROVEN
               : SKAD_IDENTITY_OF_KEY;
}

/* Returns the entry for an ID: its own, else a free one, else that of an ID that is not in the
 * table; NULL if there is none. */
static skad_known_identity *place_for(skad_identities *identities, const skad_id *id,
                                      const skad_peers *peers)
{
    skad_known_identity *set = set_of(identities, id);
    skad_known_identity *place = NULL;
    for (size_t i = 0; i < SKAD_IDENTITIES_WAYS; i++) {
        if (set[i].taken && skad_id_equal(&set[i].id, id)) {
            return &set[i];
        }
        place = set[i].taken ? place : &set[i];
    }
    identities->next++;
    for (size_t i = 0; i < SKAD_IDENTITIES_WAYS && place == NULL; i++) {
        skad_known_identity *entry = &set[(identities->next + i) % SKAD_IDENTITIES_WAYS];
        if (skad_peers_find(peers, &entry->id) == SKAD_PEER_NONE) {
            place = entry;
        }
    }
    return place;
}

void skad_identities_remember(skad_identities *identities, const skad_id *id,
                              const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                              const skad_puzzle_nonce *nonce, const skad_peers *peers)
{
    skad_known_identity *place =
        identities->entries == NULL ? NULL : place_for(identities, id, peers);
    if (place == NULL) {
        return;
    }
    identities->count += !place->taken;
    place->taken = true;
    place->id = *id;
    memcpy(place->public_key, public_key, sizeof place->public_key);
    place->nonce = *nonce;
}
