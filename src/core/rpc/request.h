/* Requests of our own: opens a pending slot, drafts the datagram, puts it into the outbox. */
#ifndef SKAD_RPC_REQUEST_H
#define SKAD_RPC_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/routing/peers.h"
#include "src/core/rpc/pending.h"

typedef struct skad_request {
    const skad_message *message;
    const skad_address *address;
    const skad_id *responder; /* NULL: a hello, to any node there */
    const skad_peer *peer; /* the responder, where the table is known to have it; otherwise NULL */
    const uint8_t *token;  /* one that the responder granted; NULL: the table's */
    skad_purpose purpose;
    skad_op owner; /* of an operation (pending.h) */
    uint16_t step; /* the same */
} skad_request;

/* Sends a request. Returns false when the pending table or the outbox is full; then nothing was
 * sent. */
SKAD_MUST_CHECK bool skad_request_send(skad_node *node, const skad_request *request);

/* Whether operations can send one more request now. The number of our requests under way is
 * limited: otherwise their answers would overflow our own socket's buffer, be lost, and look like
 * dead peers. The default buffer of Linux holds 212 KiB, of which a
 * datagram takes up about 2 KiB. */
#define SKAD_IN_FLIGHT_MAX 96
bool skad_request_can_send(const skad_node *node);

/* Sends a PING for a purpose of the node itself. */
bool skad_request_ping(skad_node *node, const skad_id *responder, const skad_address *address,
                       skad_purpose purpose);

/* Sends a PING to a peer of the table, to learn whether it is alive. */
bool skad_request_check(skad_node *node, skad_peer_slot slot, const skad_address *address);

#endif
