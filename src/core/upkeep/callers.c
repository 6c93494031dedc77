#include "src/core/upkeep/callers.h"

#include "proto/address.h"
#include "src/core/base/rate.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/request.h"

#define DRAWS 16 /* peers that are looked at; the farthest calls */

static const skad_rate all = {.per_s = 8, .burst = 32};

/* Whether one more of a requester may be served; then it counts. In a network without groups all
 * of them share the rate. */
static bool may_serve(skad_node *node, const skad_address *requester)
{
    skad_callers *self = &node->callers;
    const uint64_t now_us = node->env.now.mono_us;
    const uint64_t group =
        node->env.profile.group_table_max == 0 ? 0 : skad_address_group(requester);
    size_t oldest = 0;
    for (size_t i = 0; i < SKAD_CALLERS_GROUPS && group != 0; i++) {
        if (self->groups[i] == group && self->served_us[i] + SKAD_CALLERS_PAUSE_US > now_us) {
            return false;
        }
        oldest = self->served_us[i] < self->served_us[oldest] ? i : oldest;
    }
    if (!skad_rate_allows(&all, 1, &self->all_until_us, now_us)) {
        return false;
    }
    self->groups[oldest] = group;
    self->served_us[oldest] = now_us;
    return true;
}

/* Whether a peer may call: it lives, has an address of the family, and another one than the asker.
 */
static bool suits(const skad_node *node, skad_peer_slot slot, const skad_id *asker,
                  const skad_address *address, skad_address *out)
{
    const skad_peers *peers = &node->table.peers;
    if (!skad_peers_alive(peers, slot) || skad_id_equal(&peers->peers[slot].id, asker)) {
        return false;
    }
    *out = skad_endpoint_address(peers, slot, skad_endpoint_index(address));
    const uint64_t group = skad_address_group(out);
    return out->family == address->family &&
           (group == 0 ? !skad_address_equal(out, address) : group != skad_address_group(address));
}

/* Draws some peers, and takes the farthest from the asker. */
static skad_peer_slot choose(skad_node *node, const skad_id *asker, const skad_address *address,
                             skad_address *out)
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot best = SKAD_PEER_NONE;
    skad_address at;
    for (unsigned i = 0; i < DRAWS && peers->high_water > 0; i++) {
        const skad_peer_slot slot =
            (skad_peer_slot)skad_random_below(&node->env.random, peers->high_water);
        if (suits(node, slot, asker, address, &at) &&
            (best == SKAD_PEER_NONE ||
             skad_distance_compare(asker, &peers->peers[slot].id, &peers->peers[best].id) > 0)) {
            best = slot;
            *out = at;
        }
    }
    return best;
}

bool skad_callers_send(skad_node *node, const skad_id *asker, const skad_address *address,
                       skad_address *caller)
{
    const skad_peer_slot slot = choose(node, asker, address, caller);
    if (slot == SKAD_PEER_NONE || !may_serve(node, address)) {
        return false;
    }
    skad_message message = {.kind = SKAD_KIND_CALL};
    message.u.call.id = *asker;
    message.u.call.endpoint = *address;
    const skad_request request = {
        .message = &message,
        .address = caller,
        .responder = &node->table.peers.peers[slot].id,
        .peer = &node->table.peers.peers[slot],
        .purpose = SKAD_PURPOSE_CALL,
    };
    return skad_request_send(node, &request);
}

bool skad_callers_call(skad_node *node, const skad_address *helper, const skad_id *asker,
                       const skad_address *address)
{
    return (node->families & address->family) != 0 &&
           skad_address_routable(address, node->env.profile.allow_private) &&
           !skad_id_equal(asker, &node->env.identity.id) && may_serve(node, helper) &&
           skad_request_ping(node, asker, address, SKAD_PURPOSE_CALL);
}
