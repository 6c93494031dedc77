#include "src/core/inbound/later.h"

#include <string.h>

#include "src/core/node/state.h"
#include "src/core/rpc/answer_budget.h"
#include "src/core/rpc/role.h"
#include "src/core/rpc/signer.h"
#include "src/core/upkeep/callers.h"

void skad_later_answer(skad_node *node, const skad_parked_answer *parked, skad_message *message)
{
    skad_outgoing *outgoing = skad_outbox_reserve(&node->outbox);
    if (outgoing == NULL) {
        node->stats.outbox_dropped++;
        return;
    }
    message->u.reply.observed = parked->from;
    const skad_draft_fields fields = {
        .message = message,
        .rpc_id = parked->rpc_id,
        .recipient = &parked->requester,
        .request_digest = parked->digest,
        .mark = skad_role_mark(node, parked->from.family),
        .token = parked->granted,
    };
    skad_sealer sealer = skad_signer_sealer(&node->env);
    if (skad_draft_write(&sealer, &fields, &outgoing->draft) == SKAD_OK &&
        skad_answer_budget_allows(&node->answers, outgoing->draft.len + (size_t)SKAD_PROOF_BYTES(0),
                                  true, node->env.now.mono_us)) {
        outgoing->to = parked->from;
        outgoing->local = parked->local;
        skad_outbox_commit(&node->outbox);
    }
}

void skad_later_refuse(skad_node *node, const skad_parked_answer *parked, skad_error_code code)
{
    skad_message message = {.kind = SKAD_KIND_ERROR};
    message.u.reply.u.error.code = code;
    node->stats.refusals++;
    node->stats.refused[code]++;
    skad_later_answer(node, parked, &message);
}

/* ---- Puts ---- */

/* Answers the first of those that wait. Only a requester with a valid token came so far. */
static void answer_first(skad_node *node, skad_error_code code)
{
    const skad_parked_answer *parked = skad_parked_first(&node->parked);
    if (code != SKAD_ERROR_NONE) {
        skad_later_refuse(node, parked, code);
    } else {
        skad_message message = {.kind = parked->kind};
        message.u.reply.u.stored.life_s = parked->life_s;
        skad_later_answer(node, parked, &message);
    }
    skad_parked_drop_first(&node->parked);
}

void skad_later_settled(skad_node *node, const skad_store_settled *settled)
{
    const skad_parked_answer *first;
    while ((first = skad_parked_first(&node->parked)) != NULL && first->ticket <= settled->ticket) {
        bool failed = first->ticket == settled->ticket && settled->status != SKAD_OK;
        answer_first(node, failed ? SKAD_ERROR_FULL : SKAD_ERROR_NONE);
    }
}

void skad_later_overdue(skad_node *node)
{
    while (skad_parked_deadline(&node->parked) <= node->env.now.mono_us) {
        answer_first(node, SKAD_ERROR_BUSY);
    }
}

/* ---- Probes ---- */

static skad_later_probe *find(skad_later *self, uint64_t ticket)
{
    for (size_t i = 0; i < SKAD_LATER_PROBES; i++) {
        if (self->probes[i].answer.ticket == ticket) {
            return &self->probes[i];
        }
    }
    return NULL;
}

bool skad_later_ask(skad_node *node, const skad_parked_answer *probe)
{
    skad_later_probe *waits = find(&node->later, 0);
    const uint64_t ticket = node->later.tickets + 1;
    skad_address caller;
    if (waits == NULL ||
        !skad_callers_send(node, &probe->requester, &probe->from, ticket, &caller)) {
        return false;
    }
    node->later.tickets = ticket;
    waits->answer = *probe;
    waits->answer.ticket = ticket;
    waits->caller = caller;
    return true;
}

void skad_later_called(skad_node *node, uint64_t ticket, bool called)
{
    skad_later_probe *waits = ticket == 0 ? NULL : find(&node->later, ticket);
    skad_message message = {.kind = SKAD_KIND_PROBED};
    if (waits == NULL) {
        return;
    }
    if (called) {
        message.u.reply.u.probed.caller = waits->caller;
        skad_later_answer(node, &waits->answer, &message);
    } else {
        skad_later_refuse(node, &waits->answer, SKAD_ERROR_BUSY);
    }
    waits->answer.ticket = 0;
}
