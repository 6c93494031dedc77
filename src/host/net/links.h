/* The links of this machine: its interfaces that can multicast, with the addresses there and the
 * prefixes that are on the link. */
#ifndef SKAD_HOST_NET_LINKS_H
#define SKAD_HOST_NET_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_LINKS_MAX 64 /* addresses; more are left out */

typedef struct skad_link {
    uint32_t interface;
    skad_address address; /* without a port */
    uint8_t prefix_bits;
} skad_link;

typedef struct skad_links {
    skad_link all[SKAD_LINKS_MAX];
    size_t count;
} skad_links;

/* Reads what there is now: interfaces that are up and can multicast, apart from loopback. */
void skad_links_read(skad_links *out);

/* Whether an address is private or link-local, and on the link of this interface. */
bool skad_links_hold(const skad_links *links, uint32_t interface, const skad_address *address);

/* The first address of a family on an interface that others of the network may be told: private,
 * and not link-local if there is such a one. NULL: none. */
const skad_address *skad_links_best(const skad_links *links, uint32_t interface,
                                    skad_family family);

#endif
