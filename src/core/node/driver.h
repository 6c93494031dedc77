/* For drivers, beside skad/node.h: datagrams that are opened and sealed on other threads, and
 * announcements on a link. */
#ifndef SKAD_NODE_DRIVER_H
#define SKAD_NODE_DRIVER_H

#include <stdbool.h>

#include "skad/node.h"
#include "src/core/inbound/receive.h"
#include "src/core/rpc/outbox.h"

/* For opening on other threads (receive.h): skad_node_enter before skad_receive_prefilter,
 * skad_node_take instead of skad_receive_handle. */
void skad_node_enter(skad_node *node, skad_time now);
skad_verdict skad_node_take(skad_node *node, skad_inbound *inbound, skad_time now);

/* For sealing on other threads: batches to be sealed, which come back in any order (outbox.h), and
 * sealed datagrams, polled instead of skad_node_poll_datagram. skad_seal reads nothing of our
 * sealer except the secret key and the network key, which never change. */
bool skad_node_lend_batch(skad_node *node, skad_outbox_batch *out);
void skad_node_return_batch(skad_node *node, const skad_outbox_batch *batch);
bool skad_node_poll_sealed(skad_node *node, skad_datagram *out);
skad_sealer skad_node_sealer(const skad_node *node);

/* For local discovery (overhear.h): an announcement, and the sender of one that was heard. */
SKAD_MUST_CHECK size_t skad_node_announcement(skad_node *node, skad_family family, skad_time now,
                                              uint8_t out[static SKAD_DATAGRAM_BYTES_MAX]);
SKAD_MUST_CHECK skad_verdict skad_node_overhear(skad_node *node, const uint8_t *datagram,
                                                size_t len, const skad_address *from, skad_time now,
                                                skad_id *sender);
/* Sends that sender one PING, and no copy. False if there is no room. */
bool skad_node_ask(skad_node *node, const skad_id *id, const skad_address *address, skad_time now);
/* Whether a node is known to answer at an address. */
bool skad_node_knows(const skad_node *node, const skad_id *id, const skad_address *address);

#endif
