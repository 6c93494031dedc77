#include "src/core/upkeep/callers.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/core/base/rate.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/request.h"

#define DRAWS 16 /* peers that are looked at */

/* What one more costs, and how much of that is served in a second: of a group, and of all. So a
 * group has a probe in two seconds, a call in one, and two introductions in a second; a wider one
 * has as many more as diversity.h allows it, a /16 four times as many. */
#define COST_PROBE     4
#define COST_CALL      2
#define COST_INTRODUCE 1
#define WIDEST         4 /* every factor of skad/group.h divides it */
static const skad_rate GROUP = {.per_s = 2 * WIDEST, .burst = 8 * WIDEST};
static const skad_rate ALL = {.per_s = 32, .burst = 128};
/* Of the group of those that are called: four pings at once, then one in five seconds. */
#define COST_TARGET UINT64_C(20) /* 5 WIDEST */
static const skad_rate TARGET = {.per_s = WIDEST, .burst = 4 * COST_TARGET};
/* A peer that is named is asked to call forty times at once, and then twice in a second, twice as
 * often as it serves a helper. */
#define COST_NAMED (WIDEST / 2)
#define RATES_MAX  (2 * SKAD_GROUP_LEVELS + 2) /* that one request is charged to */

/* Rates that are charged together, or not at all. */
typedef struct charges {
    struct {
        const skad_rate *rate;
        uint64_t cost;
        uint64_t *until_us;
    } all[RATES_MAX];
    size_t count;
} charges;

static void add(charges *self, const skad_rate *rate, uint64_t cost, uint64_t *until_us)
{
    SKAD_ASSERT(self->count < RATES_MAX);
    self->all[self->count].rate = rate;
    self->all[self->count].cost = cost;
    self->all[self->count++].until_us = until_us;
}

static bool have_room(const charges *self, uint64_t now_us)
{
    bool room = true;
    for (size_t i = 0; i < self->count; i++) {
        room = room && skad_rate_has_room(self->all[i].rate, *self->all[i].until_us, now_us);
    }
    return room;
}

static void charge(const charges *self, uint64_t now_us)
{
    for (size_t i = 0; i < self->count; i++) {
        skad_rate_charge(self->all[i].rate, self->all[i].cost, self->all[i].until_us, now_us);
    }
}

static unsigned factor_of(const uint64_t groups[static SKAD_GROUP_LEVELS], unsigned level)
{
    const unsigned factor = skad_group_factor(groups[0], level);
    SKAD_ASSERT(factor > 0);
    return factor;
}

static bool is_charged(const charges *self, const uint64_t *until_us)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->all[i].until_us == until_us) {
            return true;
        }
    }
    return false;
}

skad_status skad_callers_init(skad_node *node)
{
    node->callers = node->lazy_allocation ? NULL : calloc(1, sizeof *node->callers);
    return node->lazy_allocation || node->callers != NULL ? SKAD_OK : SKAD_ERR_MEMORY;
}

void skad_callers_free(skad_node *node)
{
    free(node->callers);
    node->callers = NULL;
}

/* Whether there is memory for the first call. */
static bool is_ready(skad_node *node)
{
    if (node->callers == NULL) {
        node->callers = calloc(1, sizeof *node->callers);
    }
    return node->callers != NULL;
}

/* Where a requesters' group has its rate: its own place, or else that of the group which used up
 * the least. */
static uint64_t *place_of(skad_callers *self, uint64_t group, const charges *taken)
{
    size_t least = SKAD_CALLERS_GROUPS;
    for (size_t i = 0; i < SKAD_CALLERS_GROUPS; i++) {
        if (self->groups[i] == group) {
            return &self->until_us[i];
        }
        const bool less = least == SKAD_CALLERS_GROUPS || self->until_us[i] < self->until_us[least];
        least = less && !is_charged(taken, &self->until_us[i]) ? i : least;
    }
    self->groups[least] = group;
    self->until_us[least] = 0;
    return &self->until_us[least];
}

/* The groups around an address; none where addresses are not limited. */
static unsigned groups_of(const skad_node *node, const skad_address *address,
                          uint64_t out[static SKAD_GROUP_LEVELS])
{
    const uint64_t group = node->env.profile.group_table_max == 0 ? 0 : skad_address_group(address);
    return group == 0 ? 0 : skad_groups_of(group, out);
}

/* One more of a requester. In a network without groups all of them share the rate. */
static void add_requester(skad_node *node, const skad_address *requester, uint64_t cost,
                          charges *out)
{
    uint64_t groups[SKAD_GROUP_LEVELS];
    const unsigned count = groups_of(node, requester, groups);
    for (unsigned i = 0; i < count; i++) {
        add(out, &GROUP, cost * WIDEST / factor_of(groups, i),
            place_of(node->callers, groups[i], out));
    }
    add(out, &ALL, cost, &node->callers->all_until_us);
}

/* The place of those that are called with a number of a group, or an address, or an ID. */
static uint64_t *target_at(skad_node *node, const void *bytes, size_t len, const skad_id *by)
{
    skad_callers *self = node->callers;
    uint8_t input[2 * sizeof(skad_id)];
    SKAD_ASSERT(len <= sizeof(skad_id));
    if (!self->keyed) {
        skad_random_bytes(&node->env.random, self->key, sizeof self->key);
        self->keyed = true;
    }
    memcpy(input, bytes, len);
    if (by != NULL) {
        memcpy(input + len, by, sizeof *by);
    }
    len += by != NULL ? sizeof *by : 0;
    return &self->targets[skad_table_hash(self->key, input, len) % SKAD_CALLERS_TARGETS];
}

/* One more call for a node at an address; `by`: by this peer, where that is known. */
static void add_target(skad_node *node, const skad_address *address, const skad_id *by,
                       charges *out)
{
    uint64_t groups[SKAD_GROUP_LEVELS];
    const unsigned count = groups_of(node, address, groups);
    for (unsigned i = 0; i < count; i++) {
        add(out, &TARGET, COST_TARGET / factor_of(groups, i),
            target_at(node, &groups[i], sizeof groups[i], by));
    }
    if (count == 0) {
        uint8_t place[sizeof address->ip + sizeof address->port];
        memcpy(place, address->ip, sizeof address->ip);
        memcpy(place + sizeof address->ip, &address->port, sizeof address->port);
        add(out, &TARGET, COST_TARGET, target_at(node, place, sizeof place, by));
    }
}

/* Whether one more may be served; then it counts. What is refused uses up nothing: otherwise one
 * whose own rate is spent would use up that of its helpers. */
static bool may_serve(skad_node *node, const charges *all)
{
    const uint64_t now_us = node->env.now.mono_us;
    const bool may =
        have_room(all, now_us) &&
        skad_pending_count_of(&node->pending, SKAD_PURPOSE_CALL) < SKAD_CALLERS_WAITING;
    if (may) {
        charge(all, now_us);
    }
    return may;
}

/* What is banned is not asked, and not called either. */
static bool is_banned(const skad_node *node, const skad_id *id, const skad_address *address)
{
    return skad_bans_find(&node->bans, id, address, node->env.now.mono_us) != NULL;
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
    return out->family == address->family && !is_banned(node, &peers->peers[slot].id, out) &&
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

/* Sends a CALL. `request` says to which peer, and with which token. */
static bool send_call(skad_node *node, const skad_called *call, skad_request request)
{
    skad_message message;
    message.kind = SKAD_KIND_CALL;
    message.u.call.id = call->asker;
    message.u.call.endpoint = call->endpoint;
    request.message = &message;
    request.purpose = SKAD_PURPOSE_CALL;
    return skad_request_send(node, &request);
}

/* Asks the peer in a slot to call a node. */
static skad_error_code call_by(skad_node *node, skad_peer_slot slot, const skad_address *caller,
                               const skad_id *asker, const skad_address *address, uint64_t ticket)
{
    skad_callers *self = node->callers;
    self->calls_count = (uint16_t)(self->calls_count < UINT16_MAX ? self->calls_count + 1 : 1);
    const uint16_t number = self->calls_count;
    skad_called *call = &self->calls[number % SKAD_CALLERS_CALLS];
    *call = (skad_called){.asker = *asker, .endpoint = *address, .number = number};
    const skad_request request = {
        .address = caller,
        .responder = &node->table.peers.peers[slot].id,
        .peer = &node->table.peers.peers[slot],
        .owner = ticket,
        .step = number,
    };
    return send_call(node, call, request) ? SKAD_ERROR_NONE : SKAD_ERROR_BUSY;
}

bool skad_callers_answered(skad_node *node, const skad_pending_rpc *rpc, const skad_message *answer,
                           const uint8_t *token)
{
    if (node->callers == NULL) {
        return false;
    }
    skad_called *call = &node->callers->calls[rpc->step % SKAD_CALLERS_CALLS];
    if (rpc->kind != SKAD_KIND_CALL || rpc->step == 0 || call->number != rpc->step ||
        answer->kind != SKAD_KIND_ERROR || answer->u.reply.u.error.code != SKAD_ERROR_TOKEN ||
        token == NULL) {
        return false;
    }
    call->number = 0; /* not a second time */
    return send_call(node, call,
                     (skad_request){.address = &rpc->address,
                                    .responder = &rpc->responder,
                                    .token = token,
                                    .owner = rpc->owner});
}

bool skad_callers_send(skad_node *node, const skad_id *asker, const skad_address *address,
                       uint64_t ticket, skad_address *caller)
{
    charges all = {.count = 0};
    const skad_peer_slot slot = choose(node, asker, address, caller);
    if (slot == SKAD_PEER_NONE || !is_ready(node)) {
        return false;
    }
    add_requester(node, address, COST_PROBE, &all);
    if (!may_serve(node, &all)) {
        return false;
    }
    return call_by(node, slot, caller, asker, address, ticket) == SKAD_ERROR_NONE;
}

/* Has a given peer call a node, for an INTRODUCE. */
static skad_error_code introduce(skad_node *node, const skad_id *asker, const skad_address *address,
                                 const skad_id *caller)
{
    const skad_peers *peers = &node->table.peers;
    const skad_peer_slot slot = skad_peers_find(peers, caller);
    charges all = {.count = 0};
    if (!skad_peers_alive(peers, slot) || skad_id_equal(caller, asker)) {
        return SKAD_ERROR_UNSUPPORTED;
    }
    const skad_address at = skad_endpoint_address(peers, slot, skad_endpoint_index(address));
    if (at.family != address->family || is_banned(node, caller, &at)) {
        return SKAD_ERROR_UNSUPPORTED;
    }
    add_requester(node, address, COST_INTRODUCE, &all);
    add_target(node, address, caller, &all);
    add(&all, &TARGET, COST_NAMED, target_at(node, caller, sizeof *caller, NULL));
    return may_serve(node, &all) ? call_by(node, slot, &at, asker, address, 0) : SKAD_ERROR_BUSY;
}

/* Pings a node for a helper, for a CALL. */
static skad_error_code call(skad_node *node, const skad_address *helper, const skad_id *asker,
                            const skad_address *address)
{
    charges all = {.count = 0};
    add_requester(node, helper, COST_CALL, &all);
    add_target(node, address, NULL, &all);
    const bool may = (node->families & address->family) != 0 &&
                     skad_address_routable(address, node->env.profile.allow_private) &&
                     !skad_id_equal(asker, &node->env.identity.id) &&
                     !is_banned(node, asker, address) && may_serve(node, &all) &&
                     skad_request_ping(node, asker, address, SKAD_PURPOSE_CALL);
    return may ? SKAD_ERROR_NONE : SKAD_ERROR_BUSY;
}

skad_error_code skad_callers_serve(skad_node *node, const skad_opened *request,
                                   const skad_address *from, skad_message *answer)
{
    const skad_message *asked = &request->message;
    answer->kind = (skad_kind)((unsigned)asked->kind + SKAD_KIND_REPLY_OFFSET);
    if (!is_ready(node)) {
        return SKAD_ERROR_BUSY;
    }
    if (asked->kind == SKAD_KIND_INTRODUCE) {
        return introduce(node, &request->sender, from, &asked->u.introduce.id);
    }
    return call(node, from, &asked->u.call.id, &asked->u.call.endpoint);
}
