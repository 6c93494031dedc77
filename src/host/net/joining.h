/* Why a node has not joined yet, for the log and the status. Within ten seconds the operator reads
 * what the node waits for, and what to do.
 *
 * Whatever it goes by can be forged or be chance (a report of the network, a datagram that is
 * dropped), so it is a hint: the node itself does not act on it. */
#ifndef SKAD_HOST_NET_JOINING_H
#define SKAD_HOST_NET_JOINING_H

#include "skad/node.h"
#include "src/host/loop/loop.h"
#include "src/host/net/resolve.h"
#include "src/host/net/udp_endpoints.h"
#include "src/host/system/report.h"

#define SKAD_JOINING_TEXT_BYTES 320

/* Of several reasons the first that applies. */
typedef enum skad_joining_state {
    SKAD_JOINING_JOINED,
    SKAD_JOINING_ALONE,       /* nothing to ask: no join point, no peer of an earlier run */
    SKAD_JOINING_UNREACHABLE, /* the system refuses to send */
    SKAD_JOINING_UNRESOLVED,  /* no join point resolves, or has an answer after some seconds */
    SKAD_JOINING_UNUSABLE,    /* no address of the join points may be contacted */
    SKAD_JOINING_CLOCK,       /* datagrams come whose puzzles are of another time */
    SKAD_JOINING_ITSELF,      /* the join address is the node's own */
    SKAD_JOINING_REFUSED,     /* nothing listens there */
    SKAD_JOINING_SILENT,      /* no answer */
    SKAD_JOINING_TRYING,      /* too early to tell */
} skad_joining_state;

/* "joined", "alone" and so on; stable. */
const char *skad_joining_name(skad_joining_state state);

/* What the verdict goes by: what happened since the node began to join. */
typedef struct skad_joining_facts {
    bool joined;
    bool greets; /* asks peers of an earlier run */
    bool late;   /* it has been joining for some seconds */
    skad_resolver_state found;
    skad_join_flaw flaw;         /* the first one, if there is one */
    const skad_address *address; /* the first that is asked; NULL: none */
    uint64_t unix_s;             /* what the clock of this machine says */
    uint64_t timeouts;
    uint64_t from_itself; /* datagrams of our own that came back */
    uint64_t of_another_time;
    uint64_t refused; /* reports that nothing listens where we asked */
    uint64_t unsent;  /* datagrams that the system refused to send */
    int unsent_errno;
} skad_joining_facts;

/* Judges, and writes a sentence; an empty one for JOINED. */
skad_joining_state skad_joining_judge(const skad_joining_facts *facts,
                                      char text[static SKAD_JOINING_TEXT_BYTES]);

/* ---- Watching one node ---- */

typedef struct skad_joining_config {
    skad_loop *loop;
    const skad_node *node;
    const skad_time *now; /* the instant of the current turn */
    skad_resolver *const *resolver;
    const skad_udp_endpoints *endpoints;
    skad_log_to log;
} skad_joining_config; /* all borrowed */

typedef struct skad_joining {
    skad_joining_config config;
    skad_timer look;
    bool greets;
    skad_joining_state told;
    uint64_t begun_us;
    skad_joining_facts before; /* counters when it began */
} skad_joining;

void skad_joining_init(skad_joining *joining, const skad_joining_config *config);

/* The node begins to join: from now on the reason is logged, each time that it is another one. */
void skad_joining_begin(skad_joining *joining, bool greets);
/* It has joined, or ends. */
void skad_joining_end(skad_joining *joining);

/* How it is now. */
skad_joining_state skad_joining_look(const skad_joining *joining,
                                     char text[static SKAD_JOINING_TEXT_BYTES]);

#endif
