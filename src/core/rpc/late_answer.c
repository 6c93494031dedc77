#include "src/core/rpc/late_answer.h"

#include "src/core/node/state.h"
#include "src/core/rpc/answer_budget.h"
#include "src/core/rpc/role.h"
#include "src/core/rpc/signer.h"

void skad_late_answer_send(skad_node *node, const skad_late_answer *to, skad_message *message)
{
    skad_outgoing *outgoing = skad_outbox_reserve(&node->outbox);
    if (outgoing == NULL) {
        node->stats.outbox_dropped++;
        return;
    }
    message->u.reply.observed = to->from;
    const skad_draft_fields fields = {
        .message = message,
        .rpc_id = to->rpc_id,
        .recipient = &to->requester,
        .request_digest = to->digest,
        .mark = skad_role_mark(node, to->from.family),
        .token = to->granted,
    };
    skad_sealer sealer = skad_signer_sealer(&node->env);
    if (skad_draft_write(&sealer, &fields, &outgoing->draft) == SKAD_OK &&
        skad_answer_budget_allows(&node->answers, outgoing->draft.len + (size_t)SKAD_PROOF_BYTES(0),
                                  true, node->env.now.mono_us)) {
        outgoing->to = to->from;
        outgoing->local = to->local;
        skad_outbox_commit(&node->outbox);
    }
}

void skad_late_answer_refuse(skad_node *node, const skad_late_answer *to, skad_error_code code)
{
    skad_message message = {.kind = SKAD_KIND_ERROR};
    message.u.reply.u.error.code = code;
    node->stats.refusals++;
    node->stats.refused[code]++;
    skad_late_answer_send(node, to, &message);
}
