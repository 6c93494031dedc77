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
    const skad_reach_family *self = &node->reachability.families[i];
    const bool client = self->client_us != 0 || (node->env.clients & family_of(i)) != 0;
    skad_event event = {.kind = SKAD_EVENT_REACHABILITY};
    event.u.reachability.family = (uint8_t)family_of(i);
    event.u.reachability.verdict = (uint8_t)self->verdict;
    event.u.reachability.role = client ? SKAD_ROLE_CLIENT : SKAD_ROLE_SERVER;
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
    if (verdict == SKAD_REACH_NO && node->role == SKAD_ROLE_AUTO) {
        begin_to_leave(node, i);
    } else {
        self->client_us = 0;
        self->eager = SKAD_REACH_EAGER;
        self->again = 0;
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
    self->quiet_us = 0;
    self->probe_us = now_us + skad_env_about_us(&node->env, SKAD_REACH_FRESH_US);
    const bool again = self->before_us != 0 && now_us - self->before_us <= SKAD_REACH_FRESH_US;
    if (self->verdict != SKAD_REACH_NO || again) {
        decide(node, i, SKAD_REACH_YES);
    } else {
        self->probe_us = now_us + SKAD_REACH_SOON_US;
    }
    mark_guarded(node, i);
}

/* A call came from where the NAT may be open: another caller, or silence, may show more. */
static void take_no_evidence(skad_node *node, skad_reach_family *self)
{
    self->call_until_us = 0;
    if (self->eager > 0) {
        self->eager--;
        return;
    }
    const uint64_t quiet_us = self->quiet_us == 0 ? SKAD_REACH_QUIET_US : 2 * self->quiet_us;
    self->quiet_us = quiet_us > SKAD_REACH_AGAIN_US ? SKAD_REACH_AGAIN_US : quiet_us;
    self->probe_us = node->env.now.mono_us + self->quiet_us +
                     skad_random_below(&node->env.random, self->quiet_us / 8);
    self->eager = 2 * SKAD_REACH_EAGER;
}

/* Whether a request may have come without passing what keeps strangers out. */
static bool is_neighbour(const skad_node *node, const skad_address *from, size_t i)
{
    const skad_address own = skad_observed_address(&node->observed, i, node->env.now.mono_us);
    const uint64_t group = node->env.profile.group_table_max == 0 ? 0 : skad_address_group(&own);
    if (own.family == SKAD_FAMILY_NONE) {
        return false;
    }
    return group != 0 ? skad_address_group(from) == group || skad_address_group(from) == 0
                      : memcmp(own.ip, from->ip, sizeof own.ip) == 0 && own.port == from->port;
}

void skad_reachability_heard(skad_node *node, const skad_address *from)
{
    const uint64_t now_us = node->env.now.mono_us;
    const size_t i = from->family == SKAD_FAMILY_IPV6;
    skad_reach_family *self = &node->reachability.families[i];
    if (!is_asked(node, i)) {
        return;
    }
    if (skad_contacted_is_new(&node->contacted, from, now_us) && !is_neighbour(node, from, i)) {
        take_evidence(node, i);
    } else {
        skad_reach_heard *heard = &self->heard[self->heard_next++ % SKAD_REACH_HEARD];
        memcpy(heard->ip, from->ip, sizeof heard->ip);
        heard->at_us = now_us;
        if (self->call_until_us != 0 && memcmp(self->caller.ip, from->ip, sizeof from->ip) == 0) {
            take_no_evidence(node, self);
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

static bool was_asked(const skad_reach_family *self, uint64_t group)
{
    return has_failed(self, group) || group == self->asked; /* just now: it would refuse */
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
        if (out->family == family_of(i) && !was_asked(self, group_of(node, out, slot))) {
            return slot;
        }
    }
    return SKAD_PEER_NONE;
}

/* There is no helper. */
static void do_without(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    if (self->verdict == SKAD_REACH_NO) {
        self->failed_count = 0; /* any one will do */
        if (node->env.now.mono_us - self->helped_us > SKAD_REACH_ALONE_US) {
            decide(node, i, SKAD_REACH_UNKNOWN);
        }
    }
}

static void probe(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    const skad_message message = {.kind = SKAD_KIND_PROBE};
    skad_address to;
    const bool later = self->verdict == SKAD_REACH_NO && self->again == 0;
    self->again = self->again > 0 ? (uint8_t)(self->again - 1) : 0;
    self->probe_us =
        node->env.now.mono_us +
        skad_env_about_us(&node->env, later ? SKAD_REACH_LATER_US : SKAD_REACH_SOON_US);
    const skad_peer_slot slot = draw_helper(node, i, &to);
    if (slot == SKAD_PEER_NONE) {
        do_without(node, i);
        self->asked = 0;
        return;
    }
    self->asked = group_of(node, &to, slot);
    self->helped_us = node->env.now.mono_us;
    const skad_request request = {
        .message = &message,
        .address = &to,
        .responder = &node->table.peers.peers[slot].id,
        .peer = &node->table.peers.peers[slot],
        .purpose = SKAD_PURPOSE_PROBE,
        .owner = self->asked,
    };
    if (!skad_request_send(node, &request)) {
        return; /* the next one is due anyway */
    }
}

/* Whether a request came from an address since an instant. If so many came since then that not all
 * are remembered, it may have. */
static bool has_heard(const skad_reach_family *self, const skad_address *from, uint64_t since_us)
{
    if (self->heard[self->heard_next % SKAD_REACH_HEARD].at_us >= since_us) {
        return true;
    }
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
    if (answer->kind != SKAD_KIND_PROBED) { /* nothing will come: another one is asked */
        if (self->verdict != SKAD_REACH_NO && self->call_until_us == 0) {
            self->probe_us = now_us + SKAD_REACH_OTHER_US;
            take_no_evidence(node, self);
        }
        return;
    }
    if (self->call_until_us != 0 || self->evidence_us > rpc->sent_us) {
        return; /* it came already */
    }
    if (has_heard(self, &answer->u.reply.u.probed.caller, rpc->sent_us)) {
        take_no_evidence(node, self);
    } else if (answer->u.reply.u.probed.caller.family == family_of(i)) {
        self->call_until_us = now_us + SKAD_REACH_CALL_US;
        self->caller = answer->u.reply.u.probed.caller;
        self->helper = rpc->owner;
    }
}

/* How many groups of helpers decide. A node that was reached has more to lose by a lie than to gain
 * by haste. */
static size_t helpers_needed(const skad_reach_family *self)
{
    return self->verdict == SKAD_REACH_YES ? SKAD_REACH_HELPERS_YES : SKAD_REACH_HELPERS;
}

/* A call did not come. */
static void fail(skad_node *node, size_t i)
{
    skad_reach_family *self = &node->reachability.families[i];
    const uint64_t now_us = node->env.now.mono_us;
    self->call_until_us = 0;
    self->missed = true;
    if (self->failed_count < SKAD_REACH_HELPERS_YES && !has_failed(self, self->helper)) {
        self->failed[self->failed_count++] = self->helper;
    }
    if (self->failed_count >= helpers_needed(self)) {
        self->failed_count = 0; /* the next time others may be asked, or these again */
        if (self->evidence_us == 0 || now_us - self->evidence_us > SKAD_REACH_AGAIN_US) {
            decide(node, i, SKAD_REACH_NO);
        }
    } else if (self->verdict != SKAD_REACH_NO) {
        self->eager = SKAD_REACH_EAGER; /* NATs have closed */
        self->quiet_us = 0;
        self->probe_us = now_us;
    }
    mark_guarded(node, i);
}

void skad_reachability_again(skad_node *node, unsigned families)
{
    const uint64_t now_us = node->env.now.mono_us;
    for (size_t i = 0; i < SKAD_REACH_FAMILIES; i++) {
        skad_reach_family *self = &node->reachability.families[i];
        if (is_asked(node, i) && (families & family_of(i)) != 0) {
            const uint64_t soon_us = self->helped_us + SKAD_REACH_SOON_US;
            self->quiet_us = 0;
            self->eager = SKAD_REACH_EAGER;
            self->again = SKAD_REACH_AGAIN;
            self->probe_us = self->helped_us != 0 && soon_us > now_us ? soon_us : now_us;
        }
    }
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
