/* The way of one datagram into the node, in three steps:
 *
 * - prefilter, on the node's thread: all that costs less than a signature; reads the node
 *
 * - open, on any thread: static puzzle, signature, body, proof of the identity; touches only the
 *   inbound datagram and a ring of roots
 *
 * - handle, on the node's thread: the state machine; changes the node
 *
 * skad_node_receive does all three at once. A driver with threads does the second elsewhere. The
 * node goes on in between, so handle repeats what the prefilter checked: a request of ours may have
 * timed out meanwhile, or a copy of the datagram may have been handled. */
#ifndef SKAD_INBOUND_RECEIVE_H
#define SKAD_INBOUND_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/open.h"
#include "skad/node.h"
#include "src/core/inbound/roots.h"

typedef struct skad_inbound {
    const uint8_t *datagram; /* borrowed until after handle */
    size_t len;
    skad_address from;
    skad_local local; /* where it came to */

    /* What the prefilter found. */
    skad_envelope envelope; /* borrows from the datagram */
    bool hello;             /* made for whichever node is at our address */
    bool reply;
    bool has_responder;
    skad_id responder;                       /* of the request that a reply answers */
    uint8_t request_digest[SKAD_HASH_BYTES]; /* likewise */

    /* What open needs of the node. */
    const skad_profile *profile;
    uint64_t unix_s;
    skad_identity_known known; /* of the sender's identity */
    bool prove;                /* what is not known of a requester */
    skad_id self;
    const uint8_t *network_key; /* of the node, for as long as it lives */

    /* What skad_receive_open sets. */
    skad_verdict verdict;
    skad_opened opened;
} skad_inbound;

/* ACCEPT: the datagram is to be opened. Any other verdict is final and has been counted. */
skad_verdict skad_receive_prefilter(skad_node *node, skad_inbound *inbound, skad_time now);

/* Sets inbound->verdict. Batch roots that verify are remembered in the ring. */
void skad_receive_open(skad_inbound *inbound, skad_roots *roots);

/* Counts the verdict, and on ACCEPT lets the node act. Returns the final verdict. */
skad_verdict skad_receive_handle(skad_node *node, skad_inbound *inbound, skad_time now);

#endif
