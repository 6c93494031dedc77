/* Has the gateway of this machine let the node's port in: the driver of the machines in
 * src/host/portmap, one for each family, with a socket and a timer each.
 *
 * - IPv4 is mapped where the node's own address is a private one; a public one needs no mapping.
 * - IPv6 gets a pinhole where the node's own address is a global one; no other is reached.
 *
 * The way to the gateway is looked up anew once a minute, and when interfaces change. What the
 * gateway says is shown, and told to no peer: which address the node has is for its peers to say
 * (src/core/routing/observed.h). All that follows from a mapping is that the node asks soon whether
 * strangers reach it. */
#ifndef SKAD_HOST_DRIVE_MAPPING_H
#define SKAD_HOST_DRIVE_MAPPING_H

#include "skad/identity.h"
#include "skad/node.h"
#include "src/host/loop/loop.h"
#include "src/host/net/udp_endpoints.h"
#include "src/host/system/report.h"

#define SKAD_MAPPING_TEXT_BYTES 256

typedef struct skad_mapping skad_mapping;

typedef struct skad_mapping_config {
    skad_loop *loop;
    const skad_udp_endpoints *endpoints; /* open */
    const skad_identity *identity;       /* only for the call */
    skad_node *node;
    skad_log_to log;
} skad_mapping_config; /* borrowed */

/* Error: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_mapping_new(const skad_mapping_config *config, skad_mapping **out);
/* Has mappings removed, by one datagram each, and waits for no answer. NULL is allowed, here and
 * below: it maps nothing. */
void skad_mapping_free(skad_mapping *mapping);

/* Looks up the gateways and begins, or goes on with what has changed. */
void skad_mapping_look(skad_mapping *mapping);
/* The same after interfaces changed: what waits is tried soon. */
void skad_mapping_changed(skad_mapping *mapping);
/* Strangers do not reach the node by a family: a mapping may be gone, so it is renewed soon. */
void skad_mapping_unreached(skad_mapping *mapping, unsigned family);

typedef enum skad_mapping_state {
    SKAD_MAPPING_OFF = 0,    /* not wanted, or no socket of this family */
    SKAD_MAPPING_UNNEEDED,   /* the node's own address needs none, or would gain nothing by one */
    SKAD_MAPPING_NO_GATEWAY, /* or none that can be asked */
    SKAD_MAPPING_ASKING,
    SKAD_MAPPING_MAPPED,
    SKAD_MAPPING_FAILED, /* and tries again later */
} skad_mapping_state;

/* "off", "unneeded", "no_gateway", "asking", "mapped", "failed"; stable. */
const char *skad_mapping_state_name(skad_mapping_state state);

/* How it is, by family. */
typedef struct skad_mapping_view {
    skad_mapping_state state;
    const char *protocol;                 /* "pcp" or "nat-pmp" while mapped, else NULL */
    skad_address gateway;                 /* that is asked; family NONE: none */
    skad_address external;                /* while mapped, as the gateway says; else family NONE */
    uint64_t lifetime_s;                  /* that is left, while mapped */
    char reason[SKAD_MAPPING_TEXT_BYTES]; /* a sentence, why it is not mapped; may be empty */
} skad_mapping_view;

/* `i`: 0 for IPv4, 1 for IPv6. */
void skad_mapping_look_at(const skad_mapping *mapping, size_t i, skad_mapping_view *out);

#endif
