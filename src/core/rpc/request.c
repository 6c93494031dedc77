#include "src/core/rpc/request.h"

#include <string.h>

#include "proto/address.h"
#include "src/core/node/state.h"
#include "src/core/routing/contacted.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/liveness.h"
#include "src/core/rpc/role.h"
#include "src/core/rpc/signer.h"

/* Returns the peer that the table has verified at the endpoint that we are about to ask. */
static skad_peer_slot known_peer(const skad_node *node, const skad_request *request)
{
    const skad_peers *peers = &node->table.peers;
    skad_peer_slot slot = SKAD_PEER_NONE;
    if (request->peer != NULL) {
        slot = (skad_peer_slot)(request->peer - peers->peers);
    } else if (request->responder != NULL) {
        slot = skad_peers_find(peers, request->responder);
    }
    bool there = slot != SKAD_PEER_NONE && skad_endpoint_is(peers, slot, request->address);
    return there ? slot : SKAD_PEER_NONE;
}

/* Returns a token that we have for an endpoint. It is shown only while it is surely valid. */
static const uint8_t *known_token(const skad_node *node, skad_peer_slot slot,
                                  const skad_address *address)
{
    return slot == SKAD_PEER_NONE
               ? NULL
               : skad_endpoint_token(&node->table.peers, slot, skad_endpoint_index(address),
                                     node->env.now.mono_us);
}

static const skad_id any_node = {{0}};

/* Drafts a request as `rpc` has it. A request with a long answer is padded for that answer, unless
 * it shows a token. A PING is padded for a challenge, and no PONG is longer. */
static bool draft(skad_node *node, const skad_pending_rpc *rpc, const skad_message *message,
                  skad_draft *out)
{
    size_t padded =
        message->kind == SKAD_KIND_PING ? SKAD_CHALLENGE_BYTES_MAX : SKAD_FIRST_CONTACT_BYTES;
    skad_draft_fields fields = {
        .message = message,
        .rpc_id = rpc->rpc_id,
        .recipient = rpc->has_responder ? &rpc->responder : &any_node,
        .token = rpc->has_token ? rpc->token : NULL,
        .bytes_min = rpc->has_token ? 0 : padded,
        .copy = rpc->copies,
        .mark = skad_role_mark(node, rpc->address.family),
    };
    skad_sealer sealer = skad_signer_sealer(&node->env);
    return skad_draft_write(&sealer, &fields, out) == SKAD_OK;
}

static void commit(skad_node *node, skad_outgoing *outgoing, const skad_address *to)
{
    outgoing->to = *to;
    outgoing->local = (skad_local){.family = SKAD_FAMILY_NONE};
    skad_outbox_commit(&node->outbox);
    skad_contacted_note(&node->contacted, to, node->env.now.mono_us);
}

/* Returns how often a request is sent again if it is not answered. peer: SKAD_PEER_NONE for a
 * stranger. */
static uint8_t copies_of(const skad_node *node, const skad_pending_rpc *rpc, skad_peer_slot peer)
{
    switch ((skad_purpose)rpc->purpose) {
    case SKAD_PURPOSE_HELLO:
    case SKAD_PURPOSE_UNVERIFIED:
    case SKAD_PURPOSE_PING: /* a hello, too */
    case SKAD_PURPOSE_REPLICA:
    case SKAD_PURPOSE_CALL:
    case SKAD_PURPOSE_INTRODUCE: /* another one follows */
    case SKAD_PURPOSE_PROBE:     /* another one follows */
    case SKAD_PURPOSE_FORWARD:   /* another node is asked */
    case SKAD_PURPOSE_RELAY:
        return 0;
    case SKAD_PURPOSE_CHECK:
        if (skad_id_equal(&rpc->responder, &node->env.identity.id)) {
            return 0; /* a probe for a twin (twin.h) */
        }
        if (peer == SKAD_PEER_NONE) {
            return SKAD_COPIES_STRANGER;
        }
        return !skad_peer_unresponsive(&node->table.peers.peers[peer]) &&
                       node->env.now.mono_us - node->heard_us < SKAD_CHECK_INTERVAL_US
                   ? SKAD_COPIES_CHECK
                   : 0;
    case SKAD_PURPOSE_LOOKUP:
    case SKAD_PURPOSE_REGION:
        return peer != SKAD_PEER_NONE ? SKAD_COPIES : SKAD_COPIES_SOUGHT;
    case SKAD_PURPOSE_STORE:
    case SKAD_PURPOSE_PAGE:
    case SKAD_PURPOSE_COMPARE:
    case SKAD_PURPOSE_MATCH:
    case SKAD_PURPOSE_AUDIT:
        break;
    }
    return peer != SKAD_PEER_NONE ? SKAD_COPIES : SKAD_COPIES_STRANGER;
}

/* How long to wait for an answer, and before a copy is sent. */
typedef struct patience {
    uint64_t timeout_us;
    uint64_t resend_us;
    uint64_t overdue_us; /* where it is later than the timeouts say */
} patience;

/* A peer is waited for as its own round trips suggest. A stranger that an operation may do without
 * is waited for as those of the network do; one that is asked for itself may be anywhere. */
static patience patience_with(const skad_node *node, skad_peer_slot peer,
                              const skad_request *request)
{
    if (request->purpose == SKAD_PURPOSE_PROBE) { /* its answer waits for a third node */
        return (patience){SKAD_RTO_MAX_US, SKAD_RESEND_INITIAL_US, 0};
    }
    if (skad_purpose_waits_for_others(request->purpose)) {
        return (patience){request->soft_us, request->soft_us, 0};
    }
    const skad_rtt *rtt = peer == SKAD_PEER_NONE ? NULL : &node->table.peers.peers[peer].rtt;
    if (rtt != NULL && rtt->smoothed_us != 0) {
        return (patience){skad_rtt_timeout_us(rtt), skad_rtt_resend_us(rtt), 0};
    }
    const bool among_others =
        skad_purpose_of_operation(request->purpose) && request->purpose != SKAD_PURPOSE_PING;
    if (!among_others) {
        return (patience){SKAD_RTO_INITIAL_US, SKAD_RESEND_INITIAL_US, 0};
    }
    const skad_family family = request->address->family;
    const uint64_t timeout_us = skad_round_trips_timeout_us(&node->round_trips, family);
    return (patience){
        .timeout_us = timeout_us,
        .resend_us = timeout_us == SKAD_RTO_INITIAL_US ? SKAD_RESEND_INITIAL_US : timeout_us,
        .overdue_us = skad_round_trips_late_us(&node->round_trips, family),
    };
}

/* Plans the copies, and drops the soft timeout where no part of the node would act on it. */
static void plan_timeouts(skad_node *node, skad_pending_rpc *rpc, skad_peer_slot peer,
                          uint64_t resend_us)
{
    uint8_t copies = copies_of(node, rpc, peer);
    if (copies > 0) {
        skad_pending_resend(&node->pending, rpc, resend_us, copies);
    }
    const skad_purpose purpose = (skad_purpose)rpc->purpose;
    if (!skad_purpose_of_operation(purpose) && purpose != SKAD_PURPOSE_FORWARD &&
        purpose != SKAD_PURPOSE_RELAY) {
        skad_pending_wait(&node->pending, rpc); /* no other peer is asked meanwhile */
    }
}

bool skad_request_send(skad_node *node, const skad_request *request)
{
    skad_outgoing *outgoing = skad_outbox_reserve(&node->outbox);
    if (outgoing == NULL) {
        return false;
    }
    skad_peer_slot peer = known_peer(node, request);
    const patience waits = patience_with(node, peer, request);
    skad_pending_rpc *rpc = NULL;
    if (request->purpose != SKAD_PURPOSE_RELAY || skad_pending_may_relay(&node->pending)) {
        rpc = skad_pending_open(&node->pending, &node->env.random, waits.timeout_us,
                                node->env.now.mono_us);
    }
    if (rpc == NULL) {
        return false;
    }
    const uint8_t *token =
        request->token != NULL ? request->token : known_token(node, peer, request->address);
    rpc->address = *request->address;
    rpc->has_responder = request->responder != NULL;
    if (rpc->has_responder) {
        rpc->responder = *request->responder;
    }
    rpc->has_token = token != NULL;
    if (rpc->has_token) {
        memcpy(rpc->token, token, sizeof rpc->token);
    }
    rpc->kind = (uint8_t)request->message->kind;
    skad_pending_purpose(&node->pending, rpc, request->purpose);
    rpc->owner = request->owner;
    rpc->step = request->step;
    rpc->part = request->part;
    if (!draft(node, rpc, request->message, &outgoing->draft)) {
        skad_pending_close(&node->pending, rpc);
        return false;
    }
    memcpy(rpc->digest, outgoing->draft.digest, sizeof rpc->digest);
    plan_timeouts(node, rpc, peer, waits.resend_us);
    skad_pending_overdue(&node->pending, rpc, waits.overdue_us);
    if (request->over_us > 0) {
        skad_pending_await(&node->pending, rpc, request->over_us);
    }
    commit(node, outgoing, request->address);
    return true;
}

void skad_request_again(skad_node *node, const skad_pending_rpc *rpc, const skad_message *message)
{
    skad_outgoing *outgoing = skad_outbox_reserve(&node->outbox);
    if (outgoing != NULL && draft(node, rpc, message, &outgoing->draft) &&
        memcmp(outgoing->draft.digest, rpc->digest, sizeof rpc->digest) == 0) {
        node->stats.resent++;
        commit(node, outgoing, &rpc->address);
    }
}

bool skad_request_can_send(const skad_node *node)
{
    /* what waits for neighbours waits for as long as they say */
    const size_t relayed = node->pending.relayed;
    return skad_pending_fresh_count(&node->pending) - relayed < SKAD_IN_FLIGHT_MAX &&
           skad_pending_count(&node->pending) - relayed < (size_t)2 * SKAD_IN_FLIGHT_MAX;
}

static bool ping(skad_node *node, skad_request request)
{
    skad_message message; /* not cleared: a PING has no more than its kind */
    message.kind = SKAD_KIND_PING;
    request.message = &message;
    return skad_request_send(node, &request);
}

bool skad_request_ping(skad_node *node, const skad_id *responder, const skad_address *address,
                       skad_purpose purpose)
{
    skad_request request = {.address = address, .responder = responder, .purpose = purpose};
    return ping(node, request);
}

bool skad_request_check(skad_node *node, skad_peer_slot slot, const skad_address *address)
{
    const skad_peer *peer = &node->table.peers.peers[slot];
    skad_request request = {
        .address = address, .responder = &peer->id, .peer = peer, .purpose = SKAD_PURPOSE_CHECK};
    return ping(node, request);
}
