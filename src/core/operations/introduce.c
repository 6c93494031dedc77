#include "src/core/operations/introduce.h"

#include "src/core/lookup/credit.h"
#include "src/core/node/state.h"
#include "src/core/rpc/request.h"

/* Whether a candidate that was asked can introduce us to another, which it named as guarded. */
static bool suits(const skad_lookup *lookup, uint16_t namer, uint16_t candidate)
{
    const skad_candidate *from = &lookup->candidates.all[namer];
    return from->state == SKAD_STEP_ANSWERED && from->has_token &&
           from->introduces < SKAD_INTRODUCTIONS_MAX &&
           from->address.family == lookup->candidates.all[candidate].address.family &&
           skad_credit_names_guarded(lookup, namer, candidate);
}

/* Draws one of the namers, so that a liar among them is not always the one; SKAD_CANDIDATE_NONE:
 * there is none. */
static uint16_t draw_namer(skad_lookup *lookup, uint16_t candidate)
{
    uint16_t drawn = SKAD_CANDIDATE_NONE;
    unsigned count = 0;
    for (size_t i = 0; i < lookup->asked_count; i++) {
        if (suits(lookup, lookup->asked[i], candidate) &&
            skad_random_below(lookup->random, ++count) == 0) {
            drawn = lookup->asked[i];
        }
    }
    return drawn;
}

void skad_introduce(skad_node *node, skad_operation *operation, uint16_t candidate)
{
    skad_lookup *lookup = operation->lookup;
    skad_candidate *guarded = &lookup->candidates.all[candidate];
    const uint16_t namer = draw_namer(lookup, candidate);
    if (namer == SKAD_CANDIDATE_NONE) {
        return;
    }
    skad_candidate *from = &lookup->candidates.all[namer];
    skad_message message = {.kind = SKAD_KIND_INTRODUCE};
    message.u.introduce.id = guarded->contact.id;
    const skad_request request = {
        .message = &message,
        .address = &from->address,
        .responder = &from->contact.id,
        .token = from->token,
        .purpose = SKAD_PURPOSE_INTRODUCE,
    };
    if (skad_request_send(node, &request)) {
        guarded->introduced = true;
        from->introduces++;
        node->introducing_until_us = node->env.now.mono_us + SKAD_INTRODUCING_US;
    }
}
