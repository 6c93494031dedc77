/* Signatures modelled by a keyed hash, for experiments with more datagrams than Ed25519 has time
 * for: as long as real ones, and nobody who does not call skad_sign can make one that verifies. A
 * program that wants them is linked with
 *
 *     -Wl,--wrap=skad_sign,--wrap=skad_verify
 *
 * and says in its report that its signatures are modelled. */
#ifndef SKAD_TESTS_MODELLED_SIGNATURES_H
#define SKAD_TESTS_MODELLED_SIGNATURES_H

#include "crypto/keys.h"

/* The linker's names; nothing else calls them. */
void __wrap_skad_sign(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                      const uint8_t secret_key[static SKAD_SECRET_KEY_BYTES],
                      uint8_t signature[static SKAD_SIGNATURE_BYTES]);
bool __wrap_skad_verify(skad_sign_purpose purpose, const uint8_t digest[static SKAD_HASH_BYTES],
                        const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                        const uint8_t signature[static SKAD_SIGNATURE_BYTES]);

#endif
