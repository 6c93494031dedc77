/* What the last node of a chain of FORWARDs says with its signature, so that it reaches the asker
 * unchanged: which nodes it knows nearest to the target, or how many nodes hold a record now.
 * proto/PROTOCOL.md, "Statements".
 *
 *     [public key, aim, time, holders, contacts, signature]
 *
 * The signature covers the network and the subject as well: the target, or the digest of the
 * record. So a statement says nothing in another network or about another target. Its time is of
 * its signer's clock; it keeps old statements from being handed out for ever. */
#ifndef SKAD_PROTO_STATEMENT_H
#define SKAD_PROTO_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"
#include "proto/message.h"
#include "skad/identity.h"
#include "skad/record.h"
#include "skad/types.h"

#define SKAD_STATEMENT_HOLDERS_MAX 127

typedef struct skad_statement {
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES]; /* of the signer */
    skad_forward_aim aim;
    uint64_t unix_s;
    uint8_t holders; /* STORE: nodes that hold the record; else 0 */
    size_t contacts_count;
    skad_contact contacts[SKAD_CONTACTS_MAX]; /* nearest to the target, in ascending distance */
} skad_statement;

/* What a statement is about: the digest of a FORWARD's target, or of its record. */
void skad_statement_subject(const skad_forward *forward, uint8_t out[static SKAD_HASH_BYTES]);

/* Encodes and signs one, with the publisher's key; contacts that do not fit are left out, the
 * farthest first. Returns the length, at most SKAD_STATEMENT_BYTES_MAX. */
size_t skad_statement_encode(skad_publisher signer, const uint8_t subject[static SKAD_HASH_BYTES],
                             const skad_statement *statement,
                             uint8_t out[static SKAD_STATEMENT_BYTES_MAX]);

/* Decodes strictly, and verifies the signature. Whose ID the public key has is not looked at. */
SKAD_MUST_CHECK bool skad_statement_open(const skad_network_id *network,
                                         const uint8_t subject[static SKAD_HASH_BYTES],
                                         skad_span bytes, skad_statement *out);

#endif
