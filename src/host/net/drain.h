/* Whether the loop takes what comes in at its ports: what a watchdog should go by. A loop that
 * turns but reads no socket is as dead as one that hangs.
 *
 * A port is stuck if datagrams waited there at two looks in a row and none was taken in between.
 * One that is flooded is not: there is always more, and some of it is taken. */
#ifndef SKAD_HOST_NET_DRAIN_H
#define SKAD_HOST_NET_DRAIN_H

#include "src/host/net/udp_endpoints.h"

typedef struct skad_drain {
    bool waiting[SKAD_UDP_ENDPOINTS_MAX]; /* at the last look */
    uint64_t taken[SKAD_UDP_ENDPOINTS_MAX];
} skad_drain;

/* Looks; false if a port is stuck. All zero is one that has not looked yet. */
bool skad_drain_look(skad_drain *self, const skad_udp_endpoints *endpoints);

#endif
