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

/* Passes over a peer that the operator banned: it counts as unresponsive, and is replaced like one.
 * One that the node itself banned is checked as any other: its answers are heard, so it loses no
 * place by the ban, and one that does not answer keeps none by earning bans. Returns false if it is
 * to be asked. */
static bool pass_over(skad_node *node, skad_peer_slot slot, const skad_address *address)
{
    const uint64_t now_us = node->env.now.mono_us;
    const skad_id *id = &node->table.peers.peers[slot].id;
    const skad_ban *ban = skad_bans_find(&node->bans, id, address, now_us);
    if (ban == NULL || ban->reason != SKAD_BAN_OPERATOR) {
        return false;
    }
    skad_table_failed(&node->table, id, address, now_us);
    return true;
}

/* Whether a peer can be asked, and where. */
static bool may_ask(skad_node *node, skad_peer_slot slot, skad_address *address)
{
    return skad_endpoint_choose(&node->table.peers, slot, node->families, address) &&
           !pass_over(node, slot, address);
}

/* Asks the peer whose check is due next, whenever that is. Those that must not be asked are passed
 * over, so that they do not keep a node from noticing what has become of the others. */
static void wake(skad_node *node)
{
    const uint64_t now_us = node->env.now.mono_us;
    skad_peers *peers = &node->table.peers;
    node->liveness_rounds.woken_us = now_us;
    for (size_t left = peers->count; left > 0; left--) {
        skad_peer_slot slot = skad_liveness_due(peers, now_us, true);
        if (slot == SKAD_PEER_NONE) {
            return;
        }
        const skad_id id = peers->peers[slot].id;
        skad_address address;
        if (may_ask(node, slot, &address)) {
            (void)skad_request_check(node, slot, &address);
            return;
        }
        if (skad_peers_find(peers, &id) == slot) {
            skad_peers_check_at(peers, slot, now_us + SKAD_CHECK_INTERVAL_MAX_US);
        }
    }
}

void skad_liveness_rounds_tick(skad_node *node)
{
    const uint64_t now_us = node->env.now.mono_us;
    if (now_us < skad_liveness_rounds_deadline(node)) {
        return;
    }
    node->liveness_rounds.idle_until_us = now_us + SKAD_CHECK_IDLE_US;
    if (now_us >= wake_us(node)) {
        wake(node);
    }
    skad_peer_slot slot;
    while ((slot = skad_liveness_due(&node->table.peers, now_us, false)) != SKAD_PEER_NONE) {
        skad_address address;
        if (may_ask(node, slot, &address) && !skad_request_check(node, slot, &address)) {
            return;
        }
    }
}
