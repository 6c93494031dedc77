#include "src/core/upkeep/liveness_rounds.h"

#include "src/core/node/state.h"
#include "src/core/rpc/request.h"

/* Returns when a peer is checked even if no check is due, so that a dead network is noticed. */
static uint64_t wake_us(const skad_node *node)
{
    uint64_t woken_us = node->liveness_rounds.woken_us;
    return (node->heard_us > woken_us ? node->heard_us : woken_us) + SKAD_CHECK_INTERVAL_US;
}

uint64_t skad_liveness_rounds_deadline(const skad_node *node)
{
    const skad_peers *peers = &node->table.peers;
    uint64_t wake = wake_us(node);
    uint64_t due_us = peers->due_us < wake ? peers->due_us : wake;
    if (peers->count == 0) {
        return UINT64_MAX;
    }
    return due_us > node->liveness_rounds.idle_until_us ? due_us
                                                        : node->liveness_rounds.idle_until_us;
}

/* A banned peer is not asked: it counts as unresponsive, and is replaced like one. */
void skad_liveness_rounds_tick(skad_node *node)
{
    if (node->env.now.mono_us < skad_liveness_rounds_deadline(node)) {
        return;
    }
    node->liveness_rounds.idle_until_us = node->env.now.mono_us + SKAD_CHECK_IDLE_US;
    for (;;) {
        bool wake = node->env.now.mono_us >= wake_us(node);
        skad_peer_slot slot = skad_liveness_due(&node->table.peers, node->env.now.mono_us, wake);
        node->liveness_rounds.woken_us =
            wake ? node->env.now.mono_us : node->liveness_rounds.woken_us;
        if (slot == SKAD_PEER_NONE) {
            return;
        }
        const skad_peers *peers = &node->table.peers;
        const skad_id *id = &peers->peers[slot].id;
        skad_address address;
        bool reachable = skad_endpoint_choose(peers, slot, node->families, &address);
        if (reachable && skad_bans_keep_out(&node->bans, id, &address, node->env.now.mono_us)) {
            skad_table_failed(&node->table, id, &address, node->env.now.mono_us);
            continue;
        }
        if (!reachable || !skad_request_check(node, slot, &address)) {
            return;
        }
    }
}
