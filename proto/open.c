/* Verification, cheapest check first: comparisons, a hash for the static puzzle, up to six for the
 * path, one signature. The body is not decoded before they passed, and the identity is not proven
 * before all the rest is right. */
#include "proto/open.h"

#include <string.h>

#include "crypto/puzzle.h"

/* Whether a datagram of that kind may arrive in this way. */
static skad_verdict check_kind(skad_kind kind, bool hello, const skad_open_awaited *awaited)
{
    if (hello && kind != SKAD_KIND_PING) {
        return SKAD_VERDICT_KIND;
    }
    return skad_kind_is_reply(kind) && awaited == NULL ? SKAD_VERDICT_UNSOLICITED
                                                       : SKAD_VERDICT_ACCEPT;
}

/* Finds out whose name the datagram bears. A request says so. The answer to a hello does as well;
 * any other answer is of the node that we asked, and has no room to say it once more. */
static bool find_sender(const skad_envelope *envelope, const skad_open_awaited *request,
                        skad_id *out)
{
    const skad_id *responder = request != NULL ? request->responder : NULL;
    if ((responder != NULL) == (envelope->id != NULL)) {
        return false;
    }
    memcpy(out->bytes, responder != NULL ? responder->bytes : envelope->id->bytes, SKAD_ID_BYTES);
    return true;
}

/* Checks what can be told of the sender for the price of a plain hash. */
static skad_verdict check_sender(const skad_open_context *context, const skad_envelope *envelope,
                                 const skad_open_awaited *request, skad_id *sender)
{
    const bool named = find_sender(envelope, request, sender);
    if (named && !context->own_too &&
        memcmp(sender->bytes, context->self.bytes, SKAD_ID_BYTES) == 0) {
        return SKAD_VERDICT_SELF;
    }
    if (!skad_profile_epoch_valid(context->profile, context->unix_s, envelope->nonce.epoch)) {
        return SKAD_VERDICT_EPOCH;
    }
    if (!named) {
        return SKAD_VERDICT_IDENTITY;
    }
    return skad_puzzle_static_ok(sender, context->profile->static_bits) ? SKAD_VERDICT_ACCEPT
                                                                        : SKAD_VERDICT_STATIC;
}

/* Proves what is not known yet of the sender's identity. */
static skad_verdict prove(const skad_open_context *context, const skad_envelope *envelope,
                          skad_opened *out)
{
    const skad_profile *profile = context->profile;
    if (context->known == SKAD_IDENTITY_UNKNOWN) {
        skad_id id;
        out->hard_hashes++;
        if (skad_node_id(envelope->public_key, profile->memory_kib, &id) != SKAD_OK) {
            return SKAD_VERDICT_RATE;
        }
        if (memcmp(id.bytes, out->sender.bytes, SKAD_ID_BYTES) != 0) {
            return SKAD_VERDICT_IDENTITY;
        }
    }
    if (context->known != SKAD_IDENTITY_PROVEN) {
        out->hard_hashes++;
        if (!skad_puzzle_dynamic_ok(&out->sender, &envelope->nonce, profile->memory_kib,
                                    profile->dynamic_bits)) {
            return SKAD_VERDICT_DYNAMIC;
        }
    }
    out->proven = true;
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

    skad_envelope_root(out->digest, envelope->index, envelope->path, envelope->depth, root);
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
    out->proven = false;
    out->hello = hello;
    out->hard_hashes = 0;
    skad_verdict verdict = check_kind(envelope->kind, hello, awaited);
    if (verdict == SKAD_VERDICT_ACCEPT) {
        verdict = check_sender(context, envelope, request, &out->sender);
    }
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
    if (!skad_message_decode(envelope->kind, envelope->body.data, envelope->body.len,
                             &out->message)) {
        return SKAD_VERDICT_BODY;
    }
    out->proven = context->known == SKAD_IDENTITY_PROVEN;
    const bool needed = request != NULL || context->prove || context->profile->memory_kib == 0;
    return needed && !out->proven ? prove(context, envelope, out) : SKAD_VERDICT_ACCEPT;
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
