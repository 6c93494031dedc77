#include "src/core/inbound/overhear.h"

#include <string.h>

#include "proto/open.h"
#include "src/core/base/rate.h"
#include "src/core/inbound/prefilter.h"
#include "src/core/node/state.h"
#include "src/core/rpc/role.h"
#include "src/core/rpc/signer.h"

size_t skad_overhear_write(skad_node *node, skad_family family,
                           uint8_t out[static SKAD_DATAGRAM_BYTES_MAX])
{
    static const skad_id any_node = {{0}};
    const skad_message ping = {.kind = SKAD_KIND_PING};
    const skad_sealer sealer = skad_signer_sealer(&node->env);
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    skad_draft draft;
    skad_draft *const drafts[] = {&draft};
    skad_random_bytes(&node->env.random, rpc_id, sizeof rpc_id);
    const skad_draft_fields fields = {
        .message = &ping,
        .rpc_id = rpc_id,
        .recipient = &any_node,
        .mark = skad_role_mark(node, family),
    };
    if (skad_draft_write(&sealer, &fields, &draft) != SKAD_OK) {
        return 0;
    }
    skad_seal(&sealer, drafts, 1);
    node->stats.signatures++;
    memcpy(out, draft.bytes, draft.len);
    return draft.len;
}

static skad_verdict check(skad_node *node, const skad_prefiltered *prefiltered, skad_id *sender)
{
    static const skad_rate rate = {SKAD_OVERHEAR_PER_S, SKAD_OVERHEAR_BURST};
    const skad_open_context context = {
        .profile = &node->env.profile,
        .unix_s = node->env.now.unix_s,
        .self = node->env.identity.id,
        .network_key = node->env.network_key,
    };
    skad_opened opened;
    if (!skad_rate_allows(&rate, 1, &node->overheard.until_us, node->env.now.mono_us)) {
        return SKAD_VERDICT_RATE;
    }
    const skad_verdict verdict =
        skad_open(&context, &prefiltered->envelope, prefiltered->hello, NULL, &opened);
    node->stats.verifications += opened.checked;
    *sender = opened.sender;
    return verdict;
}

skad_verdict skad_overhear(skad_node *node, const uint8_t *datagram, size_t len,
                           const skad_address *from, skad_id *sender)
{
    skad_prefiltered prefiltered;
    skad_verdict verdict = skad_prefilter(node, datagram, len, from, &prefiltered);
    if (verdict == SKAD_VERDICT_ACCEPT && (!prefiltered.hello || prefiltered.rpc != NULL)) {
        verdict = SKAD_VERDICT_KIND; /* for us alone: it would have come to our port */
    }
    if (verdict == SKAD_VERDICT_ACCEPT) {
        verdict = check(node, &prefiltered, sender);
    }
    if (verdict == SKAD_VERDICT_ACCEPT &&
        skad_bans_find(&node->bans, sender, from, node->env.now.mono_us) != NULL) {
        verdict = SKAD_VERDICT_BANNED;
    }
    if (verdict == SKAD_VERDICT_ACCEPT) {
        skad_duplicates_remember(&node->duplicates, datagram);
    }
    return verdict;
}
