/* The profile on the wire: its hash and the network key derived from it. The public part is
 * skad/profile.h. */
#ifndef SKAD_PROTO_PROFILE_H
#define SKAD_PROTO_PROFILE_H

#include "crypto/hash.h"
#include "skad/profile.h"

/* Computes BLAKE2b-256("skad1 profile", msgpack [1, name, c1, c2, memory_kib, epoch_s, k, s, d,
 * alpha, life_s]). */
void skad_profile_hash(const skad_profile *profile, uint8_t out[static SKAD_HASH_BYTES]);

/* Derives the key of all network tags (crypto/tag.h). */
void skad_profile_network_key(const skad_profile *profile, uint8_t out[static SKAD_HASH_BYTES]);

#endif
