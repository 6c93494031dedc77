#include "src/core/upkeep/keepalive.h"

#include "src/core/node/state.h"
#include "src/core/rpc/request.h"

#define PACE_US   (SKAD_KEEPALIVE_US / SKAD_KEEPALIVE_PEERS)
#define SILENT_MS (SKAD_KEEPALIVE_US / 2 / SKAD_US_PER_MS)

void skad_keepalive_tick(skad_node *node)
{
    skad_keepalive *self = &node->keepalive;
    const skad_peers *peers = &node->table.peers;
    const uint64_t now_us = node->env.now.mono_us;
    const unsigned families = node->families & node->env.guarded;
    skad_peer_slot nearest[SKAD_KEEPALIVE_PEERS];
    skad_address to;
    if (now_us < skad_keepalive_deadline(node)) {
        return;
    }
    self->due_us = now_us + PACE_US;
    const size_t count = skad_peers_closest(peers, &node->env.identity.id, families, NULL,
                                            SKAD_KEEPALIVE_PEERS, nearest);
    self->next = self->next < SKAD_KEEPALIVE_PEERS - 1 ? (uint8_t)(self->next + 1) : 0;
    if (self->next < count &&
        skad_instant_since_ms(peers->peers[nearest[self->next]].last_seen, now_us) >= SILENT_MS &&
        skad_endpoint_choose(peers, nearest[self->next], families, &to)) {
        (void)skad_request_check(node, nearest[self->next], &to);
    }
}

uint64_t skad_keepalive_deadline(const skad_node *node)
{
    const bool needed = node->env.guarded != 0 && node->table.peers.count > 0;
    return needed ? node->keepalive.due_us : UINT64_MAX;
}
