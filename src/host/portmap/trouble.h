/* Why a gateway maps nothing, and what its operator can do. */
#ifndef SKAD_HOST_PORTMAP_TROUBLE_H
#define SKAD_HOST_PORTMAP_TROUBLE_H

#include <stdint.h>

typedef enum skad_portmap_trouble {
    SKAD_PORTMAP_FINE = 0,
    SKAD_PORTMAP_SILENT,      /* no answer */
    SKAD_PORTMAP_VERSION,     /* it speaks neither of the protocols */
    SKAD_PORTMAP_REFUSED,     /* not authorized, or switched off */
    SKAD_PORTMAP_UNSUPPORTED, /* it maps no UDP */
    SKAD_PORTMAP_NETWORK,     /* it has no network itself */
    SKAD_PORTMAP_RESOURCES,   /* no room for a mapping */
    SKAD_PORTMAP_QUOTA,       /* too many mappings of this machine */
    SKAD_PORTMAP_EXTERNAL,    /* no external address or port to give */
    SKAD_PORTMAP_BETWEEN,     /* another NAT lies between the node and it */
    SKAD_PORTMAP_LIFETIME,    /* a mapping that ends at once, or nearly so */
    SKAD_PORTMAP_NONSENSE,    /* an answer that makes no sense, or an error without a name */
    SKAD_PORTMAP_TROUBLES,
} skad_portmap_trouble;

/* "silent", "refused" and so on; stable. */
const char *skad_portmap_trouble_name(skad_portmap_trouble trouble);
/* A sentence: what is wrong, and what to do; "" for FINE. */
const char *skad_portmap_trouble_text(skad_portmap_trouble trouble);
/* Of a result of PCP (wire.h) that is no success. */
skad_portmap_trouble skad_portmap_trouble_of(uint8_t result);

#endif
