#include "src/core/forward/route.h"

#include "src/core/node/state.h"
#include "src/core/routing/density.h"
#include "src/core/routing/distance.h"

#define BITS_A_HOP  4 /* that a hop gains, at least mostly: k contacts in a bucket */
#define HOPS_MAX    6
#define BITS_OF_LOT 3 /* beyond those of the target, that a drawn contact may share with us */

bool skad_route_forward(const skad_node *node, const skad_id *target, const skad_id *requester)
{
    return skad_distance_compare(target, &node->env.identity.id, requester) < 0;
}

static bool nearer_than_us(const skad_node *node, const skad_id *target, skad_peer_slot slot)
{
    return skad_distance_compare(target, &node->table.peers.peers[slot].id,
                                 &node->env.identity.id) < 0;
}

/* Of the closest to the target takes those that are nearer than we are, or the others. */
static size_t choose(const skad_node *node, const skad_id *target, const skad_id *except,
                     bool nearer, skad_peer_slot out[static SKAD_ROUTE_MAX])
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot slots[SKAD_ROUTE_MAX];
    const size_t found =
        skad_peers_closest(peers, target, node->families, except, SKAD_ROUTE_MAX, slots);
    size_t count = 0;
    for (int doubted = 0; doubted <= 1; doubted++) {
        for (size_t i = 0; i < found; i++) {
            if (nearer_than_us(node, target, slots[i]) == nearer &&
                skad_balance_doubted(&node->balances, &peers->peers[slots[i]].id,
                                     node->env.now.mono_us) == (doubted == 1)) {
                out[count++] = slots[i];
            }
        }
    }
    return count;
}

size_t skad_route_nearer(const skad_node *node, const skad_id *target, const skad_id *except,
                         skad_peer_slot out[static SKAD_ROUTE_MAX])
{
    return choose(node, target, except, true, out);
}

size_t skad_route_beside(const skad_node *node, const skad_id *target, const skad_id *except,
                         skad_peer_slot out[static SKAD_ROUTE_MAX])
{
    return choose(node, target, except, false, out);
}

skad_peer_slot skad_route_any(skad_node *node, const skad_id *target)
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot drawn = SKAD_PEER_NONE;
    const unsigned most = skad_common_prefix(target, &node->env.identity.id) + BITS_OF_LOT;
    uint32_t count = 0;
    for (size_t i = 0; i < peers->high_water; i++) {
        const skad_peer_slot slot = (skad_peer_slot)i;
        skad_address address;
        if (skad_peers_alive(peers, slot) && nearer_than_us(node, target, slot) &&
            skad_common_prefix(&node->env.identity.id, &peers->peers[slot].id) <= most &&
            skad_endpoint_choose(peers, slot, node->families, &address) &&
            !skad_balance_doubted(&node->balances, &peers->peers[slot].id, node->env.now.mono_us) &&
            skad_random_below(&node->env.random, ++count) == 0) {
            drawn = slot;
        }
    }
    return drawn;
}

uint8_t skad_route_share(skad_node *node, uint8_t budget)
{
    const unsigned rest = budget - 1U;
    return (uint8_t)(rest * 3 / 4 + skad_random_below(&node->env.random, rest / 8 + 1));
}

uint16_t skad_route_life_ms(skad_node *node, uint64_t left_us)
{
    const uint64_t left_ms = left_us / SKAD_US_PER_MS;
    const uint32_t spread_ms = SKAD_ROUTE_KEPT_MS_MAX - SKAD_ROUTE_KEPT_MS_MIN;
    const uint64_t wanted_ms =
        SKAD_ROUTE_KEPT_MS_MIN + skad_random_below(&node->env.random, spread_ms + 1);
    const uint64_t kept_ms = wanted_ms < left_ms / 4 ? wanted_ms : left_ms / 4;
    const uint64_t life_ms = left_ms - kept_ms;
    if (life_ms < SKAD_ROUTE_LIFE_MS_MIN) {
        return 0;
    }
    return (uint16_t)(life_ms < SKAD_FORWARD_LIFE_MS_MAX ? life_ms : SKAD_FORWARD_LIFE_MS_MAX);
}

uint32_t skad_route_patience_us(const skad_node *node, const skad_id *target,
                                const skad_address *address, uint16_t life_ms)
{
    const size_t s = node->env.profile.siblings;
    const unsigned depth = skad_density_region_bits(skad_density_median(&node->table, s));
    const unsigned order = skad_common_prefix(target, &node->env.identity.id);
    const unsigned bits = depth > order ? depth - order : 0;
    const unsigned hops = 1 + (bits + BITS_A_HOP - 1) / BITS_A_HOP;
    const uint64_t trip_us =
        skad_round_trips_late_us(&node->round_trips, (skad_family)address->family);
    const uint64_t wanted_us = trip_us * (hops < HOPS_MAX ? hops : HOPS_MAX);
    const uint64_t most_us = life_ms * SKAD_US_PER_MS / SKAD_RTO_OVERDUE_FACTOR;
    const uint64_t least_us = wanted_us < most_us ? wanted_us : most_us;
    return (uint32_t)(least_us < SKAD_RTO_MAX_US ? least_us : SKAD_RTO_MAX_US);
}
