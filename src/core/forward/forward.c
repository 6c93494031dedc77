#include "src/core/forward/forward.h"

#include "src/core/forward/route.h"
#include "src/core/node/state.h"
#include "src/core/rpc/request.h"

/* We wait for longer than we say, by the way there and back: who takes all of its time is not
 * silent. */
static uint16_t told_life_ms(const skad_node *node, const skad_address *address, uint16_t life_ms)
{
    const uint64_t trip_ms =
        skad_round_trips_late_us(&node->round_trips, (skad_family)address->family) / SKAD_US_PER_MS;
    const uint16_t most_ms = life_ms / 4;
    const uint16_t told_ms =
        (uint16_t)(life_ms - (trip_ms < most_ms ? trip_ms : (uint64_t)most_ms));
    return told_ms > SKAD_ROUTE_LIFE_MS_MIN ? told_ms : SKAD_ROUTE_LIFE_MS_MIN;
}

bool skad_forward_send(skad_node *node, const skad_forward_errand *errand)
{
    const skad_peers *peers = &node->table.peers;
    skad_message message;
    skad_address address;
    if (!skad_endpoint_choose(peers, errand->to, node->families, &address)) {
        return false;
    }
    message.kind = SKAD_KIND_FORWARD;
    message.u.forward = *errand->forward;
    message.u.forward.budget = errand->budget;
    message.u.forward.life_ms = told_life_ms(node, &address, errand->life_ms);
    const skad_request request = {
        .message = &message,
        .address = &address,
        .responder = &peers->peers[errand->to].id,
        .peer = &peers->peers[errand->to],
        .purpose = errand->purpose,
        .owner = errand->owner,
        .step = errand->step,
        .soft_us =
            skad_route_patience_us(node, &message.u.forward.target, &address, errand->life_ms),
        .over_us = (uint32_t)(errand->life_ms * SKAD_US_PER_MS),
    };
    return skad_request_send(node, &request);
}

void skad_forward_note(skad_node *node, const skad_pending_rpc *rpc, unsigned cost, bool fault)
{
    const uint64_t now_us = node->env.now.mono_us;
    if (fault) {
        skad_balance_silent(&node->balances, &rpc->responder, now_us);
    } else {
        skad_balance_credit(&node->balances, &rpc->responder, cost, now_us);
    }
}
