/* Whether strangers reach this node, for each address family by itself; and what it is to others.
 *
 *               evidence                       three probes of three groups failed
 *    UNKNOWN ------------------> REACHABLE ---------------------------------------> UNREACHABLE
 *       |                            ^                                                |  ^
 *       |                            +------ evidence twice within half an hour ------+  |
 *       +------------------- three probes of three groups failed ------------------------+
 *
 * Evidence is a request from an address with which we exchanged no datagram lately (contacted.h):
 * no NAT and no firewall that keeps strangers out lets it in, whoever sent it. In a node that
 * others list it comes by itself. If none came for half an hour, or nothing is known, the node asks
 * for it by a probe: a peer has another one call us (callers.h).
 *
 * - A call of a node that is new to us is evidence.
 * - A call of one that is not shows nothing; then more and more time passes until the next probe.
 * - A call that does not come counts as a failure, once for each address group of helpers. Three of
 *   them in a row, without evidence for ten minutes, decide. So a liar has to have three groups to
 *   make us believe that we are unreachable, and none makes us believe the contrary.
 *
 * A node whose role is AUTO is a client where it is UNREACHABLE, and a server otherwise. Before it
 * becomes a client it hands its records over; then it pings its peers, which thereby learn to list
 * it no longer.
 *
 * Until it is one, and for good where its role is SERVER, a node to which calls do not come says
 * that it is guarded: its peers introduce others to it (callers.h), and it keeps their ways to it
 * open (keepalive.h). */
#ifndef SKAD_UPKEEP_REACHABILITY_H
#define SKAD_UPKEEP_REACHABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/rpc/pending.h"

#define SKAD_REACH_FAMILIES    2 /* 0: IPv4, 1: IPv6 */
#define SKAD_REACH_HELPERS     3 /* groups of helpers whose probes have to fail */
#define SKAD_REACH_FRESH_US    (1800 * SKAD_US_PER_S) /* evidence this old is sought anew */
#define SKAD_REACH_CALL_US     (5 * SKAD_US_PER_S)    /* a call comes within it */
#define SKAD_REACH_EAGER       30
#define SKAD_REACH_SOON_US     (2 * SKAD_US_PER_S)   /* between probes at first; then ever more */
#define SKAD_REACH_LATER_US    (120 * SKAD_US_PER_S) /* and while the node is unreachable */
#define SKAD_REACH_AGAIN_US    (600 * SKAD_US_PER_S)
#define SKAD_REACH_FAREWELLS   8                      /* at once, */
#define SKAD_REACH_FAREWELL_US (100 * SKAD_US_PER_MS) /* and until the next ones */
#define SKAD_REACH_HANDOVER_US (60 * SKAD_US_PER_S)   /* from the verdict until the role changes */

/* Requests from addresses that were not new: a call may come before the answer that announces it.
 */
#define SKAD_REACH_HEARD 16
typedef struct skad_reach_heard {
    uint8_t ip[16];
    uint64_t at_us;
} skad_reach_heard;

typedef struct skad_reach_family {
    uint64_t evidence_us;                     /* the last; 0: there was none */
    uint64_t before_us;                       /* the one before it */
    uint64_t failed[SKAD_REACH_HELPERS];      /* groups of helpers since the last evidence */
    uint64_t probe_us;                        /* when the next probe is due */
    uint64_t pause_us;                        /* until the one after it; grows */
    uint64_t call_until_us;                   /* a call is awaited; 0: none is */
    uint64_t helper;                          /* group of the one that was asked last */
    uint64_t client_us;                       /* when it becomes a client; 0: never */
    uint64_t farewell_us;                     /* when more peers are told so; 0: all were */
    skad_reach_heard heard[SKAD_REACH_HEARD]; /* the last ones, in turn */
    skad_reach verdict;
    skad_address caller; /* that is awaited */
    uint16_t farewell;   /* the slot of the peer that is told next */
    uint8_t heard_next;
    uint8_t failed_count;
    bool missed;   /* a call did not come since the last evidence */
    uint8_t eager; /* probes of a young node that may show nothing without a longer pause */
} skad_reach_family;

typedef struct skad_reachability {
    skad_reach_family families[SKAD_REACH_FAMILIES];
} skad_reachability;

/* Begins to find out, for a role that depends on it. Error: SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_reachability_init(skad_node *node);

/* A verified request came from an address. */
void skad_reachability_heard(skad_node *node, const skad_address *from);
/* A helper answered a probe. */
void skad_reachability_answered(skad_node *node, const skad_pending_rpc *rpc,
                                const skad_message *answer);

/* Our address of a family (0: IPv4, 1: IPv6) is another one. Nothing is known about it, and is
 * found out at once; until then the node stays what it is. */
void skad_reachability_moved(skad_node *node, size_t family_index);

void skad_reachability_tick(skad_node *node);
uint64_t skad_reachability_deadline(const skad_node *node);

#endif
