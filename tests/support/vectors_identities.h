/* Who sends and receives the vectors of whole datagrams: identity 1 sends, identity 2 receives. */
#ifndef SKAD_TESTS_VECTORS_IDENTITIES_H
#define SKAD_TESTS_VECTORS_IDENTITIES_H

#include <stdint.h>

#include "proto/seal.h"

/* What a request shows, and a reply grants. */
#define SKAD_VECTOR_TOKEN ((const uint8_t *)"0123456789abcdef")

typedef struct skad_vector_identities {
    skad_identity sender;
    skad_identity receiver;
    skad_identity other; /* a node that neither of them is */
    uint8_t network_key[SKAD_HASH_BYTES];
    uint8_t request_digest[SKAD_HASH_BYTES]; /* what the replies answer */
    skad_sealer sealer;                      /* the sender's */
    skad_mark mark;                          /* that drafts have */
    bool to_hello;                           /* drafts answer a hello */
} skad_vector_identities;

void skad_vector_identities_init(skad_vector_identities *self);

/* A plain message of a kind, a first contact's length when it is a request without a token.
 * `request_digest` and `token` may be NULL. */
void skad_vector_draft(const skad_vector_identities *self, skad_kind kind, const skad_id *recipient,
                       const uint8_t *request_digest, const uint8_t *token, skad_draft *out);

/* The same with a message of one's own. */
void skad_vector_draft_message(const skad_vector_identities *self, const skad_message *message,
                               const skad_id *recipient, const uint8_t *request_digest,
                               const uint8_t *token, skad_draft *out);

#endif
