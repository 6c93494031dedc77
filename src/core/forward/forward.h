/* Sends a FORWARD to a contact, for an operation of our own or for a neighbour. Nothing in it tells
 * which.
 *
 * Its test is tests/core/relay/test_relay.c. */
#ifndef SKAD_FORWARD_FORWARD_H
#define SKAD_FORWARD_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/routing/peers.h"
#include "src/core/rpc/pending.h"

/* How much a FORWARD costs in a balance. */
static inline unsigned skad_forward_cost(const skad_forward *forward)
{
    return forward->aim == SKAD_FORWARD_STORE ? 2 : 1;
}

/* Whether it asks for a record. */
static inline bool skad_forward_gets(const skad_forward *forward)
{
    return forward->aim == SKAD_FORWARD_IMMUTABLE || forward->aim == SKAD_FORWARD_MUTABLE;
}

typedef struct skad_forward_errand {
    const skad_forward *forward; /* its budget and time are not looked at */
    skad_peer_slot to;
    uint8_t budget;
    uint16_t life_ms;
    skad_purpose purpose; /* FORWARD or RELAY */
    uint64_t owner;
    uint16_t step;
} skad_forward_errand;

/* Sends it. Returns false when there is no room to ask, or the contact has no endpoint for us. */
SKAD_MUST_CHECK bool skad_forward_send(skad_node *node, const skad_forward_errand *errand);

/* Notes in the balance how a request ended: with an answer that proves something, or with a fault
 * of the node that was asked. An ERROR is neither. */
void skad_forward_note(skad_node *node, const skad_pending_rpc *rpc, unsigned cost, bool fault);

#endif
