/* The network tag: the first 16 bytes of each datagram, checked before anything is parsed.
 *
 *    network key = BLAKE2b-256(key = PSK or none, "skad1 network", profile hash)
 *    tag[0..7]   = BLAKE2b-64(key = network key, "skad1 front", recipient ID || envelope[0..63])
 *    tag[8..15]  = BLAKE2b-64(key = network key, "skad1 tag", recipient ID || envelope)
 *
 * It keeps out noise and other networks, and with a pre-shared key also every sender without the
 * key. The first half covers only the front of the envelope, so that noise of any length costs one
 * hash of 96 bytes. The second half covers all of it: a sender without the key cannot change a byte
 * behind the front of a datagram that it overheard and have the signature checked. */
#ifndef SKAD_CRYPTO_TAG_H
#define SKAD_CRYPTO_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/status.h"
#include "skad/types.h"

#define SKAD_TAG_BYTES       16
#define SKAD_TAG_FRONT_BYTES 64 /* of the envelope; a shorter one is covered whole */

/* Derives the network key. psk is NULL or 32 bytes. */
void skad_network_key(const uint8_t profile_hash[static SKAD_HASH_BYTES], const uint8_t *psk,
                      uint8_t out[static SKAD_HASH_BYTES]);

void skad_tag_make(const uint8_t network_key[static SKAD_HASH_BYTES], const skad_id *recipient,
                   const uint8_t *envelope, size_t envelope_len,
                   uint8_t out[static SKAD_TAG_BYTES]);

/* Checks the tag in two steps, so that other checks fit in between: the first half, then, only if
 * that is right, the second. */
SKAD_MUST_CHECK bool skad_tag_front_ok(const uint8_t network_key[static SKAD_HASH_BYTES],
                                       const skad_id *recipient, const uint8_t *envelope,
                                       size_t envelope_len,
                                       const uint8_t tag[static SKAD_TAG_BYTES]);
SKAD_MUST_CHECK bool skad_tag_rest_ok(const uint8_t network_key[static SKAD_HASH_BYTES],
                                      const skad_id *recipient, const uint8_t *envelope,
                                      size_t envelope_len,
                                      const uint8_t tag[static SKAD_TAG_BYTES]);

/* Checks both halves. All these compare in constant time. */
SKAD_MUST_CHECK bool skad_tag_ok(const uint8_t network_key[static SKAD_HASH_BYTES],
                                 const skad_id *recipient, const uint8_t *envelope,
                                 size_t envelope_len, const uint8_t tag[static SKAD_TAG_BYTES]);

#endif
