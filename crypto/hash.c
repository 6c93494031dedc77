/* Domain-separated BLAKE2b (RFC 7693) and SipHash-2-4. The domain fills BLAKE2b's own
 * personalisation field, so separating domains costs no extra block; a key costs one
 * (128 bytes). */
#include "crypto/hash.h"

#include <sodium.h>

#include "crypto/assert.h"

_Static_assert(SKAD_HASH_BYTES_MAX == crypto_generichash_blake2b_BYTES_MAX, "largest output");
_Static_assert(SKAD_TABLE_KEY_BYTES == crypto_shorthash_siphash24_KEYBYTES, "SipHash key");

_Static_assert(SKAD_HASH_PERSONAL_BYTES == crypto_generichash_blake2b_PERSONALBYTES, "BLAKE2b");

static const uint8_t personals[][SKAD_HASH_PERSONAL_BYTES] = {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): ISO C forbids a string in parentheses here. */
#define PERSONAL(name, personal) [SKAD_HASH_##name] = personal,
    SKAD_HASH_DOMAINS(PERSONAL)
#undef PERSONAL
};

void skad_hash(skad_hash_domain domain, const uint8_t *key, const skad_span *parts, size_t count,
               uint8_t *out, size_t out_bytes)
{
    SKAD_ASSERT((size_t)domain < sizeof personals / sizeof personals[0]);
    SKAD_ASSERT(out_bytes >= 8 && out_bytes <= SKAD_HASH_BYTES_MAX);

    crypto_generichash_blake2b_state state;
    int failed = crypto_generichash_blake2b_init_salt_personal(
        &state, key, key == NULL ? 0 : SKAD_HASH_KEY_BYTES, out_bytes, NULL, personals[domain]);
    SKAD_ASSERT(failed == 0);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            crypto_generichash_blake2b_update(&state, parts[i].data, parts[i].len);
        }
    }
    failed = crypto_generichash_blake2b_final(&state, out, out_bytes);
    SKAD_ASSERT(failed == 0);
    if (key != NULL) {
        sodium_memzero(&state, sizeof state); /* its buffer may still hold the key block */
    }
}

void skad_hash_one(skad_hash_domain domain, const uint8_t *data, size_t len,
                   uint8_t out[static SKAD_HASH_BYTES])
{
    const skad_span part = {data, len};
    skad_hash(domain, NULL, &part, 1, out, SKAD_HASH_BYTES);
}

const uint8_t *skad_hash_personal(skad_hash_domain domain)
{
    SKAD_ASSERT((size_t)domain < sizeof personals / sizeof personals[0]);
    return personals[domain];
}

unsigned skad_leading_zero_bits(const uint8_t *data, size_t len)
{
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0) {
            return bits + (unsigned)__builtin_clz(data[i]) - 24; /* clz sees 32 bits */
        }
        bits += 8;
    }
    return bits;
}

uint64_t skad_table_hash(const uint8_t key[static SKAD_TABLE_KEY_BYTES], const uint8_t *data,
                         size_t len)
{
    static const uint8_t nothing[1] = {0};
    uint8_t bytes[crypto_shorthash_siphash24_BYTES];
    crypto_shorthash_siphash24(bytes, len == 0 ? nothing : data, len, key);
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        hash |= (uint64_t)bytes[i] << (8 * i);
    }
    return hash;
}
