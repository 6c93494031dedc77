/* The bytes of an identity file, apart from the file: 168 bytes, described in docs/files.md. The
 * public calls that read and write the file are in skad/identity.h. */
#ifndef SKAD_CRYPTO_IDENTITY_FILE_H
#define SKAD_CRYPTO_IDENTITY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "skad/identity.h"

#define SKAD_IDENTITY_FILE_BYTES 168

/* Encodes an identity. The result holds the secret: wipe it. */
void skad_identity_encode(const skad_identity *identity,
                          uint8_t out[static SKAD_IDENTITY_FILE_BYTES]);

/* Decodes an identity. Errors: SKAD_ERR_VERSION (another version's file, whose size and checksum
 * may differ), SKAD_ERR_FORMAT, SKAD_ERR_MEMORY. *out is wiped first, and again on error. */
SKAD_MUST_CHECK skad_status skad_identity_decode(const uint8_t *in, size_t len, skad_identity *out);

#endif
