#include "src/core/upkeep/keepalive.h"

#include "src/core/node/state.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/request.h"

#define PACE_US   (SKAD_KEEPALIVE_US / SKAD_KEEPALIVE_PEERS)
#define LOOKED_AT 64 /* to find them: groups have few */
#define SILENT_MS (SKAD_KEEPALIVE_US / 2 / SKAD_US_PER_MS)

/* Whether one more of an address's groups has room among the chosen. */
static bool has_room(const skad_node *node, const uint64_t *groups, size_t count, uint64_t group)
{
    skad_group_tally tally = skad_group_tally_of(group);
    for (size_t i = 0; i < count; i++) {
        skad_group_tally_add(&tally, groups[i]);
    }
    return skad_group_tally_has_room(&tally, node->env.profile.group_bucket_max);
}

/* Finds the nearest peers, of each address group as few as in a bucket; returns how many. */
static size_t find_nearest(const skad_node *node, unsigned families,
                           skad_peer_slot out[static SKAD_KEEPALIVE_PEERS])
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot all[LOOKED_AT];
    uint64_t groups[SKAD_KEEPALIVE_PEERS];
    skad_address at;
    size_t count = 0;
    const size_t found =
        skad_peers_closest(peers, &node->env.identity.id, families, NULL, LOOKED_AT, all);
    for (size_t i = 0; i < found && count < SKAD_KEEPALIVE_PEERS; i++) {
        if (skad_endpoint_choose(peers, all[i], families, &at) &&
            has_room(node, groups, count, skad_address_group(&at))) {
            groups[count] = skad_address_group(&at);
            out[count++] = all[i];
        }
    }
    return count;
}

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
    const size_t count = find_nearest(node, families, nearest);
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
