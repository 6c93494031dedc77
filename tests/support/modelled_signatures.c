#include "tests/support/modelled_signatures.h"

/* The model's secret: whoever has it can sign as anybody, so only this file does. */
static const uint8_t MODEL_KEY[SKAD_HASH_KEY_BYTES] = {'m', 'o', 'd', 'e', 'l'};

static void model(skad_sign_purpose purpose, const uint8_t *digest, const uint8_t *public_key,
                  uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    uint8_t what = (uint8_t)purpose;
    skad_span parts[] = {
        {public_key, SKAD_PUBLIC_KEY_BYTES}, {&what, 1}, {digest, SKAD_HASH_BYTES}};
    skad_hash(SKAD_HASH_FILE, MODEL_KEY, parts, sizeof parts / sizeof parts[0], signature,
              SKAD_SIGNATURE_BYTES);
}

void __wrap_skad_sign(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                      const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
                      uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    const uint8_t *public_key = secret_key + SKAD_SECRET_KEY_BYTES - SKAD_PUBLIC_KEY_BYTES;
    model(purpose, digest, public_key, signature);
}

bool __wrap_skad_verify(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                        const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                        const uint8_t signature[static SKAD_SIGNATURE_BYTES])
{
    uint8_t right[SKAD_SIGNATURE_BYTES];
    model(purpose, digest, public_key, right);
    return skad_equal(right, signature, sizeof right);
}
