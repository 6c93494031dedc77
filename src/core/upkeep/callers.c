#include "src/core/upkeep/callers.h"

#include "proto/address.h"
#include "src/core/base/rate.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/request.h"

#define DRAWS 16 /* peers that are looked at; the farthest calls */

/* What one more costs, and how much of that is served in a second: of a group, and of all. So a
 * group has a probe in two seconds, a call in one, and two introductions in a second. */
#define COST_PROBE     4
#define COST_CALL      2
#define COST_INTRODUCE 1
static const skad_rate GROUP = {.per_s = 2, .burst = 8};
static const skad_rate ALL = {.per_s = 32, .burst = 128};

/* The place where a group's rate is kept: its own, or else that which used up the least. */
static size_t place_of(const skad_callers *self, uint64_t group)
{
    size_t least = 0;
    for (size_t i = 0; i < SKAD_CALLERS_GROUPS; i++) {
        if (self->groups[i] == group) {
            return i;
        }
        least = self->until_us[i] < self->until_us[least] ? i : least;
    }
    return least;
}

/* Whether one more of a requester may be served; then it counts. In a network without groups all
 * of them share the rate. */
static bool may_serve(skad_node *node, const skad_address *requester, uint64_t cost)
{
    skad_callers *self = &node->callers;
    const uint64_t now_us = node->env.now.mono_us;
    const uint64_t group =
        node->env.profile.group_table_max == 0 ? 0 : skad_address_group(requester);
    if (group == 0) {
        return skad_rate_allows(&ALL, cost, &self->all_until_us, now_us);
    }
    const size_t at = place_of(self, group);
    if (self->groups[at] != group) {
        self->groups[at] = group;
        self->until_us[at] = 0;
    }
    return skad_rate_allows(&GROUP, cost, &self->until_us[at], now_us) &&
           skad_rate_allows(&ALL, cost, &self->all_until_us, now_us);
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

/* Sends a CALL for a node to the peer in a slot. */
static skad_error_code call_by(skad_node *node, skad_peer_slot slot, const skad_address *caller,
                               const skad_id *asker, const skad_address *address)
{
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
    return skad_request_send(node, &request) ? SKAD_ERROR_NONE : SKAD_ERROR_BUSY;
}

/* Has a peer call a node, for a PROBE. */
static skad_error_code have_called(skad_node *node, const skad_id *asker,
                                   const skad_address *address, skad_address *caller)
{
    const skad_peer_slot slot = choose(node, asker, address, caller);
    if (slot == SKAD_PEER_NONE || !may_serve(node, address, COST_PROBE)) {
        return SKAD_ERROR_BUSY;
    }
    return call_by(node, slot, caller, asker, address);
}

/* Has a given peer call a node, for an INTRODUCE. */
static skad_error_code introduce(skad_node *node, const skad_id *asker, const skad_address *address,
                                 const skad_id *caller)
{
    const skad_peers *peers = &node->table.peers;
    const skad_peer_slot slot = skad_peers_find(peers, caller);
    if (!skad_peers_alive(peers, slot) || skad_id_equal(caller, asker)) {
        return SKAD_ERROR_UNSUPPORTED;
    }
    const skad_address at = skad_endpoint_address(peers, slot, skad_endpoint_index(address));
    if (at.family != address->family) {
        return SKAD_ERROR_UNSUPPORTED;
    }
    return may_serve(node, address, COST_INTRODUCE) ? call_by(node, slot, &at, asker, address)
                                                    : SKAD_ERROR_BUSY;
}

/* Pings a node for a helper, for a CALL. */
static skad_error_code call(skad_node *node, const skad_address *helper, const skad_id *asker,
                            const skad_address *address)
{
    const bool may = (node->families & address->family) != 0 &&
                     skad_address_routable(address, node->env.profile.allow_private) &&
                     !skad_id_equal(asker, &node->env.identity.id) &&
                     may_serve(node, helper, COST_CALL) &&
                     skad_request_ping(node, asker, address, SKAD_PURPOSE_CALL);
    return may ? SKAD_ERROR_NONE : SKAD_ERROR_BUSY;
}

skad_error_code skad_callers_serve(skad_node *node, const skad_opened *request,
                                   const skad_address *from, skad_message *answer)
{
    const skad_message *asked = &request->message;
    answer->kind = (skad_kind)((unsigned)asked->kind + SKAD_KIND_REPLY_OFFSET);
    if (asked->kind == SKAD_KIND_PROBE) {
        return have_called(node, &request->sender, from, &answer->u.reply.u.probed.caller);
    }
    if (asked->kind == SKAD_KIND_INTRODUCE) {
        return introduce(node, &request->sender, from, &asked->u.introduce.id);
    }
    return call(node, from, &asked->u.call.id, &asked->u.call.endpoint);
}
