/* Answers to requests. Reads the node, and changes only the store, the outbox and the answers that
 * wait for the store. */
#ifndef SKAD_INBOUND_SERVE_H
#define SKAD_INBOUND_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/open.h"
#include "skad/node.h"

typedef struct skad_served {
    bool validated; /* the requester showed a valid token */
    bool may_ping;  /* a ping to the requester stays within the allowance */
} skad_served;

/* Answers a verified request. `len` is the length of its datagram: to a requester without a valid
 * token, at most SKAD_AMPLIFICATION_MAX times as many bytes are sent for it in all. */
skad_served skad_serve(skad_node *node, const skad_envelope *envelope, const skad_opened *request,
                       const skad_address *from, size_t len);

#endif
