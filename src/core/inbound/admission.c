#include "src/core/inbound/admission.h"

#include <string.h>

#include "crypto/keys.h"
#include "src/core/base/rate.h"
#include "src/core/node/state.h"
#include "src/core/rpc/answer_budget.h"
#include "src/core/rpc/role.h"
#include "src/core/rpc/signer.h"

/* A challenge costs a share of a signature. Those for load and those for sources that have used up
 * their rates have budgets apart, so that a flood from one source takes no challenge away from
 * others. */
static const skad_rate LOAD_CHALLENGES = {.per_s = 4000, .burst = 500};
static const skad_rate SOURCE_CHALLENGES = {.per_s = 2000, .burst = 250};

/* Cells of identities' rates drain sixty times as slowly as others, so more prefixes need theirs at
 * a time. */
#define IDENTITY_CELLS  8
#define IDENTITY_SLOWLY 60

skad_status skad_admission_init(skad_node *node, const skad_node_rates *rates)
{
    skad_admission *admission = &node->admission;
    uint8_t hash_key[SKAD_TABLE_KEY_BYTES];
    admission->unvalidated_all = rates->unvalidated_all;
    admission->validated_all = rates->validated_all;
    admission->identities_all = rates->identities_all;
    admission->limited = rates->cells != 0;
    if (!admission->limited) {
        return SKAD_OK;
    }
    skad_random_bytes(&node->env.random, hash_key, sizeof hash_key);
    skad_status status =
        skad_rate_limiter_init(&admission->unvalidated, rates->cells, rates->unvalidated, hash_key);
    if (status == SKAD_OK) {
        status =
            skad_rate_limiter_init(&admission->validated, rates->cells, rates->validated, hash_key);
    }
    if (status == SKAD_OK) {
        status = skad_rate_limiter_init(&admission->modest, rates->cells, rates->modest, hash_key);
    }
    if (status == SKAD_OK) {
        status =
            skad_rate_limiter_init(&admission->identities, (size_t)IDENTITY_CELLS * rates->cells,
                                   rates->identities, hash_key);
    }
    return status;
}

void skad_admission_free(skad_node *node)
{
    skad_rate_limiter_free(&node->admission.unvalidated);
    skad_rate_limiter_free(&node->admission.validated);
    skad_rate_limiter_free(&node->admission.modest);
    skad_rate_limiter_free(&node->admission.identities);
}

/* ---- Load ---- */

/* Whether one more unvalidated request may be verified. Updates whether the node is loaded. */
static bool unloaded(skad_admission *admission, uint64_t now_us)
{
    if (admission->loaded &&
        skad_rate_relaxed(&admission->unvalidated_all, admission->unvalidated_until_us, now_us)) {
        admission->loaded = false;
    }
    if (admission->loaded || admission->pressed) {
        return false;
    }
    admission->loaded =
        !skad_rate_allows(&admission->unvalidated_all, 1, &admission->unvalidated_until_us, now_us);
    return !admission->loaded;
}

/* Sends the sender a token, in an answer that covers the request as any answer does although
 * nothing of the request was verified. The answer must not be larger than the request, or a sender
 * with a spoofed source would gain by it. */
static void challenge(skad_node *node, const skad_envelope *envelope, const skad_id *sender,
                      bool hello, const skad_address *from, size_t len)
{
    static const skad_id any_node = {{0}};
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_message message = {.kind = SKAD_KIND_ERROR};
    message.u.reply.observed = *from;
    message.u.reply.u.error.code = SKAD_ERROR_TOKEN;
    message.u.reply.u.error.detail = 0;
    skad_envelope_digest(node->env.network_key, hello ? &any_node : &node->env.identity.id, NULL,
                         envelope->signed_part, digest);
    skad_token_make(node->env.token_key, from, sender, node->env.now.mono_us, token);
    const skad_draft_fields fields = {
        .message = &message,
        .rpc_id = envelope->rpc_id,
        .recipient = sender,
        .request_digest = digest,
        .to_hello = hello,
        .mark = skad_role_mark(node, from->family),
        .token = token,
        .bytes_max = len,
    };
    skad_sealer sealer = skad_signer_sealer(&node->env);
    /* Half of the outbox is for answers to senders that have paid. */
    skad_outgoing *outgoing =
        node->outbox.count < node->outbox.limit / 2 ? skad_outbox_reserve(&node->outbox) : NULL;
    if (outgoing != NULL &&
        skad_answer_budget_allows(&node->answers, len, false, node->env.now.mono_us) &&
        skad_draft_write(&sealer, &fields, &outgoing->draft) == SKAD_OK) {
        outgoing->to = *from;
        outgoing->local = node->env.local;
        skad_outbox_commit(&node->outbox);
    }
}

/* ---- The decision ---- */

bool skad_admission_exhausted(const skad_node *node, const skad_address *from, bool token)
{
    const skad_admission *admission = &node->admission;
    const uint64_t now_us = node->env.now.mono_us;
    return admission->limited &&
           skad_rate_limiter_exhausted(&admission->unvalidated, from, now_us) &&
           !skad_rate_has_room(&SOURCE_CHALLENGES, admission->source_challenged_until_us, now_us) &&
           (!token || skad_rate_limiter_exhausted(&admission->validated, from, now_us));
}

/* Whether a validated request is verified. `suspect`: the address is under suspicion; its peers
 * together have no more than a modest rate. Only requests with a token use any of that, so no
 * sender with a spoofed source takes it from them. */
static bool validated_allowed(skad_admission *admission, bool suspect, const skad_address *from,
                              uint64_t now_us)
{
    const bool limited = admission->limited;
    const bool modest = !limited || skad_rate_limiter_allows(&admission->modest, from, now_us);
    if (suspect && !modest) {
        return false;
    }
    if (limited && !suspect && !skad_rate_limiter_allows(&admission->validated, from, now_us)) {
        return false;
    }
    return (modest ||
            skad_rate_relaxed(&admission->validated_all, admission->validated_until_us, now_us)) &&
           skad_rate_allows(&admission->validated_all, 1, &admission->validated_until_us, now_us);
}

/* Whether there is budget for one more challenge. `within`: the source keeps to its rates, and the
 * challenge is for load. */
static bool may_challenge(skad_admission *admission, bool within, uint64_t now_us)
{
    return within
               ? skad_rate_allows(&LOAD_CHALLENGES, 1, &admission->load_challenged_until_us, now_us)
               : skad_rate_allows(&SOURCE_CHALLENGES, 1, &admission->source_challenged_until_us,
                                  now_us);
}

bool skad_admission_may_prove(skad_admission *admission, const skad_address *from, uint64_t now_us)
{
    if (admission->limited &&
        (skad_rate_limiter_exhausted(&admission->identities, from, now_us / IDENTITY_SLOWLY) ||
         !skad_rate_allows(&admission->identities_all, 1, &admission->identities_until_us,
                           now_us))) {
        return false;
    }
    return !admission->limited ||
           skad_rate_limiter_allows(&admission->identities, from, now_us / IDENTITY_SLOWLY);
}

skad_verdict skad_admission_check(skad_node *node, const skad_envelope *envelope, bool hello,
                                  const skad_address *from, size_t len)
{
    skad_admission *admission = &node->admission;
    uint64_t now_us = node->env.now.mono_us;
    const bool suspect = skad_bans_suspect(&node->bans, from, now_us);
    if (!admission->limited && !admission->pressed && !suspect) {
        return SKAD_VERDICT_ACCEPT;
    }
    bool validated =
        envelope->token != NULL &&
        skad_token_ok(node->env.token_key, from, envelope->id, now_us, envelope->token);
    if (validated) {
        return validated_allowed(admission, suspect, from, now_us) ? SKAD_VERDICT_ACCEPT
                                                                   : SKAD_VERDICT_RATE;
    }
    bool within = !suspect && (!admission->limited ||
                               skad_rate_limiter_allows(&admission->unvalidated, from, now_us));
    if (within && unloaded(admission, now_us)) {
        return SKAD_VERDICT_ACCEPT;
    }
    if (!may_challenge(admission, within, now_us)) {
        return SKAD_VERDICT_RATE;
    }
    challenge(node, envelope, envelope->id, hello, from, len);
    return SKAD_VERDICT_CHALLENGE;
}
