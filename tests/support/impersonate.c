#include "tests/support/impersonate.h"

#include <string.h>

#include "crypto/assert.h"
#include "proto/profile.h"
#include "proto/seal.h"

static void seal_as(const skad_profile *profile, const skad_identity *who,
                    const skad_draft_fields *fields, skad_datagram *out)
{
    uint8_t network_key[SKAD_HASH_BYTES];
    skad_profile_network_key(profile, network_key);
    skad_sealer sealer = {.identity = who, .nonce = &who->nonces[0], .network_key = network_key};
    skad_draft draft;
    skad_draft *drafts[] = {&draft};
    skad_status status = skad_draft_write(&sealer, fields, &draft);
    SKAD_ASSERT(status == SKAD_OK);
    skad_seal(&sealer, drafts, 1);
    out->len = draft.len;
    memcpy(out->bytes, draft.bytes, draft.len);
}

void test_reply_as(const skad_profile *profile, const skad_identity *who, const skad_address *to,
                   const skad_datagram *request, skad_message *message, skad_datagram *out)
{
    skad_envelope envelope;
    skad_verdict verdict = skad_envelope_decode(request->bytes + SKAD_TAG_BYTES,
                                                request->len - SKAD_TAG_BYTES, &envelope);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t network_key[SKAD_HASH_BYTES];
    skad_profile_network_key(profile, network_key);
    skad_envelope_digest(network_key, &who->id, NULL, envelope.signed_part, digest);
    message->u.reply.observed = *to;
    skad_draft_fields fields = {.message = message,
                                .rpc_id = envelope.rpc_id,
                                .recipient = envelope.id,
                                .request_digest = digest};
    out->to = *to;
    seal_as(profile, who, &fields, out);
}

void test_request_as(const skad_profile *profile, const skad_identity *who,
                     const skad_id *recipient, const skad_address *to, const skad_message *message,
                     uint64_t number, skad_datagram *out)
{
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    memcpy(rpc_id, &number, sizeof rpc_id);
    skad_draft_fields fields = {.message = message,
                                .rpc_id = rpc_id,
                                .recipient = recipient,
                                .bytes_min = SKAD_FIRST_CONTACT_BYTES};
    out->to = *to;
    seal_as(profile, who, &fields, out);
}
