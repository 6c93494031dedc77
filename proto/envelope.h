/* The envelope around every body. proto/PROTOCOL.md, "Envelope".
 *
 *    tag(16) [version, kind, rpc id, public key, id, epoch, nonce, token, body, padding,
 *             index, path, signature]
 *
 * The bytes from the array header up to before `index` are the signed part. */
#ifndef SKAD_PROTO_ENVELOPE_H
#define SKAD_PROTO_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"
#include "proto/message.h"
#include "proto/writer.h"
#include "skad/verdict.h"

/* Pointers borrow from the datagram. */
typedef struct skad_envelope {
    skad_kind kind;
    skad_mark mark;            /* whether its sender is reached where it came from */
    const uint8_t *rpc_id;     /* SKAD_RPC_ID_BYTES */
    const uint8_t *public_key; /* SKAD_PUBLIC_KEY_BYTES */
    const skad_id *id;         /* that the sender claims; NULL: none, in most replies */
    skad_puzzle_nonce nonce;
    const uint8_t *token; /* SKAD_TOKEN_BYTES, or NULL when absent */
    skad_span body;
    skad_span signed_part;
    size_t index;             /* of the leaf; with an empty path: which copy of a request it is */
    const uint8_t *path;      /* depth * SKAD_HASH_BYTES */
    size_t depth;             /* 0..SKAD_MERKLE_DEPTH_MAX */
    const uint8_t *signature; /* SKAD_SIGNATURE_BYTES */
} skad_envelope;

/* Decodes an envelope (the datagram without its tag). Returns ACCEPT, STRUCTURE, VERSION
 * or KIND. */
SKAD_MUST_CHECK skad_verdict skad_envelope_decode(const uint8_t *data, size_t len,
                                                  skad_envelope *out);

/* The few fields of an envelope that stand at fixed positions and can be read before it is decoded.
 * An envelope that does not have the common form at its front yields none; a field that was read
 * may still be wrong. */
typedef struct skad_envelope_glance {
    uint8_t kind; /* without its mark */
    bool token;   /* something stands where a token belongs */
} skad_envelope_glance;

SKAD_MUST_CHECK bool skad_envelope_glance_at(const uint8_t *data, size_t len,
                                             skad_envelope_glance *out);

/* The fields that the sender of a datagram fills in. */
typedef struct skad_envelope_fields {
    skad_kind kind;
    skad_mark mark; /* whether we are reached where it leaves */
    const uint8_t *rpc_id;
    const uint8_t *public_key;
    const skad_id *id; /* NULL: none, in answers to a request that named us */
    const skad_puzzle_nonce *nonce;
    const uint8_t *token; /* NULL: none */
    skad_span body;
    size_t pad_bytes; /* 0..SKAD_PAD_BYTES_MAX */
} skad_envelope_fields;

void skad_envelope_write_signed_part(skad_writer *writer, const skad_envelope_fields *fields);
void skad_envelope_write_proof(skad_writer *writer, size_t index, const uint8_t *path, size_t depth,
                               const uint8_t signature[static SKAD_SIGNATURE_BYTES]);

/* Computes the digest that a datagram's signature leads to (a leaf, crypto/merkle.h):
 * BLAKE2b("skad1 leaf", key = network key, recipient || request digest || signed part).
 * request_digest is NULL for a request, which counts as 32 zero bytes. The recipient of a hello is
 * the all-zero ID. */
void skad_envelope_digest(const uint8_t network_key[static SKAD_HASH_BYTES],
                          const skad_id *recipient, const uint8_t *request_digest,
                          skad_span signed_part, uint8_t out[static SKAD_HASH_BYTES]);

/* Fills in the first leaf of a batch in which requests are sent again: the highest number of a copy
 * in it. It makes the root another one, and so the datagrams. */
void skad_envelope_copy_leaf(uint8_t copy, uint8_t out[static SKAD_HASH_BYTES]);

/* Computes the root that is signed from a datagram's digest, its index and its path. With an empty
 * path the root is the digest itself, or, of a copy, that of the tree of two leaves which
 * skad_envelope_copy_leaf begins: its path follows from its number and is left out. */
void skad_envelope_root(const uint8_t digest[static SKAD_HASH_BYTES], size_t index,
                        const uint8_t *path, size_t depth, uint8_t root[static SKAD_HASH_BYTES]);

#endif
