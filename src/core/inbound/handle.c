#include "src/core/inbound/handle.h"

#include <string.h>

#include "proto/address.h"
#include "src/core/audit/verifier.h"
#include "src/core/inbound/later.h"
#include "src/core/inbound/serve.h"
#include "src/core/node/state.h"
#include "src/core/operations/ask.h"
#include "src/core/operations/forwarding.h"
#include "src/core/operations/operate.h"
#include "src/core/relay/relay.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "src/core/routing/liveness.h"
#include "src/core/rpc/request.h"
#include "src/core/upkeep/handover.h"
#include "src/core/upkeep/moves.h"
#include "src/core/upkeep/offers.h"
#include "src/core/upkeep/partition_recovery.h"
#include "src/core/upkeep/reachability.h"

/* The token that an answer carries is good for our next request to that endpoint. */
static void keep_token(skad_node *node, skad_peer_slot slot, const skad_address *from,
                       const uint8_t *token)
{
    if (token != NULL) {
        skad_endpoint_keep_token(&node->table.peers, slot, from, token, node->env.now.mono_us);
    }
}

static bool alive_near_us(const skad_node *node, skad_peer_slot slot)
{
    return skad_peers_alive(&node->table.peers, slot) &&
           (node->table.peers.peers[slot].roles & SKAD_PEER_IN_SIBLINGS) != 0;
}

/* Counts what a peer's answer says about our own address. */
static void count_vote(skad_node *node, skad_peer_slot slot, const skad_opened *opened,
                       const skad_address *from)
{
    if (slot == SKAD_PEER_NONE) {
        return;
    }
    const skad_ballot ballot = {
        .voter = &opened->sender,
        .from = from,
        .observed = &opened->message.u.reply.observed,
        .known = node->table.peers.peers[slot].first_seen,
        .one_a_group = node->env.profile.group_table_max != 0,
        .allow_private = node->env.profile.allow_private,
    };
    skad_observed_vote(&node->observed, &ballot, node->env.now.mono_us);
    skad_moves_observed(node, &opened->message.u.reply.observed);
}

/* Whether an answer may list a peer that is not listed. An ERROR that asks for a token may: a
 * loaded node gives it to strangers. Any other ERROR says no more than that the peer lives. */
static bool may_list(const skad_message *answer)
{
    return answer->kind != SKAD_KIND_ERROR || answer->u.reply.u.error.code == SKAD_ERROR_TOKEN;
}

/* A client has answered. It shows that our network is up, and no more: a client is not listed, and
 * to an operation it is as if it had been silent, unless the operation was to find out whether a
 * node lives there. */
static void handle_client(skad_node *node, const skad_pending_rpc *rpc, const skad_opened *opened,
                          const skad_address *from)
{
    (void)skad_table_unlist(&node->table, &opened->sender, from, node->env.now.mono_us);
    if (rpc->purpose == SKAD_PURPOSE_UNVERIFIED) {
        skad_ping_queue_settled(node, from, true);
    } else if (rpc->purpose == SKAD_PURPOSE_COMPARE) {
        skad_offers_failed(node, rpc);
    } else if (rpc->purpose == SKAD_PURPOSE_CALL) {
        skad_later_called(node, rpc->owner, false);
    } else if (rpc->purpose == SKAD_PURPOSE_AUDIT) {
        skad_verifier_failed(node, rpc);
    } else if (rpc->purpose == SKAD_PURPOSE_PING) {
        skad_operate_answered(node, rpc, opened, NULL);
    } else if (rpc->purpose == SKAD_PURPOSE_RELAY) {
        skad_relay_failed(node, rpc);
    } else if (rpc->purpose == SKAD_PURPOSE_FORWARD) {
        skad_forwarding_failed(node, rpc);
    } else if (skad_purpose_of_operation((skad_purpose)rpc->purpose)) {
        skad_operate_failed(node, rpc);
    }
}

/* Passes an answer on to what waits for it. `slot`: of its sender; `lived`: before it answered. */
static void pass_on(skad_node *node, const skad_pending_rpc *rpc, const skad_opened *opened,
                    const skad_address *from, const skad_envelope *envelope, skad_peer_slot slot,
                    bool lived)
{
    switch ((skad_purpose)rpc->purpose) {
    case SKAD_PURPOSE_UNVERIFIED:
        skad_ping_queue_settled(node, from, true);
        return;
    case SKAD_PURPOSE_HELLO:
        skad_recovery_answered(node, &opened->sender, from, lived);
        return;
    case SKAD_PURPOSE_CHECK:
        skad_moves_answered(node, slot, rpc, envelope->token);
        return;
    case SKAD_PURPOSE_REPLICA:
    case SKAD_PURPOSE_INTRODUCE:
        return;             /* admission to the table was its only purpose */
    case SKAD_PURPOSE_CALL: /* the same of a ping; of a CALL a PROBE waits for it */
        if (!skad_callers_answered(node, rpc, &opened->message, envelope->token)) {
            skad_later_called(node, rpc->owner, opened->message.kind == SKAD_KIND_CALLED);
        }
        return;
    case SKAD_PURPOSE_PING:
    case SKAD_PURPOSE_LOOKUP:
    case SKAD_PURPOSE_REGION:
    case SKAD_PURPOSE_STORE:
    case SKAD_PURPOSE_PAGE:
        skad_operate_answered(node, rpc, opened, envelope->token);
        return;
    case SKAD_PURPOSE_FORWARD:
        skad_forwarding_answered(node, rpc, &opened->message);
        return;
    case SKAD_PURPOSE_RELAY:
        skad_relay_answered(node, rpc, &opened->message);
        return;
    case SKAD_PURPOSE_COMPARE:
        skad_offers_answered(node, rpc, &opened->message);
        return;
    case SKAD_PURPOSE_PROBE:
        skad_reachability_answered(node, rpc, &opened->message);
        return;
    case SKAD_PURPOSE_MATCH:
        skad_matching_answered(node, rpc, &opened->message);
        skad_handover_waited_for(node);
        return;
    case SKAD_PURPOSE_AUDIT:
        skad_verifier_answered(node, rpc, &opened->message, envelope->public_key);
        return;
    }
}

/* Notes when a peer answered, and how soon; lists it if it is not listed and may be. Returns its
 * slot. */
static skad_peer_slot note_answer(skad_node *node, skad_peer_slot slot, const skad_pending_rpc *rpc,
                                  const skad_opened *opened, const skad_address *from)
{
    const bool prompt = !skad_purpose_waits_for_others((skad_purpose)rpc->purpose);
    const uint64_t took_us = node->env.now.mono_us - rpc->sent_us;
    if (prompt) {
        skad_round_trips_note(&node->round_trips, from->family, took_us);
    }
    if (slot == SKAD_PEER_NONE && !may_list(&opened->message)) {
        return slot;
    }
    return skad_table_answered_at(&node->table, slot, &opened->sender, from,
                                  rpc->copies == 0 && prompt ? took_us : SKAD_RTT_UNSURE,
                                  node->env.now.mono_us);
}

static void handle_answer(skad_node *node, const skad_prefiltered *prefiltered,
                          const skad_opened *opened, const skad_address *from)
{
    const skad_pending_rpc rpc = *prefiltered->rpc;
    skad_pending_close(&node->pending, prefiltered->rpc);
    node->heard_us = node->env.now.mono_us;
    node->heard_families |= from->family;
    if (prefiltered->envelope.mark == SKAD_MARK_CLIENT) {
        handle_client(node, &rpc, opened, from);
        return;
    }
    skad_peer_slot slot = skad_peers_find(&node->table.peers, &opened->sender);
    bool lived = skad_peers_alive(&node->table.peers, slot);
    bool was_near = alive_near_us(node, slot);
    skad_departed_back(&node->departed, &opened->sender, from);
    slot = note_answer(node, slot, &rpc, opened, from);
    if (slot != SKAD_PEER_NONE) {
        skad_endpoint_guard(&node->table.peers, slot, from,
                            prefiltered->envelope.mark == SKAD_MARK_GUARDED);
        keep_token(node, slot, from, prefiltered->envelope.token);
    }
    if (alive_near_us(node, slot) && (!was_near || skad_handover_suspects(node, slot))) {
        skad_handover_arrived(node, slot, from);
    }
    count_vote(node, slot, opened, from);
    pass_on(node, &rpc, opened, from, &prefiltered->envelope, slot, lived);
}

/* Postpones the liveness check of a peer that sends us a request. Returns true if the peer was
 * already known to be alive at this endpoint, and we have joined. */
static bool put_off_check(skad_node *node, const skad_id *id, const skad_address *from)
{
    skad_peers *peers = &node->table.peers;
    skad_peer_slot slot = node->join.joined ? skad_peers_find(peers, id) : SKAD_PEER_NONE;
    bool known = skad_peers_alive(peers, slot) && skad_endpoint_is(peers, slot, from);
    if (known) {
        skad_liveness_put_off(peers, slot, node->env.now.mono_us);
    }
    return known;
}

/* A peer says by a request whether strangers have to be introduced to it. */
static void note_guard(skad_node *node, const skad_id *id, const skad_address *from, bool guarded)
{
    const skad_peer_slot slot = skad_peers_find(&node->table.peers, id);
    if (slot != SKAD_PEER_NONE) {
        skad_endpoint_guard(&node->table.peers, slot, from, guarded);
    }
}

void skad_handle(skad_node *node, const skad_prefiltered *prefiltered, const skad_opened *opened,
                 const skad_address *from, size_t len)
{
    if (prefiltered->rpc != NULL) {
        handle_answer(node, prefiltered, opened, from);
        return;
    }
    /* The source may be spoofed. Everything that we send there stays within the amplification
     * limit, including a ping to a promising unverified peer; and no walk over our records begins
     * without a valid token. Nothing is noted under the ID of a sender that is not proven to have
     * it. One with a token is not pinged either: there was no budget for its proof, and pings are
     * for those that have one. */
    skad_reachability_heard(node, from);
    skad_served served = skad_serve(node, &prefiltered->envelope, opened, from, len);
    const skad_message *asked = &opened->message;
    if (prefiltered->envelope.mark == SKAD_MARK_CLIENT) { /* it is served, and that is all */
        if (served.validated && opened->proven) {
            (void)skad_table_unlist(&node->table, &opened->sender, from, node->env.now.mono_us);
        }
        return;
    }
    if (node->env.now.mono_us < node->introducing_until_us) {
        skad_pending_hurry(&node->pending, &opened->sender, from, node->env.now.mono_us);
    }
    if (served.validated && opened->proven) {
        note_guard(node, &opened->sender, from, prefiltered->envelope.mark == SKAD_MARK_GUARDED);
    }
    if (asked->kind == SKAD_KIND_MATCH && opened->proven) {
        skad_handover_waited_for(node);
    }
    if (served.validated && opened->proven && asked->kind == SKAD_KIND_FIND_NODE &&
        skad_id_equal(&asked->u.find_node.target, &opened->sender) &&
        skad_handover_suspect(node, &opened->sender, from)) {
        skad_request_ping(node, &opened->sender, from, SKAD_PURPOSE_CHECK);
    }
    if (served.validated && opened->proven) {
        skad_moves_heard(node, &opened->sender, from);
    }
    const bool known = opened->proven && put_off_check(node, &opened->sender, from);
    if (!known && served.may_ping && (opened->proven || !served.validated)) {
        const skad_ping_target target = {
            .id = opened->sender, .address = *from, .validated = served.validated};
        skad_ping_queue_consider(node, &target);
    }
}

/* Counts one more timeout of a peer. A peer that we lose by it is remembered. */
static void blame(skad_node *node, const skad_pending_rpc *rpc)
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot slot = skad_peers_find(peers, &rpc->responder);
    bool lived = skad_peers_alive(peers, slot);
    skad_second first_seen = {0};
    if (lived) {
        first_seen = peers->peers[slot].first_seen;
    }
    skad_table_failed(&node->table, &rpc->responder, &rpc->address, node->env.now.mono_us);
    if (lived && !skad_peers_alive(peers, skad_peers_find(peers, &rpc->responder))) {
        skad_recovery_lost(node, &rpc->responder, &rpc->address, first_seen);
    }
}

/* A timeout counts against a peer only if another peer answered since we sent the request;
 * otherwise our own network may be down. This strict rule applies only to the timeout that decides,
 * the one that makes a peer, or one of its endpoints, unresponsive. For the first timeout, after
 * which the peer is asked again at once, and for those after the decision, it is enough that our
 * network was up shortly before. */
static bool silence_counts(const skad_node *node, const skad_pending_rpc *rpc)
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot slot = skad_peers_find(peers, &rpc->responder);
    size_t endpoint = skad_endpoint_index(&rpc->address);
    bool decides =
        slot != SKAD_PEER_NONE &&
        (peers->peers[slot].failures + 1 == SKAD_UNRESPONSIVE_FAILURES ||
         skad_endpoint_failures(peers, slot, endpoint) + 1 == SKAD_UNRESPONSIVE_FAILURES);
    return node->heard_us + (decides ? 0 : SKAD_LIVENESS_WITNESS_US) > rpc->sent_us;
}

/* Counts a timeout. A peer whose timeout does not count is asked again together with another peer.
 * The pause before that grows with the time since the last answer of any peer, so that a node
 * without a network does not spin. */
static void count_silence(skad_node *node, const skad_pending_rpc *rpc)
{
    node->stats.timeouts++;
    if (!rpc->has_responder || skad_id_equal(&rpc->responder, &node->env.identity.id)) {
        return; /* a hello, or a probe for a twin */
    }
    /* Its token may be of a former life of the peer. The next request shows none, and is padded. */
    skad_peer_slot slot = skad_peers_find(&node->table.peers, &rpc->responder);
    if (slot != SKAD_PEER_NONE) {
        skad_endpoint_distrust_token(&node->table.peers, slot, &rpc->address,
                                     node->env.now.mono_us);
    }
    uint64_t now_us = node->env.now.mono_us;
    if (rpc->abandoned) { /* one lost packet is no silence */
        if (slot != SKAD_PEER_NONE) {
            skad_liveness_by(&node->table.peers, slot, now_us);
        }
    } else if (silence_counts(node, rpc)) {
        if (node->heard_us > rpc->sent_us) {
            skad_departed_note(&node->departed, &rpc->responder, &rpc->address, now_us);
        }
        blame(node, rpc);
    } else {
        uint64_t pause_us = SKAD_CHECK_RETRY_US + (now_us - node->heard_us) / 4;
        if (pause_us > SKAD_CHECK_INTERVAL_US) {
            pause_us = SKAD_CHECK_INTERVAL_US;
        }
        skad_liveness_unheard(&node->table.peers, &rpc->responder, now_us + pause_us);
    }
}

/* Sends a request again that was not answered yet. */
static void ask_again(skad_node *node, const skad_pending_rpc *rpc)
{
    if (rpc->purpose == SKAD_PURPOSE_CHECK) {
        const skad_message ping = {.kind = SKAD_KIND_PING};
        skad_request_again(node, rpc, &ping);
    } else if (!(rpc->purpose == SKAD_PURPOSE_COMPARE ? skad_offers_again(node, rpc)
                 : rpc->purpose == SKAD_PURPOSE_MATCH ? skad_matching_again(node, rpc)
                 : rpc->purpose == SKAD_PURPOSE_AUDIT ? skad_verifier_again(node, rpc)
                                                      : skad_ask_again(node, rpc))) {
        skad_pending_abandon(&node->pending, rpc);
    }
}

/* A FORWARD was not answered: it, or its answer, may have been lost on the way. Whether the node
 * lives is for a ping to say; that it was silent is noted where it counts (balance.h). */
static void check_soon(skad_node *node, const skad_pending_rpc *rpc)
{
    const skad_peer_slot slot = skad_peers_find(&node->table.peers, &rpc->responder);
    node->stats.timeouts++;
    if (slot != SKAD_PEER_NONE) {
        skad_liveness_by(&node->table.peers, slot, node->env.now.mono_us);
    }
}

static void give_up(skad_node *node, const skad_pending_rpc *rpc)
{
    if (rpc->purpose == SKAD_PURPOSE_CALL || rpc->purpose == SKAD_PURPOSE_PROBE ||
        rpc->purpose == SKAD_PURPOSE_INTRODUCE) {
        node->stats.timeouts++; /* the node that was called, or the caller, may be the silent one */
        if (rpc->purpose == SKAD_PURPOSE_CALL) {
            skad_later_called(node, rpc->owner, false);
        }
        return;
    }
    if (rpc->purpose == SKAD_PURPOSE_FORWARD) {
        check_soon(node, rpc);
        skad_forwarding_failed(node, rpc);
        return;
    }
    if (rpc->purpose == SKAD_PURPOSE_RELAY) {
        check_soon(node, rpc);
        skad_relay_failed(node, rpc);
        return;
    }
    count_silence(node, rpc);
    if (rpc->purpose == SKAD_PURPOSE_CHECK && rpc->has_responder) {
        skad_moves_silent(node, rpc);
    }
    if (rpc->purpose == SKAD_PURPOSE_UNVERIFIED) {
        skad_ping_queue_settled(node, &rpc->address, false);
    }
    if (rpc->purpose == SKAD_PURPOSE_COMPARE) {
        skad_offers_failed(node, rpc);
    }
    if (rpc->purpose == SKAD_PURPOSE_AUDIT) {
        skad_verifier_failed(node, rpc);
    }
    if (skad_purpose_of_operation((skad_purpose)rpc->purpose)) {
        skad_operate_failed(node, rpc);
    }
}

void skad_handle_timeouts(skad_node *node)
{
    for (;;) {
        skad_pending_rpc rpc;
        switch (skad_pending_expire(&node->pending, node->env.now.mono_us, &rpc)) {
        case SKAD_TIMEOUT_NONE:
            return;
        case SKAD_TIMEOUT_COPY:
            ask_again(node, &rpc);
            break;
        case SKAD_TIMEOUT_SOFT:
            if (skad_purpose_of_operation((skad_purpose)rpc.purpose)) {
                skad_operate_slow(node, &rpc);
            } else if (rpc.purpose == SKAD_PURPOSE_RELAY) {
                skad_relay_slow(node, &rpc);
            } else if (rpc.purpose == SKAD_PURPOSE_FORWARD) {
                skad_forwarding_slow(node, &rpc);
            }
            break;
        case SKAD_TIMEOUT_OVERDUE:
            skad_operate_overdue(node, &rpc);
            break;
        case SKAD_TIMEOUT_HARD:
            give_up(node, &rpc);
            break;
        }
    }
}
