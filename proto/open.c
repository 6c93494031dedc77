/* Verification, cheapest check first: comparisons, two or three hashes for the puzzles, up to six
 * for the path, one signature. The body is not decoded before all of them passed. */
#include "proto/open.h"

#include <string.h>

#include "crypto/puzzle.h"

static bool epoch_near(uint32_t theirs, uint32_t ours)
{
    return (theirs > ours ? theirs - ours : ours - theirs) <= 1;
}

/* Whether a datagram of that kind may arrive in this way. */
static skad_verdict check_kind(skad_kind kind, bool hello, const skad_open_awaited *awaited)
{
    if (hello && kind != SKAD_KIND_PING) {
        return SKAD_VERDICT_KIND;
    }
    return skad_kind_is_reply(kind) && awaited == NULL ? SKAD_VERDICT_UNSOLICITED
                                                       : SKAD_VERDICT_ACCEPT;
}

/* Checks which identity sent it, and that the identity cost what the profile demands. */
static skad_verdict check_sender(const skad_open_context *context, const skad_envelope *envelope,
                                 const skad_id *responder, const skad_id *sender)
{
    if (!context->own_too && memcmp(sender->bytes, context->self.bytes, SKAD_ID_BYTES) == 0) {
        return SKAD_VERDICT_SELF;
    }
    if (!epoch_near(envelope->nonce.epoch, context->epoch)) {
        return SKAD_VERDICT_EPOCH;
    }
    if (responder != NULL && memcmp(sender->bytes, responder->bytes, SKAD_ID_BYTES) != 0) {
        return SKAD_VERDICT_IDENTITY;
    }
    if (!skad_puzzle_static_ok(sender, context->profile->static_bits)) {
        return SKAD_VERDICT_STATIC;
    }
    if (!skad_puzzle_dynamic_ok(sender, &envelope->nonce, context->profile->memory_kib,
                                context->profile->dynamic_bits)) {
        return SKAD_VERDICT_DYNAMIC;
    }
    return SKAD_VERDICT_ACCEPT;
}

static bool root_known(const skad_open_context *context, const uint8_t *fingerprint)
{
    for (size_t i = 0; i < context->roots_count; i++) {
        if (memcmp(context->roots[i], fingerprint, SKAD_HASH_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Climbs from the digest to the root and checks the signature over it, unless the same key, root
 * and signature passed before with another datagram of the batch. */
static bool signature_ok(const skad_open_context *context, const skad_envelope *envelope,
                         skad_opened *out)
{
    uint8_t root[SKAD_HASH_BYTES];

    skad_merkle_climb(out->digest, envelope->index, envelope->path, envelope->depth, root);
    if (envelope->depth > 0) {
        skad_root_fingerprint(envelope->public_key, root, envelope->signature,
                              out->root_fingerprint);
        if (root_known(context, out->root_fingerprint)) {
            return true;
        }
    }
    out->checked = true;
    return skad_verify(SKAD_SIGN_DATAGRAM, root, envelope->public_key, envelope->signature);
}

skad_verdict skad_open(const skad_open_context *context, const skad_envelope *envelope, bool hello,
                       const skad_open_awaited *awaited, skad_opened *out)
{
    static const skad_id any_node;
    const skad_open_awaited *request = skad_kind_is_reply(envelope->kind) ? awaited : NULL;

    out->checked = false;
    skad_verdict verdict = check_kind(envelope->kind, hello, awaited);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    if (skad_node_id(envelope->public_key, context->profile->memory_kib, &out->sender) != SKAD_OK) {
        return SKAD_VERDICT_IDENTITY;
    }
    verdict =
        check_sender(context, envelope, request != NULL ? request->responder : NULL, &out->sender);
    if (verdict != SKAD_VERDICT_ACCEPT) {
        return verdict;
    }
    skad_envelope_digest(context->network_key, hello ? &any_node : &context->self,
                         request != NULL ? request->request_digest : NULL, envelope->signed_part,
                         out->digest);
    out->batched = envelope->depth > 0;
    if (!signature_ok(context, envelope, out)) {
        return SKAD_VERDICT_SIGNATURE;
    }
    return skad_message_decode(envelope->kind, envelope->body.data, envelope->body.len,
                               &out->message)
               ? SKAD_VERDICT_ACCEPT
               : SKAD_VERDICT_BODY;
}

void skad_root_fingerprint(const uint8_t public_key[static SKAD_PUBLIC_KEY_BYTES],
                           const uint8_t root[static SKAD_HASH_BYTES],
                           const uint8_t signature[static SKAD_SIGNATURE_BYTES],
                           uint8_t out[static SKAD_HASH_BYTES])
{
    /* A fingerprint never leaves the node, so it needs no domain of its own. Its input is twice as
     * long as that of a branch and cannot be mistaken for one. */
    const skad_span parts[] = {
        {public_key, SKAD_PUBLIC_KEY_BYTES},
        {root, SKAD_HASH_BYTES},
        {signature, SKAD_SIGNATURE_BYTES},
    };
    skad_hash(SKAD_HASH_BRANCH, NULL, parts, 3, out, SKAD_HASH_BYTES);
}
