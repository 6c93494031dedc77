/* The network tag. Made and checked for every datagram, noise included: keyed BLAKE2b over a short
 * envelope is three blocks. */
#include "crypto/tag.h"

#include "crypto/keys.h"

void skad_network_key(const uint8_t profile_hash[static SKAD_HASH_BYTES], const uint8_t *psk,
                      uint8_t out[static SKAD_HASH_BYTES])
{
    const skad_span part = {profile_hash, SKAD_HASH_BYTES};
    skad_hash(SKAD_HASH_NETWORK, psk, &part, 1, out, SKAD_HASH_BYTES);
}

void skad_tag_make(const uint8_t network_key[static SKAD_HASH_BYTES], const skad_id *recipient,
                   const uint8_t *envelope, size_t envelope_len, uint8_t out[static SKAD_TAG_BYTES])
{
    const skad_span parts[] = {{recipient->bytes, sizeof recipient->bytes},
                               {envelope, envelope_len}};
    skad_hash(SKAD_HASH_TAG, network_key, parts, 2, out, SKAD_TAG_BYTES);
}

bool skad_tag_ok(const uint8_t network_key[static SKAD_HASH_BYTES], const skad_id *recipient,
                 const uint8_t *envelope, size_t envelope_len,
                 const uint8_t tag[static SKAD_TAG_BYTES])
{
    uint8_t expected[SKAD_TAG_BYTES];
    skad_tag_make(network_key, recipient, envelope, envelope_len, expected);
    bool ok = skad_equal(expected, tag, sizeof expected);
    skad_wipe(expected, sizeof expected); /* for a forged envelope this would be its valid tag */
    return ok;
}
