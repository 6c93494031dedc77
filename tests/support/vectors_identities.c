#include "tests/support/vectors_identities.h"

#include "crypto/assert.h"
#include "tests/support/wire.h"

void skad_vector_identities_init(skad_vector_identities *self)
{
    self->to_hello = false;
    skad_wire_identity(1, &self->sender);
    skad_wire_identity(2, &self->receiver);
    skad_wire_identity(8, &self->other);
    skad_wire_network_key(self->network_key);
    skad_wire_fill(self->request_digest, SKAD_HASH_BYTES, 0x90);
    self->sealer = (skad_sealer){
        .identity = &self->sender,
        .nonce = skad_identity_nonce(&self->sender, SKAD_WIRE_EPOCH),
        .network_key = self->network_key,
    };
}

void skad_vector_draft_message(const skad_vector_identities *self, const skad_message *message,
                               const skad_id *recipient, const uint8_t *request_digest,
                               const uint8_t *token, skad_draft *out)
{
    static const uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {0xf0, 0xf1, 0xf2, 0xf3,
                                                      0xf4, 0xf5, 0xf6, 0xf7};

    SKAD_ASSERT(
        skad_draft_write(
            &self->sealer,
            &(skad_draft_fields){
                .message = message,
                .rpc_id = rpc_id,
                .recipient = recipient,
                .request_digest = request_digest,
                .to_hello = self->to_hello,
                .mark = self->mark,
                .token = token,
                .bytes_min = request_digest == NULL && token == NULL ? SKAD_FIRST_CONTACT_BYTES : 0,
            },
            out) == SKAD_OK);
}

void skad_vector_draft(const skad_vector_identities *self, skad_kind kind, const skad_id *recipient,
                       const uint8_t *request_digest, const uint8_t *token, skad_draft *out)
{
    skad_message message;

    skad_wire_message(kind, &message);
    skad_vector_draft_message(self, &message, recipient, request_digest, token, out);
}
