#include "src/core/inbound/later.h"

#include <stdlib.h>

#include "src/core/node/state.h"
#include "src/core/upkeep/callers.h"

/* ---- Puts ---- */

/* Answers the first of those that wait. Only a requester with a valid token came so far. */
static void answer_first(skad_node *node, skad_error_code code)
{
    const skad_parked_answer *parked = skad_parked_first(&node->parked);
    if (code != SKAD_ERROR_NONE) {
        skad_late_answer_refuse(node, &parked->to, code);
    } else {
        skad_message message = {.kind = parked->kind};
        message.u.reply.u.stored.life_s = parked->life_s;
        skad_late_answer_send(node, &parked->to, &message);
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

skad_status skad_later_init(skad_later *self, bool later)
{
    *self = (skad_later){.probes = later ? NULL : calloc(SKAD_LATER_PROBES, sizeof *self->probes)};
    return later || self->probes != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_later_free(skad_later *self)
{
    free(self->probes);
    *self = (skad_later){0};
}

static skad_later_probe *find(skad_later *self, uint64_t ticket)
{
    if (self->probes == NULL) {
        self->probes = calloc(SKAD_LATER_PROBES, sizeof *self->probes);
    }
    if (self->probes == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < SKAD_LATER_PROBES; i++) {
        if (self->probes[i].ticket == ticket) {
            return &self->probes[i];
        }
    }
    return NULL;
}

bool skad_later_ask(skad_node *node, const skad_late_answer *probe)
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
    waits->ticket = ticket;
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
        skad_late_answer_send(node, &waits->answer, &message);
    } else {
        skad_late_answer_refuse(node, &waits->answer, SKAD_ERROR_BUSY);
    }
    waits->ticket = 0;
}
