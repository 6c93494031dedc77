/* Whether strangers reach this node, for each address family by itself; and what it is to others.
 *
 *               evidence                        five probes of five groups failed
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
 * A neighbour is no stranger: what comes from our own address group, as peers see us, may come
 * through a hairpin of our own NAT, or never have passed our firewall. And the addresses that a
 * node is told to join through count as known: after a restart the NAT may still be open to them.
 *
 * - A call of a node that is new to us is evidence.
 * - A call of one that is not shows nothing: the NAT may be open to it. Each probe and each such
 *   call keeps a NAT open, in a small network to all nodes. So the node is quiet then for longer
 *   than most NATs remember, which is 30 s, and doubles that each time.
 * - A call that was made and does not come is a failure, once for each address group of helpers.
 *   Three of them in a row decide; of a node that was reached five, and ten minutes without
 *   evidence. So a liar needs as many groups, as a helper or as a caller, to make us believe that
 *   we are unreachable, and none makes us believe the contrary.
 *
 * An unreachable node that finds no helper for twenty minutes is UNKNOWN again: others may all have
 * become clients for the same reason, an outage or a lie, and no node could find out that it is
 * over.
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
#define SKAD_REACH_HELPERS     3 /* groups of helpers whose probes have to fail, */
#define SKAD_REACH_HELPERS_YES 5 /* and of a node that was reached */
#define SKAD_REACH_FRESH_US    (1800 * SKAD_US_PER_S) /* evidence this old is sought anew */
#define SKAD_REACH_CALL_US     (2 * SKAD_US_PER_S)    /* a call comes so long after it was made */
#define SKAD_REACH_ALONE_US    (1200 * SKAD_US_PER_S) /* without any helper a verdict is void */
#define SKAD_REACH_EAGER       3                      /* probes that show nothing, at once; then */
#define SKAD_REACH_AGAIN       8                      /* probes soon, where it may have changed */
#define SKAD_REACH_QUIET_US    (36 * SKAD_US_PER_S)   /* a pause in which NATs close, and longer */
#define SKAD_REACH_OTHER_US                                                                        \
    (200 * SKAD_US_PER_MS)                           /* until another helper than one that refused \
                                                      */
#define SKAD_REACH_SOON_US     (2 * SKAD_US_PER_S)   /* between probes of a few */
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
    uint64_t failed[SKAD_REACH_HELPERS_YES];  /* groups of helpers since the last evidence */
    uint64_t probe_us;                        /* when the next probe is due */
    uint64_t quiet_us;                        /* the last long pause before one; grows */
    uint64_t call_until_us;                   /* a call is awaited; 0: none is */
    uint64_t helper;                          /* group of the one that was asked last */
    uint64_t asked;                           /* group of the last helper, whatever it answered */
    uint64_t helped_us;                       /* when there was one to ask */
    uint64_t client_us;                       /* when it becomes a client; 0: never */
    uint64_t farewell_us;                     /* when more peers are told so; 0: all were */
    skad_reach_heard heard[SKAD_REACH_HEARD]; /* the last ones, in turn */
    skad_reach verdict;
    skad_address caller; /* that is awaited */
    uint16_t farewell;   /* the slot of the peer that is told next */
    uint8_t heard_next;
    uint8_t failed_count;
    bool missed;   /* a call did not come since the last evidence */
    uint8_t eager; /* probes that may yet show nothing without a longer pause */
    uint8_t again; /* probes that an unreachable node sends soon after each other */
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

/* What decides it may have changed, in these families (skad_family bits): the next probe is due
 * now, but not within two seconds of the last, and some follow soon, since a call may show nothing:
 * of a caller that we know, or too few. */
void skad_reachability_again(skad_node *node, unsigned families);

/* Our address of a family (0: IPv4, 1: IPv6) is another one. Nothing is known about it, and is
 * found out at once; until then the node stays what it is. */
void skad_reachability_moved(skad_node *node, size_t family_index);

void skad_reachability_tick(skad_node *node);
uint64_t skad_reachability_deadline(const skad_node *node);

#endif
