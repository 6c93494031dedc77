/* The way to the Internet: the gateway, and the address of ours that datagrams leave from, as the
 * kernel says (rtnetlink(7)). Nothing is sent anywhere, and nothing waits. */
#ifndef SKAD_HOST_NET_UPLINK_H
#define SKAD_HOST_NET_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

typedef struct skad_uplink {
    skad_address gateway; /* without a port */
    skad_address source;  /* ours, without a port */
    uint32_t interface;   /* its index */
} skad_uplink;

/* Looks it up for the family of `bound`, the address that a socket is bound to; all zero is any.
 * False if there is none, or none with a gateway. */
bool skad_uplink_find(const skad_address *bound, skad_uplink *out);

#endif
