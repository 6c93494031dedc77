#include "src/core/rpc/request.h"

#include <string.h>

#include "proto/address.h"
#include "src/core/node/state.h"
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

bool skad_request_send(skad_node *node, const skad_request *request)
{
    static const skad_id any_node = {{0}};
    skad_outgoing *outgoing = skad_outbox_reserve(&node->outbox);
    if (outgoing == NULL) {
        return false;
    }
    skad_peer_slot peer = known_peer(node, request);
    const skad_rtt unknown = {0};
    uint64_t timeout =
        skad_rtt_timeout_us(peer != SKAD_PEER_NONE ? &node->table.peers.peers[peer].rtt : &unknown);
    skad_pending_rpc *rpc =
        skad_pending_open(&node->pending, &node->env.random, timeout, node->env.now.mono_us);
    if (rpc == NULL) {
        return false;
    }
    const uint8_t *token =
        request->token != NULL ? request->token : known_token(node, peer, request->address);
    /* A request with a long answer is padded for that answer. A PING is padded for a challenge, and
     * no PONG is longer. */
    size_t padded = request->message->kind == SKAD_KIND_PING ? SKAD_CHALLENGE_BYTES_MAX
                                                             : SKAD_FIRST_CONTACT_BYTES;
    skad_draft_fields fields = {
        .message = request->message,
        .rpc_id = rpc->rpc_id,
        .recipient = request->responder != NULL ? request->responder : &any_node,
        .token = token,
        .bytes_min = token == NULL ? padded : 0,
    };
    skad_sealer sealer = skad_signer_sealer(&node->env);
    if (skad_draft_write(&sealer, &fields, &outgoing->draft) != SKAD_OK) {
        skad_pending_close(&node->pending, rpc);
        return false;
    }
    rpc->address = *request->address;
    rpc->has_responder = request->responder != NULL;
    if (rpc->has_responder) {
        rpc->responder = *request->responder;
    }
    rpc->kind = (uint8_t)request->message->kind;
    rpc->purpose = (uint8_t)request->purpose;
    rpc->owner = request->owner;
    rpc->step = request->step;
    if (!skad_purpose_of_operation(request->purpose)) { /* no other peer is asked meanwhile */
        skad_pending_wait(&node->pending, rpc);
    }
    memcpy(rpc->digest, outgoing->draft.digest, sizeof rpc->digest);
    outgoing->to = *request->address;
    outgoing->local = (skad_local){.family = SKAD_FAMILY_NONE};
    skad_outbox_commit(&node->outbox);
    return true;
}

bool skad_request_can_send(const skad_node *node)
{
    return skad_pending_count(&node->pending) < SKAD_IN_FLIGHT_MAX;
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
