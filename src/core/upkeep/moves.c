#include "src/core/upkeep/moves.h"

#include <stdlib.h>

#include "proto/address.h"
#include "src/core/base/lazy.h"
#include "src/core/node/state.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/endpoints.h"
#include "src/core/routing/liveness.h"
#include "src/core/rpc/request.h"

skad_status skad_moves_init(skad_moves *self, bool later)
{
    *self = (skad_moves){0};
    self->suspects = skad_lazy_begin(later, SKAD_MOVES_SUSPECTS, sizeof *self->suspects);
    return skad_lazy_begun(later, self->suspects);
}

void skad_moves_free(skad_moves *self)
{
    free(self->suspects);
    *self = (skad_moves){0};
}

/* ---- We moved ---- */

static unsigned family_of(size_t endpoint)
{
    return endpoint == 0 ? SKAD_FAMILY_IPV4 : SKAD_FAMILY_IPV6;
}

static void distrust_tokens(skad_node *node, unsigned families)
{
    skad_peers *peers = &node->table.peers;
    for (skad_peer_slot slot = 0; slot < peers->high_water; slot++) {
        for (size_t i = 0; peers->peers[slot].roles != 0 && i < SKAD_ENDPOINTS; i++) {
            const skad_address address = skad_endpoint_address(peers, slot, i);
            if ((address.family & families) != 0) {
                skad_endpoint_distrust_token(peers, slot, &address, node->env.now.mono_us);
            }
        }
    }
}

/* Checks a peer now at an endpoint of these families. False if it has none, or there is no room. */
static bool check_now(skad_node *node, skad_peer_slot slot, unsigned families)
{
    skad_address address;
    return skad_endpoint_choose(&node->table.peers, slot, families & node->families, &address) &&
           skad_bans_find(&node->bans, &node->table.peers.peers[slot].id, &address,
                          node->env.now.mono_us) == NULL &&
           skad_request_check(node, slot, &address);
}

/* How far a round of checks has come. */
typedef struct round_of_checks {
    unsigned families;
    size_t at_once;  /* so many were checked */
    uint64_t due_us; /* of the last of the others */
} round_of_checks;

/* Checks all siblings, or all others: some now, the rest one after the other. */
static void check_those(skad_node *node, bool siblings, round_of_checks *round)
{
    skad_peers *peers = &node->table.peers;
    for (skad_peer_slot slot = 0; slot < peers->high_water; slot++) {
        const skad_peer *peer = &peers->peers[slot];
        const bool sibling = (peer->roles & SKAD_PEER_IN_SIBLINGS) != 0;
        if (peer->roles == 0 || sibling != siblings || (peer->families & round->families) == 0) {
            continue;
        }
        if (round->at_once < SKAD_MOVES_AT_ONCE && check_now(node, slot, round->families)) {
            round->at_once++;
        } else {
            round->due_us += SKAD_MOVES_SPACING_US;
            skad_liveness_by(peers, slot, round->due_us);
            peers->peers[slot].pressing = 1;
        }
    }
}

/* Neighbours first: what we hold is theirs, too, and they tell others where we are. */
static void check_peers(skad_node *node, unsigned families)
{
    round_of_checks round = {.families = families, .due_us = node->env.now.mono_us};
    check_those(node, true, &round);
    check_those(node, false, &round);
    node->liveness_rounds.idle_until_us = node->env.now.mono_us;
}

static void greet_join_addresses(skad_node *node, unsigned families)
{
    const skad_join_state *join = &node->join;
    for (size_t i = 0; i < join->addresses_count; i++) {
        if ((join->addresses[i].family & families) != 0) {
            (void)skad_request_ping(node, NULL, &join->addresses[i], SKAD_PURPOSE_HELLO);
        }
    }
}

/* What follows, whether the driver or our peers told us. */
static void begin_anew(skad_node *node, unsigned families)
{
    distrust_tokens(node, families);
    for (size_t i = 0; i < SKAD_ENDPOINTS; i++) {
        if ((families & family_of(i)) != 0) {
            skad_reachability_moved(node, i);
        }
    }
    check_peers(node, families);
    if (node->join.joined) {
        skad_refresh_look_around(node);
    }
}

void skad_moves_self(skad_node *node, unsigned families)
{
    skad_moves *self = &node->moves;
    families &= node->families;
    if (families == 0) {
        return;
    }
    if (self->moved_us == 0 || node->heard_us >= self->moved_us) {
        self->waits_us = node->env.now.mono_us;
    }
    self->moved_us = node->env.now.mono_us;
    for (size_t i = 0; i < SKAD_ENDPOINTS; i++) {
        if ((families & family_of(i)) != 0) {
            skad_observed_doubt(&node->observed, i, node->env.now.mono_us);
            self->own[i] = (skad_address){.family = SKAD_FAMILY_NONE};
        }
    }
    begin_anew(node, families);
    skad_republish_look(node, node->env.now.mono_us + SKAD_MOVES_PATIENCE_US);
    skad_join_moved(node);
    if (node->join.joined) { /* otherwise joining says hello */
        greet_join_addresses(node, families);
    }
}

/* An announcement prefers IPv4, so agreement about IPv6 waits for it for a while. */
static void look_at_announcements(skad_node *node, size_t endpoint)
{
    const uint64_t now_us = node->env.now.mono_us;
    const uint64_t until_us = node->moves.moved_us + SKAD_MOVES_PATIENCE_US;
    const bool waits = endpoint != 0 && node->moves.moved_us != 0 && until_us > now_us;
    skad_republish_look(node, waits ? until_us : now_us);
}

void skad_moves_observed(skad_node *node, const skad_address *observed)
{
    skad_moves *self = &node->moves;
    const uint64_t now_us = node->env.now.mono_us;
    const size_t i = skad_endpoint_index(observed);
    if (observed->family == SKAD_FAMILY_NONE || skad_address_equal(observed, &self->own[i])) {
        return;
    }
    const skad_address agreed = skad_observed_address(&node->observed, i, now_us);
    if (agreed.family == SKAD_FAMILY_NONE || skad_address_equal(&agreed, &self->own[i])) {
        return;
    }
    const bool moved = self->own[i].family != SKAD_FAMILY_NONE;
    self->own[i] = agreed;
    look_at_announcements(node, i);
    if (moved && (self->observed_us == 0 || now_us - self->observed_us >= SKAD_MOVES_AGAIN_US)) {
        self->observed_us = now_us;
        begin_anew(node, family_of(i));
    }
}

void skad_moves_answered(skad_node *node, skad_peer_slot slot, const skad_pending_rpc *rpc,
                         const uint8_t *token)
{
    const skad_moves *self = &node->moves;
    const uint64_t moved_us =
        self->moved_us > self->observed_us ? self->moved_us : self->observed_us;
    const skad_message ping = {.kind = SKAD_KIND_PING};
    if (moved_us == 0 || rpc->sent_us < moved_us || rpc->has_token || token == NULL ||
        slot == SKAD_PEER_NONE || !skad_endpoint_is(&node->table.peers, slot, &rpc->address)) {
        return;
    }
    const skad_request request = {
        .message = &ping,
        .address = &rpc->address,
        .responder = &rpc->responder,
        .peer = &node->table.peers.peers[slot],
        .token = token,
        .purpose = SKAD_PURPOSE_CHECK,
    };
    if (!skad_request_send(node, &request)) {
        return; /* its next check shows the token */
    }
}

/* ---- A peer moved ---- */

static skad_moves_suspect *find_suspect(const skad_moves *self, const skad_id *id, uint64_t now_us)
{
    for (size_t i = 0; self->suspects != NULL && i < SKAD_MOVES_SUSPECTS; i++) {
        skad_moves_suspect *suspect = &self->suspects[i];
        if (suspect->since_us != 0 && now_us - suspect->since_us < SKAD_MOVES_SUSPECT_US &&
            skad_id_equal(&suspect->id, id)) {
            return suspect;
        }
    }
    return NULL;
}

/* Where a peer is known to answer, if a request from another address makes that doubtful. One that
 * had no endpoint of this family, or whose endpoint was silent, is pinged anyway (ping_queue.h). */
static bool find_doubtful(const skad_node *node, const skad_id *id, const skad_address *from,
                          skad_peer_slot *slot, skad_address *known)
{
    const skad_peers *peers = &node->table.peers;
    const size_t i = skad_endpoint_index(from);
    *slot = skad_peers_find(peers, id);
    if (*slot == SKAD_PEER_NONE || skad_endpoint_is(peers, *slot, from)) {
        return false;
    }
    *known = skad_endpoint_address(peers, *slot, i);
    return known->family != SKAD_FAMILY_NONE && skad_endpoint_failures(peers, *slot, i) == 0;
}

void skad_moves_heard(skad_node *node, const skad_id *id, const skad_address *from)
{
    skad_moves *self = &node->moves;
    const uint64_t now_us = node->env.now.mono_us;
    skad_peer_slot slot;
    skad_address known;
    if (!find_doubtful(node, id, from, &slot, &known)) {
        return;
    }
    skad_moves_suspect *suspect = find_suspect(self, id, now_us);
    if (suspect != NULL && skad_address_equal(&suspect->known, &known)) {
        suspect->address = *from;
        return;
    }
    self->suspects = skad_lazy_use(self->suspects, SKAD_MOVES_SUSPECTS, sizeof *self->suspects);
    if (self->suspects == NULL || !skad_request_check(node, slot, &known)) {
        return; /* its next request may fare better */
    }
    if (suspect == NULL) {
        suspect = &self->suspects[self->next];
        self->next = (self->next + 1) % SKAD_MOVES_SUSPECTS;
    }
    *suspect = (skad_moves_suspect){*id, *from, known, now_us};
}

void skad_moves_silent(skad_node *node, const skad_pending_rpc *rpc)
{
    skad_peers *peers = &node->table.peers;
    skad_moves_suspect *suspect =
        find_suspect(&node->moves, &rpc->responder, node->env.now.mono_us);
    const skad_peer_slot slot = skad_peers_find(peers, &rpc->responder);
    if (suspect == NULL || rpc->sent_us < suspect->since_us || slot == SKAD_PEER_NONE ||
        !skad_endpoint_is(peers, slot, &rpc->address) ||
        suspect->address.family != rpc->address.family) {
        return;
    }
    const size_t i = skad_endpoint_index(&rpc->address);
    if (skad_endpoint_failures(peers, slot, i) == 0) { /* our own network is up: it asked us */
        skad_endpoint_failed(peers, slot, i);
    }
    (void)skad_request_ping(node, &rpc->responder, &suspect->address, SKAD_PURPOSE_CHECK);
    suspect->since_us = 0;
}
