/* The file in which a node keeps its verified peers over a restart: one strict msgpack value,
 * described byte by byte in docs/files.md. This is only the encoding; src/host/state/peer_store.h
 * reads and writes the file. */
#ifndef SKAD_PROTO_PEER_FILE_H
#define SKAD_PROTO_PEER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"
#include "skad/status.h"
#include "skad/types.h"

#define SKAD_PEER_FILE_CONTACTS_MAX 256
#define SKAD_PEER_FILE_MAGIC_BYTES  11

/* Public key, epoch, nonce. */
#define SKAD_PEER_FILE_PROOF_BYTES_MAX                                                             \
    (SKAD_FIXARRAY + SKAD_BIN8(SKAD_PUBLIC_KEY_BYTES) + SKAD_UINT32_BYTES_MAX +                    \
     SKAD_BIN8(SKAD_NONCE_BYTES))
/* A contact is kept without the mark of a guarded one: what lets us in forgets us meanwhile. */
#define SKAD_PEER_FILE_CONTACT_BYTES_MAX (SKAD_CONTACT_BYTES_MAX - SKAD_FIXINT)
/* array, magic, version, profile hash, time, contacts, proofs, checksum */
#define SKAD_PEER_FILE_BYTES_MAX                                                                   \
    (SKAD_FIXARRAY + SKAD_BIN8(SKAD_PEER_FILE_MAGIC_BYTES) + SKAD_FIXINT +                         \
     SKAD_BIN8(SKAD_HASH_BYTES) + SKAD_UINT64_BYTES_MAX + 2 * SKAD_ARRAY16 +                       \
     SKAD_PEER_FILE_CONTACTS_MAX *                                                                 \
         (SKAD_PEER_FILE_CONTACT_BYTES_MAX + SKAD_PEER_FILE_PROOF_BYTES_MAX) +                     \
     SKAD_BIN8(SKAD_HASH_BYTES))
_Static_assert(SKAD_PEER_FILE_BYTES_MAX == 29026, "docs/files.md");

typedef struct skad_peer_proof {
    bool known;
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    skad_puzzle_nonce nonce;
} skad_peer_proof;

typedef struct skad_peer_file {
    uint64_t written_s; /* wall clock, seconds since 1970 */
    size_t count;
    skad_contact contacts[SKAD_PEER_FILE_CONTACTS_MAX];  /* best first */
    skad_peer_proof proofs[SKAD_PEER_FILE_CONTACTS_MAX]; /* of each; `known` false: there is none */
} skad_peer_file;

/* Encodes the file and returns its length. Each contact must have an address. `profile_hash` is
 * that of skad_profile_hash: peers are of use only in their own network. */
size_t skad_peer_file_encode(const skad_peer_file *file,
                             const uint8_t profile_hash[static SKAD_HASH_BYTES],
                             uint8_t out[static SKAD_PEER_FILE_BYTES_MAX]);

/* Decodes the file. Errors: SKAD_ERR_VERSION (another version's file, whose size and checksum may
 * differ), SKAD_ERR_FORMAT (truncated, damaged, or not such a file at all), SKAD_ERR_INPUT (sound,
 * but of another network). */
SKAD_MUST_CHECK skad_status
skad_peer_file_decode(const uint8_t *data, size_t len,
                      const uint8_t profile_hash[static SKAD_HASH_BYTES], skad_peer_file *out);

#endif
