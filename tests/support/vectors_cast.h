/* Who sends and receives the vectors of whole datagrams: identity 1 sends, identity 2 receives. */
#ifndef SKAD_TESTS_VECTORS_CAST_H
#define SKAD_TESTS_VECTORS_CAST_H

#include <stdint.h>

#include "proto/seal.h"

/* What a request shows, and a reply grants. */
#define SKAD_CAST_TOKEN ((const uint8_t *)"0123456789abcdef")

typedef struct skad_cast {
    skad_identity sender;
    skad_identity receiver;
    uint8_t network_key[SKAD_HASH_BYTES];
    uint8_t request_digest[SKAD_HASH_BYTES]; /* what the replies answer */
    skad_sealer sealer;                      /* the sender's */
} skad_cast;

void skad_cast_init(skad_cast *self);

/* A plain message of a kind, a first contact's length when it is a request without a token.
 * `request_digest` and `token` may be NULL. */
void skad_cast_draft(const skad_cast *self, skad_kind kind, const skad_id *recipient,
                     const uint8_t *request_digest, const uint8_t *token, skad_draft *out);

/* The same with a message of one's own. */
void skad_cast_draft_message(const skad_cast *self, const skad_message *message,
                             const skad_id *recipient, const uint8_t *request_digest,
                             const uint8_t *token, skad_draft *out);

#endif
