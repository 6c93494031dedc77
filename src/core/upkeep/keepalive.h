/* Keeps the ways to our nearest peers open where we are guarded (proto/PROTOCOL.md, "Guarded
 * nodes"): a NAT forgets whom it lets in after half a minute without a datagram to it, at the
 * shortest that is common (RFC 4787 asks for two minutes). Then the peer could neither ask us nor
 * introduce others to us. The nearest are those that name us to others, as lookups for what we hold
 * end with them. Of each address group there are as few among them as in a bucket: whose IDs stand
 * near ours must not have all ways but its own close. Each that was silent for half a round is
 * pinged, in turn. All other nodes stay strangers, which show by a call whether we are reached
 * (reachability.h). */
#ifndef SKAD_UPKEEP_KEEPALIVE_H
#define SKAD_UPKEEP_KEEPALIVE_H

#include <stdint.h>

#include "skad/node.h"

#define SKAD_KEEPALIVE_US    (20 * SKAD_US_PER_S) /* a round */
#define SKAD_KEEPALIVE_PEERS 20

typedef struct skad_keepalive {
    uint64_t due_us; /* the next ping */
    uint8_t next;    /* which of the nearest is looked at then */
} skad_keepalive;

void skad_keepalive_tick(skad_node *node);
uint64_t skad_keepalive_deadline(const skad_node *node);

#endif
