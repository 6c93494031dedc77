#include "src/core/inbound/receive.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/core/inbound/admission.h"
#include "src/core/inbound/handle.h"
#include "src/core/inbound/prefilter.h"
#include "src/core/node/state.h"
#include "src/core/rpc/twin.h"

/* Keeps what skad_receive_open needs of the request that a reply answers, because the request
 * itself may be gone by then. */
static void keep_request(skad_inbound *inbound, const skad_pending_rpc *rpc)
{
    inbound->reply = rpc != NULL;
    inbound->has_responder = rpc != NULL && rpc->has_responder;
    if (rpc != NULL) {
        memcpy(inbound->request_digest, rpc->digest, sizeof inbound->request_digest);
        inbound->responder = rpc->responder;
    }
}

/* Whether the request is of a banned sender. The key is not proven yet, so a sender that pretends
 * to be a banned node is kept out as well. */
static bool banned(const skad_node *node, const skad_prefiltered *prefiltered,
                   const skad_address *from)
{
    return node->bans.banned.count > 0 && skad_bans_find(&node->bans, prefiltered->envelope.id,
                                                         from, node->env.now.mono_us) != NULL;
}

/* Whether something in the node would change by a request, so that its sender's identity matters: a
 * record, or the peers that are pinged to enter the table. */
static bool changes_something(const skad_node *node, const skad_envelope *envelope,
                              const skad_address *from)
{
    switch (envelope->kind) {
    case SKAD_KIND_STORE:
    case SKAD_KIND_ANNOUNCE:
    case SKAD_KIND_COMPARE:
    case SKAD_KIND_MATCH:
    case SKAD_KIND_PROBE:
    case SKAD_KIND_CALL:
    case SKAD_KIND_FORWARD:
    case SKAD_KIND_AUDIT:
    case SKAD_KIND_PROVE:
        return true;
    case SKAD_KIND_PING:
    case SKAD_KIND_FIND_NODE:
    case SKAD_KIND_FIND_VALUE:
    case SKAD_KIND_INTRODUCE: /* the one who asks is not noted */
        return skad_ping_queue_wants(node, envelope->id, from);
    case SKAD_KIND_PONG:
    case SKAD_KIND_NODES:
    case SKAD_KIND_VALUE:
    case SKAD_KIND_STORED:
    case SKAD_KIND_ANNOUNCED:
    case SKAD_KIND_COMPARED:
    case SKAD_KIND_MATCHED:
    case SKAD_KIND_PROBED:
    case SKAD_KIND_CALLED:
    case SKAD_KIND_INTRODUCED:
    case SKAD_KIND_FORWARDED:
    case SKAD_KIND_AUDITED:
    case SKAD_KIND_PROVEN:
    case SKAD_KIND_ERROR:
        break;
    }
    return false;
}

/* Decides whether the identity of a requester is to be proven: where it is not known and matters,
 * the address is the requester's, and there is budget. What is not proven is not remembered. */
static bool may_prove(skad_node *node, const skad_envelope *envelope, const skad_address *from)
{
    const uint64_t now_us = node->env.now.mono_us;
    if (envelope->token == NULL || !changes_something(node, envelope, from) ||
        !skad_token_ok(node->env.token_key, from, envelope->id, now_us, envelope->token)) {
        return false;
    }
    const bool may = skad_admission_may_prove(&node->admission, from, now_us);
    node->stats.identities_refused += !may;
    return may;
}

/* Looks up what is known of the sender's identity, and decides about the rest. */
static void consider_identity(skad_node *node, skad_inbound *inbound)
{
    const skad_envelope *envelope = &inbound->envelope;
    const skad_id *id = inbound->has_responder ? &inbound->responder : envelope->id;
    inbound->known = id == NULL ? SKAD_IDENTITY_UNKNOWN
                                : skad_identities_known(&node->identities, id, envelope->public_key,
                                                        &envelope->nonce);
    inbound->prove = !inbound->reply && node->identities.entries != NULL &&
                     inbound->known != SKAD_IDENTITY_PROVEN &&
                     may_prove(node, envelope, &inbound->from);
}

/* A datagram with our own key is dropped, but if another node has signed it, that is worth knowing.
 * One check a second at most. */
static void look_for_twin(skad_node *node, const skad_prefiltered *prefiltered,
                          const skad_address *from)
{
    const skad_open_context context = {
        .profile = &node->env.profile,
        .unix_s = node->env.now.unix_s,
        .self = node->env.identity.id,
        .network_key = node->env.network_key,
        .own_too = true,
    };
    skad_opened opened;
    if (!skad_twin_worth_check(node, &prefiltered->envelope, prefiltered->hello)) {
        return;
    }
    node->stats.verifications++;
    if (skad_open(&context, &prefiltered->envelope, false, NULL, &opened) == SKAD_VERDICT_ACCEPT) {
        skad_twin_seen(node, from);
    }
}

skad_verdict skad_receive_prefilter(skad_node *node, skad_inbound *inbound, skad_time now)
{
    skad_prefiltered prefiltered;
    node->env.now = now;
    node->env.local = inbound->local;
    node->stats.received++;
    node->stats.received_bytes += inbound->len;
    skad_verdict verdict =
        skad_prefilter(node, inbound->datagram, inbound->len, &inbound->from, &prefiltered);
    if (verdict == SKAD_VERDICT_ACCEPT && prefiltered.rpc != NULL &&
        !skad_pending_may_check(&node->pending, prefiltered.rpc, now.mono_us)) {
        verdict = SKAD_VERDICT_RATE;
    }
    if (verdict == SKAD_VERDICT_ACCEPT && prefiltered.rpc == NULL) {
        verdict = banned(node, &prefiltered, &inbound->from)
                      ? SKAD_VERDICT_BANNED
                      : skad_admission_check(node, &prefiltered.envelope, prefiltered.hello,
                                             &inbound->from, inbound->len);
    }
    if (verdict == SKAD_VERDICT_SELF) {
        look_for_twin(node, &prefiltered, &inbound->from);
    }
    if (verdict != SKAD_VERDICT_ACCEPT) {
        node->stats.verdicts[verdict]++;
        return verdict;
    }
    inbound->envelope = prefiltered.envelope;
    inbound->hello = prefiltered.hello;
    keep_request(inbound, prefiltered.rpc);
    inbound->profile = &node->env.profile;
    inbound->unix_s = now.unix_s;
    inbound->self = node->env.identity.id;
    inbound->network_key = node->env.network_key;
    consider_identity(node, inbound);
    return verdict;
}

void skad_receive_open(skad_inbound *inbound, skad_roots *roots)
{
    const skad_open_context context = {
        .profile = inbound->profile,
        .unix_s = inbound->unix_s,
        .known = inbound->known,
        .prove = inbound->prove,
        .self = inbound->self,
        .network_key = inbound->network_key,
        .roots = (const uint8_t(*)[SKAD_HASH_BYTES])roots->fingerprints,
        .roots_count = roots->fingerprints == NULL ? 0 : roots->limit,
    };
    const skad_open_awaited awaited = {
        .request_digest = inbound->request_digest,
        .responder = inbound->has_responder ? &inbound->responder : NULL,
    };
    inbound->verdict = skad_open(&context, &inbound->envelope, inbound->hello,
                                 inbound->reply ? &awaited : NULL, &inbound->opened);
    if (inbound->verdict == SKAD_VERDICT_ACCEPT && inbound->opened.batched &&
        inbound->opened.checked) { /* one that was not checked is known */
        skad_roots_remember(roots, inbound->opened.root_fingerprint);
    }
}

/* Looks up the request that a reply answers once more. Returns false when it no longer waits. */
static bool still_awaited(const skad_node *node, const skad_inbound *inbound,
                          const skad_pending_rpc **rpc)
{
    *rpc = NULL;
    if (!inbound->reply) {
        return true;
    }
    *rpc = skad_pending_match(&node->pending, inbound->envelope.rpc_id, &inbound->from,
                              inbound->envelope.kind);
    return *rpc != NULL &&
           memcmp((*rpc)->digest, inbound->request_digest, sizeof inbound->request_digest) == 0;
}

/* Counts the hashes of a proof, and remembers what they have proven. */
static void note_proof(skad_node *node, const skad_inbound *inbound)
{
    const skad_opened *opened = &inbound->opened;
    if (node->identities.entries == NULL || opened->hard_hashes == 0) {
        return;
    }
    node->stats.hard_hashes += opened->hard_hashes;
    if (opened->proven) {
        node->stats.identities_proven++;
        skad_identities_remember(&node->identities, &opened->sender, inbound->envelope.public_key,
                                 &inbound->envelope.nonce, &node->table.peers);
    }
}

/* Counts a wrong signature of a request that shows a valid token: such a signature is not an
 * accident. The wrong signatures of answers do not count, because whatever proves the address of an
 * answer can be overheard. */
static void strike(skad_node *node, const skad_inbound *inbound)
{
    const uint8_t *token = inbound->envelope.token;
    uint64_t now_us = node->env.now.mono_us;
    if (!inbound->reply && token != NULL &&
        skad_token_ok(node->env.token_key, &inbound->from, &inbound->opened.sender, now_us,
                      token)) {
        skad_bans_strike(&node->bans, &inbound->opened.sender, &inbound->from, SKAD_BAN_SIGNATURES,
                         now_us);
    }
}

skad_verdict skad_receive_handle(skad_node *node, skad_inbound *inbound, skad_time now)
{
    skad_prefiltered prefiltered = {.envelope = inbound->envelope, .hello = inbound->hello};
    node->env.now = now;
    node->env.local = inbound->local;
    node->stats.verifications += inbound->opened.checked;
    note_proof(node, inbound);
    skad_verdict verdict = inbound->verdict;
    if (verdict == SKAD_VERDICT_ACCEPT && !still_awaited(node, inbound, &prefiltered.rpc)) {
        verdict = SKAD_VERDICT_UNSOLICITED;
    }
    if (verdict == SKAD_VERDICT_ACCEPT &&
        skad_duplicates_seen(&node->duplicates, inbound->datagram)) {
        verdict = SKAD_VERDICT_DUPLICATE;
    }
    node->stats.verdicts[verdict]++;
    if (verdict == SKAD_VERDICT_SIGNATURE) {
        strike(node, inbound);
    }
    if (verdict == SKAD_VERDICT_ACCEPT) {
        skad_duplicates_remember(&node->duplicates, inbound->datagram);
        skad_handle(node, &prefiltered, &inbound->opened, &inbound->from, inbound->len);
    }
    return verdict;
}
