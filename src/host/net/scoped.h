/* Link-local addresses (fe80::/10), which mean nothing without the interface that they are at:
 * "fe80::1%eth0" (RFC 4007, section 11). The wire and the core have no interfaces, so a node has
 * all its link-local peers at one interface, that of --join or --listen. */
#ifndef SKAD_HOST_NET_SCOPED_H
#define SKAD_HOST_NET_SCOPED_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/status.h"
#include "skad/types.h"
#include "src/host/system/failure.h"

typedef struct skad_scoped {
    skad_address address;
    uint32_t interface; /* its number here; 0: the address needs none */
} skad_scoped;

bool skad_scoped_link_local(const skad_address *address);

typedef enum skad_scoped_outcome {
    SKAD_SCOPED_FINE,
    SKAD_SCOPED_NO_ADDRESS, /* something else; nothing was said about it */
    SKAD_SCOPED_REFUSED,    /* an address with a scope that cannot be used, or without one that it
                               needs; the failure says why */
} skad_scoped_outcome;

/* Reads "ADDR:PORT", "[ADDR]:PORT" or "[fe80::1%eth0]:PORT"; an interface has a name or a number.
 */
SKAD_MUST_CHECK skad_scoped_outcome skad_scoped_parse(const char *text, skad_scoped *out,
                                                      skad_failure *failure);

#endif
