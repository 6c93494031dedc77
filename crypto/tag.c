/* The network tag. It is made and checked for every datagram. Noise is refused by its first half, a
 * keyed BLAKE2b over 96 bytes: two blocks. */
#include "crypto/tag.h"

#include "crypto/keys.h"

void skad_network_key(const uint8_t profile_hash[static SKAD_HASH_BYTES], const uint8_t *psk,
                      uint8_t out[static SKAD_HASH_BYTES])
{
    const skad_span part = {profile_hash, SKAD_HASH_BYTES};
    skad_hash(SKAD_HASH_NETWORK, psk, &part, 1, out, SKAD_HASH_BYTES);
}

#define HALF_BYTES (SKAD_TAG_BYTES / 2)

static void hash_half(skad_hash_domain domain, const uint8_t *network_key, const skad_id *recipient,
                      skad_span envelope, uint8_t out[HALF_BYTES])
{
    const skad_span parts[] = {{recipient->bytes, sizeof recipient->bytes}, envelope};
    skad_hash(domain, network_key, parts, 2, out, HALF_BYTES);
}

static void make_front(const uint8_t *network_key, const skad_id *recipient, skad_span envelope,
                       uint8_t out[HALF_BYTES])
{
    if (envelope.len > SKAD_TAG_FRONT_BYTES) {
        envelope.len = SKAD_TAG_FRONT_BYTES;
    }
    hash_half(SKAD_HASH_FRONT, network_key, recipient, envelope, out);
}

void skad_tag_make(const uint8_t network_key[static SKAD_HASH_BYTES], const skad_id *recipient,
                   const uint8_t *envelope, size_t envelope_len, uint8_t out[static SKAD_TAG_BYTES])
{
    const skad_span whole = {envelope, envelope_len};
    make_front(network_key, recipient, whole, out);
    hash_half(SKAD_HASH_TAG, network_key, recipient, whole, out + HALF_BYTES);
}

/* Compares one half. Wipes the expected one, which would be a valid tag for a forged envelope. */
static bool half_ok(uint8_t expected[HALF_BYTES], const uint8_t *half)
{
    bool ok = skad_equal(expected, half, HALF_BYTES);
    skad_wipe(expected, HALF_BYTES);
    return ok;
}

bool skad_tag_front_ok(const uint8_t network_key[static SKAD_HASH_BYTES], const skad_id *recipient,
                       const uint8_t *envelope, size_t envelope_len,
                       const uint8_t tag[static SKAD_TAG_BYTES])
{
    uint8_t expected[HALF_BYTES];
    make_front(network_key, recipient, (skad_span){envelope, envelope_len}, expected);
    return half_ok(expected, tag);
}

bool skad_tag_rest_ok(const uint8_t network_key[static SKAD_HASH_BYTES], const skad_id *recipient,
                      const uint8_t *envelope, size_t envelope_len,
                      const uint8_t tag[static SKAD_TAG_BYTES])
{
    uint8_t expected[HALF_BYTES];
    hash_half(SKAD_HASH_TAG, network_key, recipient, (skad_span){envelope, envelope_len}, expected);
    return half_ok(expected, tag + HALF_BYTES);
}

bool skad_tag_ok(const uint8_t network_key[static SKAD_HASH_BYTES], const skad_id *recipient,
                 const uint8_t *envelope, size_t envelope_len,
                 const uint8_t tag[static SKAD_TAG_BYTES])
{
    return skad_tag_front_ok(network_key, recipient, envelope, envelope_len, tag) &&
           skad_tag_rest_ok(network_key, recipient, envelope, envelope_len, tag);
}
