/* seal: turns a typed message into the bytes that are sent. There are two steps, so that the
 * datagrams of one turn of the loop share a signature: skad_draft_write encodes, skad_seal signs a
 * batch and tags each. Pure functions: no state, any thread. */
#ifndef SKAD_PROTO_SEAL_H
#define SKAD_PROTO_SEAL_H

#include "proto/envelope.h"
#include "skad/status.h"

/* A datagram in the making: room for the tag, the signed part, and, once sealed, the proof. */
typedef struct skad_draft {
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
    uint16_t len;       /* so far, the tag's 16 bytes included */
    uint16_t bytes_max; /* of the sealed datagram, its path included */
    bool sealed;
    bool request;      /* otherwise a reply */
    uint8_t copy;      /* of a request that is sent again: which one; 0: the first */
    skad_id recipient; /* all-zero for a hello */
    uint8_t digest[SKAD_HASH_BYTES];
} skad_draft;

typedef struct skad_draft_fields {
    const skad_message *message;
    const uint8_t *rpc_id;
    const skad_id *recipient;
    const uint8_t *request_digest; /* NULL for requests */
    bool to_hello;                 /* it answers a hello, so it has to name us */
    skad_mark mark;                /* whether we are reached there (skad_envelope_fields) */
    const uint8_t *token;          /* NULL: none */
    size_t bytes_min;              /* pad the sealed datagram to at least this; 0: no padding */
    size_t bytes_max; /* leave contacts out to stay below; 0: SKAD_DATAGRAM_BYTES_MAX */
    uint8_t copy;     /* skad_draft; below SKAD_MERKLE_LEAVES_MAX */
} skad_draft_fields;

typedef struct skad_sealer {
    const skad_identity *identity;
    const skad_puzzle_nonce *nonce; /* of the current epoch */
    const uint8_t *network_key;     /* SKAD_HASH_BYTES */
} skad_sealer;

/* Encodes body and signed part and computes the digest. bytes_min is of the datagram sealed alone
 * (an empty path) and may be exceeded by one byte, where the padding's header grows; bytes_max
 * holds for batches as well. A hello is made SKAD_FIRST_CONTACT_BYTES long whatever the fields say,
 * since receivers recognise it by that length, and so it is never batched. Error: SKAD_ERR_INPUT
 * when the message does not fit bytes_max, or the padding SKAD_PAD_BYTES_MAX. */
SKAD_MUST_CHECK skad_status skad_draft_write(const skad_sealer *sealer,
                                             const skad_draft_fields *fields, skad_draft *out);

/* Returns how many of these drafts, from the first on, fit together under one signature: 1..count,
 * at most SKAD_MERKLE_LEAVES_MAX, and each with room for its path below its bytes_max. count
 * >= 1. */
size_t skad_seal_batch_size(const skad_draft *const *drafts, size_t count);

/* Signs `count` drafts with one signature and tags each; count is as skad_seal_batch_size allows.
 *
 * A request that is sent again has the same signed part, so that an answer to any copy covers it;
 * but its receiver handles the same datagram only once. So the tree of a batch with copies has one
 * more leaf, the first, which holds the highest number of a copy: no two batches of the same
 * drafts have the same root. A copy that is sealed alone has an empty path and its number as index
 * (skad_envelope_root). */
void skad_seal(const skad_sealer *sealer, skad_draft *const *drafts, size_t count);

#endif
