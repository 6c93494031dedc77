#include "src/core/ask.h"

#include <string.h>

#include "proto/address.h"

/* What the table knows of the endpoint that we are about to ask. */
static const skad_peer *known_peer(const skad_node *node, const skad_request *request)
{
    if (request->responder == NULL) {
        return NULL;
    }
    skad_peer_slot slot = skad_peers_find(&node->table.peers, request->responder);
    if (slot == SKAD_PEER_NONE) {
        return NULL;
    }
    const skad_peer *peer = &node->table.peers.peers[slot];
    const skad_route *route = &peer->routes[skad_route_index(request->address)];
    return skad_address_equal(&route->address, request->address) ? peer : NULL;
}

/* A token is shown only while it is surely valid: for one slot of the granter's clock. */
static const uint8_t *known_token(const skad_node *node, const skad_peer *peer,
                                  const skad_address *address)
{
    if (peer == NULL) {
        return NULL;
    }
    const skad_route *route = &peer->routes[skad_route_index(address)];
    bool fresh = route->token_us != 0 && node->now.mono_us - route->token_us < SKAD_TOKEN_SLOT_US;
    return fresh ? route->token : NULL;
}

bool skad_ask(skad_node *node, const skad_request *request)
{
    static const skad_id anybody = {{0}};
    skad_outgoing *outgoing = skad_outbox_reserve(&node->outbox);
    if (outgoing == NULL) {
        return false;
    }
    const skad_peer *peer = known_peer(node, request);
    const skad_rtt unknown = {0};
    uint64_t timeout = skad_rtt_timeout_us(peer != NULL ? &peer->rtt : &unknown);
    skad_pending_rpc *rpc =
        skad_pending_open(&node->pending, &node->random, timeout, node->now.mono_us);
    if (rpc == NULL) {
        return false;
    }
    const uint8_t *token =
        request->token != NULL ? request->token : known_token(node, peer, request->address);
    bool long_answer =
        request->message->kind != SKAD_KIND_PING; /* a PONG is as short as its PING */
    skad_draft_fields fields = {
        .message = request->message,
        .rpc_id = rpc->rpc_id,
        .recipient = request->responder != NULL ? request->responder : &anybody,
        .token = token,
        .bytes_min = token == NULL && long_answer ? SKAD_FIRST_CONTACT_BYTES : 0,
    };
    skad_sealer sealer = skad_node_sealer(node);
    if (skad_draft_write(&sealer, &fields, &outgoing->draft) != SKAD_OK) {
        skad_pending_close(&node->pending, rpc);
        return false;
    }
    rpc->address = *request->address;
    rpc->has_responder = request->responder != NULL;
    if (rpc->has_responder) {
        rpc->responder = *request->responder;
    }
    rpc->kind = request->message->kind;
    rpc->purpose = request->purpose;
    rpc->owner = request->owner;
    rpc->step = request->step;
    memcpy(rpc->digest, outgoing->draft.digest, sizeof rpc->digest);
    outgoing->to = *request->address;
    skad_outbox_commit(&node->outbox);
    return true;
}

bool skad_ask_may(const skad_node *node)
{
    return skad_pending_count(&node->pending) < SKAD_IN_FLIGHT_MAX;
}

bool skad_ask_ping(skad_node *node, const skad_id *responder, const skad_address *address,
                   skad_purpose purpose)
{
    skad_message ping = {.kind = SKAD_KIND_PING};
    skad_request request = {
        .message = &ping, .address = address, .responder = responder, .purpose = purpose};
    return skad_ask(node, &request);
}
