#include "tests/support/identities.h"

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "tests/support/wire.h"

const skad_profile *test_plain_profile(void)
{
    static skad_profile profile;
    profile = *skad_profile_builtin("test");
    profile.memory_kib = 0;
    return &profile;
}

skad_publisher test_plain_publisher(const skad_identity *identity)
{
    return test_publisher(test_plain_profile(), identity);
}

skad_puzzle_nonce test_nonce(const skad_profile *profile, const skad_id *id, uint32_t epoch)
{
    skad_puzzle_nonce nonce = {.epoch = epoch};
    while (!skad_puzzle_dynamic_ok(id, &nonce, profile->memory_kib, profile->dynamic_bits)) {
        size_t at = SKAD_NONCE_BYTES - 1;
        while (++nonce.bytes[at] == 0 && at > 0) {
            at--;
        }
    }
    return nonce;
}

skad_identity test_identity(const skad_profile *profile, uint32_t number)
{
    skad_crypto_init();
    uint8_t seed[32] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                        (uint8_t)number};
    skad_identity identity;
    skad_status status = skad_identity_from_seed(seed, profile->memory_kib, &identity);
    while (status == SKAD_OK && !skad_identity_fits(&identity, profile)) {
        for (size_t at = 31; ++seed[at] == 0; at--) {
        }
        status = skad_identity_from_seed(seed, profile->memory_kib, &identity);
    }
    SKAD_ASSERT(status == SKAD_OK);
    skad_puzzle_nonce nonce =
        test_nonce(profile, &identity.id, skad_profile_epoch(profile, TEST_UNIX_S));
    status = skad_identity_add_nonce(&identity, profile, &nonce);
    SKAD_ASSERT(status == SKAD_OK);
    return identity;
}

skad_id test_target(uint32_t number)
{
    skad_id target;
    uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                        (uint8_t)number};
    skad_value_key(bytes, sizeof bytes, &target);
    return target;
}
