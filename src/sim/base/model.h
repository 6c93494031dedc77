/* The linker's names of modelled cryptography (model.c); nothing else calls them. */
#ifndef SKAD_SIM_BASE_MODEL_H
#define SKAD_SIM_BASE_MODEL_H

#include "crypto/hash.h"
#include "crypto/keys.h"

void __wrap_skad_hash(skad_hash_domain domain, const uint8_t *key, const skad_span *parts,
                      size_t count, uint8_t *out, size_t out_bytes);
void __wrap_skad_hash_one(skad_hash_domain domain, const uint8_t *data, size_t len,
                          uint8_t out[static SKAD_HASH_BYTES]);
void __wrap_skad_sign(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                      const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
                      uint8_t signature[static SKAD_SIGNATURE_BYTES]);
bool __wrap_skad_verify(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                        const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                        const uint8_t signature[static SKAD_SIGNATURE_BYTES]);
void __wrap_skad_keypair_from_seed(const uint8_t seed[static 32],
                                   uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                                   uint8_t secret_key[static SKAD_SECRET_KEY_BYTES]);
bool __wrap_skad_equal(const void *a, const void *b, size_t len);
void __wrap_skad_wipe(void *data, size_t len);

#endif
