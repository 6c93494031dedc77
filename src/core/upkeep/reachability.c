#include "src/core/upkeep/reachability.h"

#include <string.h>

#include "src/core/node/state.h"
#include "src/core/routing/contacted.h"
#include "src/core/routing/diversity.h"
#include "src/core/rpc/events.h"
#include "src/core/rpc/request.h"
#include "src/core/upkeep/handover.h"

static skad_family family_of(size_t i)
{
    return i == 0 ? SKAD_FAMILY_IPV4 : SKAD_FAMILY_IPV6;
}

static bool is_asked(const skad_node *node, size_t i)
{
    return node->contacted.cells != NULL && (node->families & family_of(i)) != 0;
}

skad_status skad_reachability_init(skad_node *node)
{
    uint8_t key[SKAD_TABLE_KEY_BYTES];
    if (!node->finds_reach) {
        return SKAD_OK;
    }
    skad_random_bytes(&node->env.random, key, sizeof key);
    for (size_t i = 0; i < SKAD_REACH_FAMILIES; i++) {
        node->reachability.families[i].eager = SKAD_REACH_EAGER;
    }
    return skad_contacted_init(&node->contacted, key);
}

/* ---- Verdicts ---- */

static void report(skad_node *node, size_t i)
{
    skad_event event = {.kind = SKAD_EVENT_REACHABILITY};
    event.u.reachability.family = (uint8_t)family_of(i);
    event.u.reachability.verdict = (uint8_t)node->reachability.families[i].verdict;
    skad_events_emit(&node->events, &event);
}

/* Whether strangers have to be introduced, as long as we are a server: calls did not come, and no
 * stranger did. As long as probes may yet decide, they are left alone: who is pinged to keep its
 * way open is no stranger, and its call would show nothing. */
static void mark_guarded(skad_node *node, size_t i)
{
    const skad_reach_family *self = &node->reachability.families[i];
    const bool undecided = self->verdict == SKAD_REACH_UNKNOWN && self->missed && self->eager == 0;
    const bool doubted = self->verdict == SKAD_REACH_NO || undecided;
    if (doubted && (node->env.clients & family_of(i)) == 0) {
        node->env.guarded |= (uint8_t)family_of(i);
    } else {
        node->env.guarded &= (uint8_t)~family_of(i);
    }
}

/* Hands our records over before we are a client. */
static void begin_to_leave(skad_node *node, size_t i)
{
    skad_store_totals totals;
    node->store.ops->totals(node->store.self, &totals);
    const uint64_t pause_us = totals.records == 0 ? 0 : SKAD_REACH_HANDOVER_US;
    node->reachability.families[i].client_us = node->env.now.mono_us + pause_us;
    skad_handover_leave(node);
}

static void decide(skad_node *node, size_t i, skad_reach verdict)
{
    skad_reach_family *self = &node->reachability.families[i];
    if (self->verdict == verdict) {
        return;
    }
    self->verdict = verdict;
    self->pause_us = verdict == SKAD_REACH_NO ? SKAD_REACH_LATER_US : 0;
    if (verdict == SKAD_REACH_NO && node->role == SKAD_ROLE_AUTO) {
        begin_to_leave(node, i);
    } else {
        self->client_us = 0;
        node->env.clients &= (uint8_t)~family_of(i);
    }
    report(node, i);
}

static void take_evidence(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    const uint64_t now_us = node->env.now.mono_us;
    self->before_us = self->evidence_us;
    self->evidence_us = now_us;
    self->failed_count = 0;
    self->missed = false;
    self->call_until_us = 0;
    self->pause_us = 0;
    self->probe_us = now_us + skad_env_about_us(&node->env, SKAD_REACH_FRESH_US);
    const bool again = self->before_us != 0 && now_us - self->before_us <= SKAD_REACH_FRESH_US;
    if (self->verdict != SKAD_REACH_NO || again) {
        decide(node, i, SKAD_REACH_YES);
    } else {
        self->probe_us = now_us + SKAD_REACH_SOON_US;
    }
    mark_guarded(node, i);
}

static void take_no_evidence(skad_reach_family *self)
{
    self->call_until_us = 0;
    if (self->eager > 0) {
        self->eager--;
        return;
    }
    self->pause_us *= 2;
    self->pause_us = self->pause_us > SKAD_REACH_AGAIN_US ? SKAD_REACH_AGAIN_US : self->pause_us;
}

void skad_reachability_heard(skad_node *node, const skad_address *from)
{
    const uint64_t now_us = node->env.now.mono_us;
    const size_t i = from->family == SKAD_FAMILY_IPV6;
    skad_reach_family *self = &node->reachability.families[i];
    if (!is_asked(node, i)) {
        return;
    }
    if (skad_contacted_is_new(&node->contacted, from, now_us)) {
        take_evidence(node, i);
    } else {
        skad_reach_heard *heard = &self->heard[self->heard_next++ % SKAD_REACH_HEARD];
        memcpy(heard->ip, from->ip, sizeof heard->ip);
        heard->at_us = now_us;
        if (self->call_until_us != 0 && memcmp(self->caller.ip, from->ip, sizeof from->ip) == 0) {
            take_no_evidence(self);
        }
    }
    skad_contacted_note(&node->contacted, from, now_us);
}

/* ---- Probes ---- */

static bool has_failed(const skad_reach_family *self, uint64_t group)
{
    for (size_t i = 0; i < self->failed_count; i++) {
        if (self->failed[i] == group) {
            return true;
        }
    }
    return false;
}

static uint64_t group_of(const skad_node *node, const skad_address *address, skad_peer_slot slot)
{
    const uint64_t group = skad_address_group(address);
    const bool groups = node->env.profile.group_table_max != 0 && group != 0;
    return groups ? group : (uint64_t)slot + 1; /* without groups each peer is its own */
}

/* Draws a helper that has not failed and can be asked for something. */
static skad_peer_slot draw_helper(skad_node *node, size_t i, skad_address *out)
{
    const skad_reach_family *self = &node->reachability.families[i];
    const skad_peers *peers = &node->table.peers;
    const size_t first = peers->high_water == 0
                             ? 0
                             : (size_t)skad_random_below(&node->env.random, peers->high_water);
    for (size_t n = 0; n < peers->high_water; n++) {
        const skad_peer_slot slot = (skad_peer_slot)((first + n) % peers->high_water);
        if (!skad_peers_alive(peers, slot) ||
            skad_endpoint_token(peers, slot, i, node->env.now.mono_us) == NULL) {
            continue;
        }
        *out = skad_endpoint_address(peers, slot, i);
        if (out->family == family_of(i) && !has_failed(self, group_of(node, out, slot))) {
            return slot;
        }
    }
    return SKAD_PEER_NONE;
}

static void probe(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    const skad_message message = {.kind = SKAD_KIND_PROBE};
    skad_address to;
    self->pause_us = self->pause_us < SKAD_REACH_SOON_US ? SKAD_REACH_SOON_US : self->pause_us;
    self->probe_us = node->env.now.mono_us + skad_env_about_us(&node->env, self->pause_us);
    const skad_peer_slot slot = draw_helper(node, i, &to);
    if (slot == SKAD_PEER_NONE) {
        return;
    }
    const skad_request request = {
        .message = &message,
        .address = &to,
        .responder = &node->table.peers.peers[slot].id,
        .peer = &node->table.peers.peers[slot],
        .purpose = SKAD_PURPOSE_PROBE,
        .owner = group_of(node, &to, slot),
    };
    if (!skad_request_send(node, &request)) {
        return; /* the next one is due anyway */
    }
}

/* Whether a request came from an address since an instant. */
static bool has_heard(const skad_reach_family *self, const skad_address *from, uint64_t since_us)
{
    for (size_t i = 0; i < SKAD_REACH_HEARD; i++) {
        if (self->heard[i].at_us >= since_us &&
            memcmp(self->heard[i].ip, from->ip, sizeof from->ip) == 0) {
            return true;
        }
    }
    return false;
}

void skad_reachability_answered(skad_node *node, const skad_pending_rpc *rpc,
                                const skad_message *answer)
{
    const size_t i = rpc->address.family == SKAD_FAMILY_IPV6;
    skad_reach_family *self = &node->reachability.families[i];
    const uint64_t now_us = node->env.now.mono_us;
    if (answer->kind != SKAD_KIND_PROBED || self->call_until_us != 0 ||
        self->evidence_us > rpc->sent_us) {
        return; /* nothing will come, or it came already */
    }
    if (has_heard(self, &answer->u.reply.u.probed.caller, rpc->sent_us)) {
        take_no_evidence(self);
    } else if (answer->u.reply.u.probed.caller.family == family_of(i)) {
        self->call_until_us = now_us + SKAD_REACH_CALL_US;
        self->caller = answer->u.reply.u.probed.caller;
        self->helper = rpc->owner;
    }
}

/* A call did not come. */
static void fail(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    const uint64_t now_us = node->env.now.mono_us;
    self->call_until_us = 0;
    self->missed = true;
    if (!has_failed(self, self->helper) && self->failed_count < SKAD_REACH_HELPERS) {
        self->failed[self->failed_count++] = self->helper;
    }
    if (self->failed_count == SKAD_REACH_HELPERS) {
        self->failed_count = 0; /* the next time others may be asked, or these again */
        if (self->evidence_us == 0 || now_us - self->evidence_us > SKAD_REACH_AGAIN_US) {
            decide(node, i, SKAD_REACH_NO);
        }
    } else if (self->verdict != SKAD_REACH_NO) {
        self->probe_us = now_us;
    }
    mark_guarded(node, i);
}

/* ---- Farewell ---- */

static void become_client(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    self->client_us = 0;
    self->farewell = 0;
    self->farewell_us = node->env.now.mono_us;
    node->env.clients |= (uint8_t)family_of(i);
    mark_guarded(node, i);
}

/* Pings some peers: that they do not list us any more is up to them. */
static void say_farewell(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    const skad_peers *peers = &node->table.peers;
    size_t pinged = 0;
    while (self->farewell < peers->high_water && pinged < SKAD_REACH_FAREWELLS) {
        const skad_peer_slot slot = (skad_peer_slot)self->farewell++;
        if (skad_peers_alive(peers, slot)) {
            const skad_address to = skad_endpoint_address(peers, slot, i);
            pinged += to.family != SKAD_FAMILY_NONE && skad_request_check(node, slot, &to);
        }
    }
    const bool over =
        self->farewell >= peers->high_water || (node->env.clients & family_of(i)) == 0;
    self->farewell_us = over ? 0 : node->env.now.mono_us + SKAD_REACH_FAREWELL_US;
}

/* ---- Time ---- */

static void tick(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    const uint64_t now_us = node->env.now.mono_us;
    if (self->call_until_us != 0 && now_us >= self->call_until_us) {
        fail(node, i);
    }
    if (self->client_us != 0 && now_us >= self->client_us) {
        become_client(node, i);
    }
    if (self->farewell_us != 0 && now_us >= self->farewell_us) {
        say_farewell(node, i);
    }
    if (now_us >= self->probe_us && self->call_until_us == 0) {
        probe(node, i);
    }
}

void skad_reachability_moved(skad_node *node, size_t family_index)
{
    skad_reach_family *self = &node->reachability.families[family_index];
    const bool told = self->verdict != SKAD_REACH_UNKNOWN;
    if (!is_asked(node, family_index)) {
        return;
    }
    *self = (skad_reach_family){
        .eager = SKAD_REACH_EAGER,
        .probe_us = node->env.now.mono_us + SKAD_REACH_SOON_US, /* peers grant tokens first */
        .farewell = self->farewell,
        .farewell_us = self->farewell_us,
        .missed = self->missed, /* what we are to others stays */
    };
    if (told) {
        report(node, family_index);
    }
}

void skad_reachability_tick(skad_node *node)
{
    for (size_t i = 0; i < SKAD_REACH_FAMILIES; i++) {
        if (is_asked(node, i)) {
            tick(node, i);
        }
    }
}

uint64_t skad_reachability_deadline(const skad_node *node)
{
    uint64_t next_us = UINT64_MAX;
    for (size_t i = 0; i < SKAD_REACH_FAMILIES; i++) {
        const skad_reach_family *self = &node->reachability.families[i];
        if (!is_asked(node, i)) {
            continue;
        }
        const uint64_t due_us = self->call_until_us != 0 ? self->call_until_us : self->probe_us;
        next_us = due_us < next_us ? due_us : next_us;
        next_us =
            self->farewell_us != 0 && self->farewell_us < next_us ? self->farewell_us : next_us;
        next_us = self->client_us != 0 && self->client_us < next_us ? self->client_us : next_us;
    }
    return next_us;
}
