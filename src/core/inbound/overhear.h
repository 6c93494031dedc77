/* Announcements on a link: a hello that goes to all of it, and what one that was heard tells.
 *
 * An announcement is an ordinary hello (a PING for any node), so it has the network's tag and its
 * sender's signature. Heard by many, it is not answered: a node that wants to know the sender pings
 * it. Nothing is noted of the sender but that this datagram was handled, so that a copy costs no
 * second check of its signature. */
#ifndef SKAD_INBOUND_OVERHEAR_H
#define SKAD_INBOUND_OVERHEAR_H

#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

/* Signatures that are checked: so many in a second, and so many at once. */
#define SKAD_OVERHEAR_PER_S 16
#define SKAD_OVERHEAR_BURST 64

typedef struct skad_overheard {
    uint64_t until_us; /* of the rate */
} skad_overheard;

/* Writes an announcement for addresses of a family; returns its length. */
SKAD_MUST_CHECK size_t skad_overhear_write(skad_node *node, skad_family family,
                                           uint8_t out[static SKAD_DATAGRAM_BYTES_MAX]);

/* Verifies an announcement. On ACCEPT *sender is the ID of the node that signed it, which is not
 * proven to be at `from`. */
SKAD_MUST_CHECK skad_verdict skad_overhear(skad_node *node, const uint8_t *datagram, size_t len,
                                           const skad_address *from, skad_id *sender);

#endif
