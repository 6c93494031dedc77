#include "src/core/upkeep/callers.h"

#include <string.h>

#include "proto/address.h"
#include "src/core/base/rate.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/request.h"

#define DRAWS 16 /* peers that are looked at */

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

/* Draws some peers, and takes the first that is in the other half of the key space, or else one. */
static skad_peer_slot choose(skad_node *node, const skad_id *asker, const skad_address *address,
                             skad_address *out)
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot best = SKAD_PEER_NONE;
    skad_address at;
    for (unsigned i = 0; i < DRAWS && peers->high_water > 0; i++) {
        const skad_peer_slot slot =
            (skad_peer_slot)skad_random_below(&node->env.random, peers->high_water);
        const bool far = ((peers->peers[slot].id.bytes[0] ^ asker->bytes[0]) & 0x80) != 0;
        if ((far || best == SKAD_PEER_NONE) && suits(node, slot, asker, address, &at)) {
            best = slot;
            *out = at;
            if (far) {
                break;
            }
        }
    }
    return best;
}

bool skad_callers_send(skad_node *node, const skad_id *asker, const skad_address *address,
                       uint64_t ticket, skad_address *caller)
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
        .owner = ticket,
    };
    return skad_request_send(node, &request);
}

/* The place of those that are called with an address: of its group, or of itself if it has none. */
static uint32_t *place_of(skad_node *node, const skad_address *address)
{
    skad_callers *self = &node->callers;
    const uint64_t group = node->env.profile.group_table_max == 0 ? 0 : skad_address_group(address);
    uint8_t input[sizeof address->ip + sizeof address->port] = {0};
    if (!self->keyed) {
        skad_random_bytes(&node->env.random, self->key, sizeof self->key);
        self->keyed = true;
    }
    if (group != 0) {
        memcpy(input, &group, sizeof group);
    } else {
        memcpy(input, address->ip, sizeof address->ip);
        memcpy(input + sizeof address->ip, &address->port, sizeof address->port);
    }
    return &self->called_s[skad_table_hash(self->key, input, sizeof input) % SKAD_CALLERS_TARGETS];
}

/* Whether the node may call: one that may be behind a NAT would open it by that. */
static bool may_call(const skad_node *node, const skad_address *address)
{
    const skad_reach_family *own = &node->reachability.families[skad_endpoint_index(address)];
    return node->role != SKAD_ROLE_AUTO || own->verdict == SKAD_REACH_YES;
}

bool skad_callers_call(skad_node *node, const skad_address *helper, const skad_id *asker,
                       const skad_address *address)
{
    const uint32_t now_s = (uint32_t)(node->env.now.mono_us / SKAD_US_PER_S);
    if ((node->families & address->family) == 0 ||
        !skad_address_routable(address, node->env.profile.allow_private) ||
        skad_id_equal(asker, &node->env.identity.id) || !may_call(node, address) ||
        !may_serve(node, helper)) {
        return false;
    }
    uint32_t *called_s = place_of(node, address);
    if (now_s < *called_s || !skad_request_ping(node, asker, address, SKAD_PURPOSE_CALL)) {
        return false;
    }
    *called_s = now_s + SKAD_CALLERS_TARGET_S;
    return true;
}
