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
    skad_op owner;    /* of an operation (pending.h) */
    uint16_t step;    /* the same */
    uint8_t part;     /* the same */
    uint32_t soft_us; /* FORWARD, RELAY: the soft timeout, */
    uint32_t over_us; /* and how long the answer may take */
} skad_request;

/* How often a request is sent again to a peer that the table has verified at the endpoint, and to a
 * stranger: any address may be named to us, and is to get little from us. A lookup that waits for a
 * stranger sends one more if most of the nodes nearest to the target name it (ask.c): on a line
 * that loses one datagram in a hundred, one copy leaves out one of the closest nodes in one lookup
 * of 140. Not sent again are
 * a hello, which has an exact form and is followed by another hello; the ping of a stranger, whose
 * source may be spoofed; a copy of a record that no operation waits for. A check is sent again to a
 * peer that is not unresponsive yet, and while any peer was heard within SKAD_CHECK_INTERVAL_US, so
 * that a network that is gone, ours or the other, is asked seldom. */
#define SKAD_COPIES          4
#define SKAD_COPIES_STRANGER 1
#define SKAD_COPIES_SOUGHT   2 /* a stranger that a lookup asks, and that is vouched for */
#define SKAD_COPIES_CHECK    2 /* another check follows a silence */

/* Sends a request. Returns false when the pending table or the outbox is full; then nothing was
 * sent. */
SKAD_MUST_CHECK bool skad_request_send(skad_node *node, const skad_request *request);

/* Sends a waiting request again: the same message, which must be what was sent first. Sends nothing
 * if what is signed has changed since, as in another puzzle epoch. */
void skad_request_again(skad_node *node, const skad_pending_rpc *rpc, const skad_message *message);

/* Whether operations can send one more request now. The number of our requests under way is
 * limited: otherwise their answers would overflow our own socket's buffer, be lost, and look like
 * dead peers. The default buffer of Linux holds 212 KiB, of which a
 * datagram takes up about 2 KiB. Requests that were sent again are waited for beside, as many
 * more: on a line that loses packets they would keep all others from being sent. */
#define SKAD_IN_FLIGHT_MAX 96
bool skad_request_can_send(const skad_node *node);

/* Sends a PING for a purpose of the node itself. */
bool skad_request_ping(skad_node *node, const skad_id *responder, const skad_address *address,
                       skad_purpose purpose);

/* Sends a PING to a peer of the table, to learn whether it is alive. */
bool skad_request_check(skad_node *node, skad_peer_slot slot, const skad_address *address);

#endif
