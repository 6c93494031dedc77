/* Local discovery: nodes of one network on one link find each other by multicast
 * (proto/PROTOCOL.md, "Local discovery").
 *
 *   start, or interfaces changed, or a pause is over
 *        |
 *        v                              another node of the link
 *   announce: a hello to the group  --->  verify (overhear.h), on the link? (links.h),
 *                                         may it be answered? (local_answers.h)
 *        a PING, as to any peer     <---  ask the sender at its port
 *
 * The announcement leaves from the node's own port, so its source is where the node is to be asked.
 * Whatever is heard makes the node send one PING to an address of the link, now and then; only the
 * answer to it changes what the node knows.
 *
 * A link that does not take multicast is told about once, and tried again. */
#ifndef SKAD_HOST_NET_LOCAL_DISCOVERY_H
#define SKAD_HOST_NET_LOCAL_DISCOVERY_H

#include "skad/node.h"
#include "src/host/loop/loop.h"
#include "src/host/net/links.h"
#include "src/host/net/local_answers.h"
#include "src/host/net/udp_endpoints.h"
#include "src/host/system/report.h"

#define SKAD_LOCAL_PORT 4707

/* Between announcements: the first pause, doubled up to the second; the third once the node has
 * joined. Each is up to a quarter longer. */
#define SKAD_LOCAL_PAUSE_US_MIN    (4 * SKAD_US_PER_S)
#define SKAD_LOCAL_PAUSE_US_MAX    (60 * SKAD_US_PER_S)
#define SKAD_LOCAL_PAUSE_US_JOINED (300 * SKAD_US_PER_S)

/* Announcements that are read in a turn; a flood takes turns with all else. */
#define SKAD_LOCAL_BATCH 16

typedef struct skad_local_config {
    skad_loop *loop;
    skad_node *node;
    const skad_time *now; /* the instant of the current turn */
    skad_udp_endpoints *endpoints;
    skad_log_to log;
} skad_local_config; /* all borrowed */

typedef struct skad_local_discovery skad_local_discovery;

/* The socket that hears the group of a family. */
typedef struct skad_local_ear {
    skad_local_discovery *discovery;
    int fd; /* -1: none */
    size_t family;
    skad_watch watch;
    int told; /* the errno of sending that was told last; 0: all is well */
} skad_local_ear;

typedef struct skad_local_counters {
    uint64_t announced; /* datagrams that the system took */
    uint64_t refused;   /* that it did not take */
    uint64_t heard;     /* announcements of other nodes that were verified */
    uint64_t
        dropped;    /* what else was heard: noise, other networks, copies, strangers to the link */
    uint64_t asked; /* nodes that were asked because they were heard */
} skad_local_counters;

struct skad_local_discovery {
    skad_local_config config;
    bool on;
    skad_local_ear ears[2]; /* IPv4, IPv6 */
    skad_links links;
    skad_local_answers answers;
    skad_timer announce;
    skad_timer answer;
    uint64_t pause_us;
    bool told_none; /* that there is no link */
    skad_local_counters counters;
};

/* Begins. What the system refuses is told, and is no failure. */
void skad_local_discovery_start(skad_local_discovery *self, const skad_local_config *config);
void skad_local_discovery_stop(skad_local_discovery *self); /* does nothing unless it is on */
/* Interfaces or addresses changed: the groups are joined there, and all links announced to. */
void skad_local_discovery_changed(skad_local_discovery *self);

#endif
