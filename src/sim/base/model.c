/* Modelled cryptography, for experiments with more datagrams than Ed25519 and BLAKE2b have time
 * for. It is linked only into the simulator's own program, by these options of the linker:
 *
 *     -Wl,--wrap=skad_hash,--wrap=skad_hash_one,--wrap=skad_sign,--wrap=skad_verify,
 *         --wrap=skad_keypair_from_seed,--wrap=skad_equal,--wrap=skad_wipe
 *
 * Sizes and failures are those of real cryptography: a signature of another key, purpose or digest
 * does not verify, and a tag or token of other bytes is not equal. A signature is a hash keyed with
 * a secret that only this file has. So no simulated adversary can forge a signature, unless it
 * calls skad_sign with a secret key that it does not have. XXH3 is not a cryptographic hash: an
 * attacker of the simulator itself can break it, and gains nothing. */
#include "src/sim/base/model.h"

#include <string.h>

#define XXH_INLINE_ALL /* short inputs gain most */
#include <xxhash.h>

#include "crypto/assert.h"
#include "src/sim/base/cryptography.h"

#define MODEL_BYTES_MAX 2048 /* the longest input in one piece; longer ones are hashed in turn */

static bool library_lenient;

static const uint64_t MODEL_SECRET = 0x736b61642d73696dULL;

/* SplitMix64's finish. */
static uint64_t mix(uint64_t word)
{
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
    return word ^ (word >> 31);
}

/* Fills the output from the hash of the bytes and a seed, which stands for domain and key. 64 bits
 * are enough for a model: two of ten million inputs collide in one of 370,000 runs. */
static void stretch(XXH64_hash_t hash, uint64_t seed, uint8_t *out, size_t out_bytes)
{
    uint64_t words[SKAD_HASH_BYTES_MAX / 8] = {0};
    const uint64_t start = mix(hash + seed) ^ hash;
    for (size_t i = 0; 8 * i < out_bytes; i++) {
        words[i] = mix(start + i * 0x9e3779b97f4a7c15ULL);
    }
    memcpy(out, words, out_bytes);
}

static uint64_t seed_of(skad_hash_domain domain, const uint8_t *key)
{
    uint64_t seed = ((uint64_t)domain + 1) * 0x9e3779b97f4a7c15ULL;
    return key == NULL ? seed : XXH3_64bits_withSeed(key, SKAD_HASH_KEY_BYTES, seed);
}

static XXH64_hash_t hash_long(const skad_span *parts, size_t count)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    (void)XXH3_64bits_reset(&state);
    for (size_t i = 0; i < count; i++) {
        (void)XXH3_64bits_update(&state, parts[i].data, parts[i].len);
    }
    return XXH3_64bits_digest(&state);
}

/* Copies a part. Most parts are IDs, keys and digests, and a fixed length needs no call. */
static inline void copy(uint8_t *out, skad_span part)
{
    if (part.len == SKAD_HASH_BYTES) {
        memcpy(out, part.data, SKAD_HASH_BYTES);
    } else if (part.len > 0) {
        memcpy(out, part.data, part.len);
    }
}

void __wrap_skad_hash(skad_hash_domain domain, const uint8_t *key, const skad_span *parts,
                      size_t count, uint8_t *out, size_t out_bytes)
{
    uint8_t whole[MODEL_BYTES_MAX];
    size_t len = 0;
    uint64_t seed = seed_of(domain, key);
    SKAD_ASSERT(out_bytes >= 8 && out_bytes <= SKAD_HASH_BYTES_MAX);
    if (count == 1) {
        stretch(XXH3_64bits(parts[0].data, parts[0].len), seed, out, out_bytes);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > sizeof whole - len) {
            stretch(hash_long(parts, count), seed, out, out_bytes);
            return;
        }
        copy(whole + len, parts[i]);
        len += parts[i].len;
    }
    stretch(XXH3_64bits(whole, len), seed, out, out_bytes);
}

void __wrap_skad_hash_one(skad_hash_domain domain, const uint8_t *data, size_t len,
                          uint8_t out[static SKAD_HASH_BYTES])
{
    stretch(XXH3_64bits(data, len), seed_of(domain, NULL), out, SKAD_HASH_BYTES);
}

static void sign(skad_sign_purpose purpose, const uint8_t *digest, const uint8_t *public_key,
                 uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    uint8_t what[SKAD_HASH_BYTES + SKAD_PUBLIC_KEY_BYTES];
    memcpy(what, digest, SKAD_HASH_BYTES);
    memcpy(what + SKAD_HASH_BYTES, public_key, SKAD_PUBLIC_KEY_BYTES);
    uint64_t seed = MODEL_SECRET + (uint64_t)purpose;
    stretch(XXH3_64bits(what, sizeof what), seed, signature, SKAD_SIGNATURE_BYTES);
}

void __wrap_skad_sign(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                      const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
                      uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    sign(purpose, digest, secret_key + SKAD_SECRET_KEY_BYTES - SKAD_PUBLIC_KEY_BYTES, signature);
}

bool __wrap_skad_verify(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                        const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                        const uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    uint8_t right[SKAD_SIGNATURE_BYTES];
    sign(purpose, digest, public_key, right);
    if (memcmp(right, signature, sizeof right) == 0) {
        return true;
    }
    skad_sim_twist(right);
    return library_lenient && memcmp(right, signature, sizeof right) == 0;
}

void skad_sim_library(bool lenient)
{
    library_lenient = lenient;
}

void skad_sim_twist(uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    signature[SKAD_SIGNATURE_BYTES - 1] ^= 0x80;
}

void __wrap_skad_keypair_from_seed(const uint8_t seed[static 32],
                                   uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                                   uint8_t secret_key[static SKAD_SECRET_KEY_BYTES])
{
    stretch(XXH3_64bits(seed, 32), ~MODEL_SECRET, public_key, SKAD_PUBLIC_KEY_BYTES);
    memcpy(secret_key, seed, 32);
    memcpy(secret_key + 32, public_key, SKAD_PUBLIC_KEY_BYTES);
}

/* Plain memcmp and memset are enough: no attacker measures comparisons or reads memory here. */
bool __wrap_skad_equal(const void *a, const void *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

void __wrap_skad_wipe(void *data, size_t len)
{
    memset(data, 0, len);
}

const char *skad_sim_crypto(void)
{
    return "modelled";
}
