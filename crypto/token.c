/* Address tokens: stateless, with two time slots. The hashed input has a fixed size: family(1) ||
 * port(2, big-endian) || ip(16) || id(32) || slot(8, big-endian). */
#include "crypto/token.h"

#include "crypto/hash.h"
#include "crypto/keys.h"

_Static_assert(SKAD_TOKEN_KEY_BYTES == SKAD_HASH_KEY_BYTES, "the token's key keys a hash");

static void make(const uint8_t key[static SKAD_TOKEN_KEY_BYTES], const skad_address *address,
                 const skad_id *id, uint64_t slot, uint8_t out[static SKAD_TOKEN_BYTES])
{
    const uint8_t where[3] = {address->family, (uint8_t)(address->port >> 8),
                              (uint8_t)address->port};
    uint8_t when[8];
    for (unsigned i = 0; i < sizeof when; i++) {
        when[i] = (uint8_t)(slot >> (56 - 8 * i));
    }
    const skad_span parts[] = {{where, sizeof where},
                               {address->ip, sizeof address->ip},
                               {id->bytes, sizeof id->bytes},
                               {when, sizeof when}};
    skad_hash(SKAD_HASH_TOKEN, key, parts, sizeof parts / sizeof parts[0], out, SKAD_TOKEN_BYTES);
}

void skad_token_make(const uint8_t key[static SKAD_TOKEN_KEY_BYTES], const skad_address *address,
                     const skad_id *id, uint64_t mono_us, uint8_t out[static SKAD_TOKEN_BYTES])
{
    make(key, address, id, mono_us / SKAD_TOKEN_SLOT_US, out);
}

bool skad_token_ok(const uint8_t key[static SKAD_TOKEN_KEY_BYTES], const skad_address *address,
                   const skad_id *id, uint64_t mono_us,
                   const uint8_t token[static SKAD_TOKEN_BYTES])
{
    uint64_t slot = mono_us / SKAD_TOKEN_SLOT_US;
    uint8_t expected[SKAD_TOKEN_BYTES];
    make(key, address, id, slot, expected);
    bool ok = skad_equal(expected, token, sizeof expected);
    if (!ok && slot > 0) { /* the first slot has none before it */
        make(key, address, id, slot - 1, expected);
        ok = skad_equal(expected, token, sizeof expected);
    }
    skad_wipe(expected, sizeof expected);
    return ok;
}
