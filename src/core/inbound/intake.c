#include "src/core/inbound/intake.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/inbound/admission.h"
#include "src/core/inbound/admit.h"
#include "src/core/inbound/handle.h"
#include "src/core/node/state.h"

/* Keeps what open needs of the request that a reply answers: the request itself may be gone by
 * then. */
static void keep_request(skad_intake *intake, const skad_pending_rpc *rpc)
{
    intake->reply = rpc != NULL;
    intake->has_responder = rpc != NULL && rpc->has_responder;
    if (rpc != NULL) {
        memcpy(intake->request_digest, rpc->digest, sizeof intake->request_digest);
        intake->responder = rpc->responder;
    }
}

/* Addresses have been looked at (admit.c). The key is not proven yet: whoever pretends to be a
 * banned node is kept out as well. */
static bool banned(const skad_node *node, const skad_admitted *admitted)
{
    skad_id sender;
    if (node->bans.banned.count == 0) {
        return false;
    }
    skad_node_id(admitted->envelope.public_key, &sender);
    return skad_bans_keep_out(&node->bans, &sender, NULL, node->env.now.mono_us);
}

skad_verdict skad_intake_admit(skad_node *node, skad_intake *intake, skad_time now)
{
    skad_admitted admitted;
    node->env.now = now;
    node->stats.received++;
    node->stats.received_bytes += intake->len;
    skad_verdict verdict =
        skad_admit(node, intake->datagram, intake->len, &intake->from, &admitted);
    if (verdict == SKAD_VERDICT_ACCEPT && banned(node, &admitted)) {
        verdict = SKAD_VERDICT_BANNED;
    }
    if (verdict == SKAD_VERDICT_ACCEPT && admitted.rpc == NULL) {
        verdict = skad_admission_check(node, &admitted.envelope, admitted.hello, &intake->from,
                                       intake->len);
    }
    if (verdict != SKAD_VERDICT_ACCEPT) {
        node->stats.verdicts[verdict]++;
        return verdict;
    }
    intake->envelope = admitted.envelope;
    intake->hello = admitted.hello;
    keep_request(intake, admitted.rpc);
    intake->profile = &node->env.profile;
    intake->epoch = skad_profile_epoch(&node->env.profile, now.unix_s);
    intake->self = node->env.identity.id;
    return verdict;
}

void skad_intake_open(skad_intake *intake, skad_roots *roots)
{
    const skad_open_context context = {
        .profile = intake->profile,
        .epoch = intake->epoch,
        .self = intake->self,
        .roots = (const uint8_t(*)[SKAD_HASH_BYTES])roots->prints,
        .roots_count = roots->prints == NULL ? 0 : roots->slots,
    };
    const skad_open_awaited awaited = {
        .request_digest = intake->request_digest,
        .responder = intake->has_responder ? &intake->responder : NULL,
    };
    intake->verdict = skad_open(&context, &intake->envelope, intake->hello,
                                intake->reply ? &awaited : NULL, &intake->opened);
    if (intake->verdict == SKAD_VERDICT_ACCEPT && intake->opened.batched &&
        intake->opened.checked) { /* one that is known is remembered already */
        skad_roots_remember(roots, intake->opened.root_print);
    }
}

/* Finds the request that a reply answers again. False when it no longer waits. */
static bool still_awaited(const skad_node *node, const skad_intake *intake,
                          const skad_pending_rpc **rpc)
{
    *rpc = NULL;
    if (!intake->reply) {
        return true;
    }
    *rpc = skad_pending_match(&node->pending, intake->envelope.rpc_id, &intake->from,
                              intake->envelope.kind);
    return *rpc != NULL &&
           memcmp((*rpc)->digest, intake->request_digest, sizeof intake->request_digest) == 0;
}

/* A wrong signature from an address that a token proves is nobody's mistake. */
static void strike(skad_node *node, const skad_intake *intake)
{
    const uint8_t *token = intake->envelope.token;
    uint64_t now_us = node->env.now.mono_us;
    if (!intake->reply && token != NULL &&
        skad_token_ok(node->env.token_key, &intake->from, &intake->opened.sender, now_us, token)) {
        skad_bans_strike(&node->bans, &intake->from, SKAD_BAN_SIGNATURES, now_us);
    }
}

skad_verdict skad_intake_handle(skad_node *node, skad_intake *intake, skad_time now)
{
    skad_admitted admitted = {.envelope = intake->envelope, .hello = intake->hello};
    node->env.now = now;
    node->stats.verifications += intake->opened.checked;
    skad_verdict verdict = intake->verdict;
    if (verdict == SKAD_VERDICT_ACCEPT && !still_awaited(node, intake, &admitted.rpc)) {
        verdict = SKAD_VERDICT_UNAWAITED;
    }
    if (verdict == SKAD_VERDICT_ACCEPT &&
        skad_duplicates_seen(&node->duplicates, intake->datagram)) {
        verdict = SKAD_VERDICT_DUPLICATE;
    }
    node->stats.verdicts[verdict]++;
    if (verdict == SKAD_VERDICT_SIGNATURE) {
        strike(node, intake);
    }
    if (verdict == SKAD_VERDICT_ACCEPT) {
        skad_duplicates_remember(&node->duplicates, intake->datagram);
        skad_handle(node, &admitted, &intake->opened, &intake->from, intake->len);
    }
    return verdict;
}
