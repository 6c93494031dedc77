/* The prefilter: all checks that cost less than a signature, the cheapest first. They are size,
 * source address, first half of the network tag, bans of addresses and rates that are used up
 * (admission.h decides about the others), second half of the tag, structure, whether a reply
 * answers a request of ours, and replay. It changes nothing. */
#ifndef SKAD_INBOUND_PREFILTER_H
#define SKAD_INBOUND_PREFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/envelope.h"
#include "skad/node.h"
#include "src/core/rpc/pending.h"

typedef struct skad_prefiltered {
    skad_envelope envelope;      /* borrows from the datagram */
    bool hello;                  /* made for any node at our address */
    const skad_pending_rpc *rpc; /* the request that a reply answers; NULL for requests */
} skad_prefiltered;

SKAD_MUST_CHECK skad_verdict skad_prefilter(const skad_node *node, const uint8_t *datagram,
                                            size_t len, const skad_address *from,
                                            skad_prefiltered *out);

#endif
