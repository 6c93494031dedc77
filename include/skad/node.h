/* The node: a pure state machine.
 *
 * It has no sockets, no clock, no threads and no callbacks. A driver hands it datagrams and the
 * time, and polls what it wants to send and to tell:
 *
 *     skad_node_receive(node, ...)              for each datagram that came in
 *     skad_node_tick(node, now)                 when skad_node_deadline has passed
 *     while (skad_node_poll_datagram(...)) send
 *     while (skad_node_poll_event(...)) act
 *
 * The same sequence of calls with the same arguments gives the same datagrams and events, byte for
 * byte. Nothing here blocks; nothing on the way of a datagram allocates. One node is used by one
 * thread at a time; different nodes are independent. */
#ifndef SKAD_NODE_H
#define SKAD_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/identity.h"
#include "skad/profile.h"
#include "skad/status.h"
#include "skad/store.h"
#include "skad/types.h"
#include "skad/verdict.h"

typedef struct skad_node skad_node;

/* Caps. Every table of the node is bounded by one of these; skad_node_limits_default fills in what
 * a daemon wants, a simulator may go lower. */
typedef struct skad_node_limits {
    uint16_t peers;   /* contacts in the routing table with replacements and siblings, 32..4096 */
    uint16_t pending; /* RPCs of ours without an answer yet, 16..4096 */
    uint16_t operations; /* lookups, puts and gets at once, 4..1024 */
    uint16_t outbox;     /* datagrams waiting to be polled, 16..4096; more are dropped */
    uint16_t events;     /* events waiting to be polled, 8..1024 */
    uint16_t duplicates; /* remembered datagrams, a power of two, 16..32768 */
} skad_node_limits;

void skad_node_limits_default(skad_node_limits *out);

typedef struct skad_node_config {
    skad_profile profile;
    const skad_identity
        *identity;     /* copied; must satisfy the profile, nonce of the epoch included */
    skad_store store;  /* borrowed: outlives the node, freed by the caller */
    uint8_t seed[32];  /* all the randomness that the node will ever have */
    unsigned families; /* skad_family bits that the driver can send on, 1..3 */
    skad_node_limits limits;
} skad_node_config;

/* Errors: SKAD_ERR_INPUT (something out of its range), SKAD_ERR_PUZZLE (the identity does not
 * satisfy the profile or lacks the nonce of the current epoch), SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_node_new(const skad_node_config *config, skad_time now,
                                          skad_node **out);
/* Wipes and frees; NULL is allowed. Operations that are not done yet vanish without an event. */
void skad_node_free(skad_node *node);

/* ---- Driving ---- */

/* Takes one datagram. `from` must be what the socket said. Returns the verdict, which is counted
 * (skad_node_stats). */
skad_verdict skad_node_receive(skad_node *node, const uint8_t *datagram, size_t len,
                               const skad_address *from, skad_time now);

/* Does what is due: timeouts, refreshes, liveness checks, expiry. Harmless when called early. */
void skad_node_tick(skad_node *node, skad_time now);

/* The monotonic time (microseconds) of the next due tick; UINT64_MAX when there is none. Ask again
 * after each call that takes the time. */
uint64_t skad_node_deadline(const skad_node *node);

typedef struct skad_datagram {
    skad_address to;
    size_t len;
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
} skad_datagram;

/* The next datagram to send, if any. What waits is signed in batches where it fits, so poll after a
 * whole turn of the loop, not after each receive. */
bool skad_node_poll_datagram(skad_node *node, skad_datagram *out);

/* ---- Doing ---- */

/* Names an operation until its event was polled; 0 is never used. */
typedef uint64_t skad_op;

/* Joins through addresses whose node IDs are not known yet (each gets a hello, repeated with
 * back-off until somebody answers); the list replaces an earlier one. At most 32 are used. Without
 * any address the node waits to be found. Event: SKAD_EVENT_JOINED, each time the node comes to be
 * part of a network. Errors: SKAD_ERR_INPUT when an address may not be contacted in this profile.
 */
SKAD_MUST_CHECK skad_status skad_node_join(skad_node *node, const skad_address *addresses,
                                           size_t count, skad_time now);

/* Greets contacts that are known from an earlier run: each is asked for a sign of life, and those
 * that answer enter the table, so that a restart needs no bootstrap. At most SKAD_GREET_MAX are
 * asked; those that may not be contacted are skipped. Errors: SKAD_ERR_FULL when none could be
 * asked for lack of room. */
#define SKAD_GREET_MAX 128
SKAD_MUST_CHECK skad_status skad_node_greet(skad_node *node, const skad_contact *contacts,
                                            size_t count, skad_time now);

/* Each of the following starts an operation and gives its name. Errors of all: SKAD_ERR_FULL (too
 * many at once), SKAD_ERR_INPUT. Each ends with exactly one event, within SKAD_OPERATION_US_MAX. */
#define SKAD_OPERATION_US_MAX (60ULL * SKAD_US_PER_S)

/* Asks whoever is at an address for a sign of life. */
SKAD_MUST_CHECK skad_status skad_node_ping(skad_node *node, const skad_address *address,
                                           skad_time now, skad_op *op);
/* Finds the nodes closest to a target over disjoint paths. */
SKAD_MUST_CHECK skad_status skad_node_lookup(skad_node *node, const skad_id *target, skad_time now,
                                             skad_op *op);
/* From now on each step of a running lookup is told as it happens, beginning with those already
 * taken, by events SKAD_EVENT_STEP before its SKAD_EVENT_LOOKUP. When the driver polls too rarely
 * the oldest are lost. Unknown names are ignored. */
void skad_node_trace(skad_node *node, skad_op op);
/* Stores an immutable value of 1..1000 bytes at the siblings of its key, which it returns. */
SKAD_MUST_CHECK skad_status skad_node_put(skad_node *node, const uint8_t *value, size_t len,
                                          skad_time now, skad_op *op, skad_id *key);
/* Fetches an immutable value; the first verified copy ends the search. */
SKAD_MUST_CHECK skad_status skad_node_get(skad_node *node, const skad_id *key, skad_time now,
                                          skad_op *op);
/* Forgets an operation; it will have no event. Unknown names are ignored. */
void skad_node_cancel(skad_node *node, skad_op op);

/* ---- Telling ---- */

typedef enum skad_event_kind {
    SKAD_EVENT_JOINED,       /* peers answered and the self-lookup is done */
    SKAD_EVENT_ISOLATED,     /* the last living peer is gone; the node tries to rejoin by itself */
    SKAD_EVENT_STEP,         /* something happened to a node in a traced lookup */
    SKAD_EVENT_PING,         /* a skad_node_ping ended */
    SKAD_EVENT_LOOKUP,       /* a skad_node_lookup ended */
    SKAD_EVENT_PUT,          /* a skad_node_put ended */
    SKAD_EVENT_GET,          /* a skad_node_get ended */
    SKAD_EVENT_PUZZLE_NEEDED /* solve skad_event.epoch, then call skad_node_add_nonce */
} skad_event_kind;

typedef enum skad_outcome {
    SKAD_OUTCOME_DONE = 0,
    SKAD_OUTCOME_NOT_FOUND, /* get: everyone close answered, nobody has it; put: no holder took it
                             */
    SKAD_OUTCOME_TIMED_OUT, /* nobody answered in time */
} skad_outcome;

/* What became of one node in a lookup. */
typedef enum skad_step_state {
    SKAD_STEP_HEARD = 0, /* heard of, never asked */
    SKAD_STEP_ASKED,     /* asked, no answer yet */
    SKAD_STEP_SLOW,      /* no answer within its usual time; overtaken, still awaited */
    SKAD_STEP_ANSWERED,
    SKAD_STEP_FAILED, /* never answered, or what it sent was refused */
} skad_step_state;

#define SKAD_STEP_PATH_CLOSING 0xff /* asked in the closing round over all paths */
#define SKAD_STEP_PATH_REGION  0xfe /* asked once more, about a region: in traces only */

typedef struct skad_step {
    skad_id id;
    skad_address address; /* where it was asked */
    uint8_t state;        /* a skad_step_state */
    uint8_t path;         /* 0..d-1, or SKAD_STEP_PATH_CLOSING; meaningless while HEARD */
    uint8_t hop;          /* answers between us and its first mention: 0 for our own contacts */
    bool closest;         /* one of the closest nodes that the lookup returns */
    bool gave_value;
    uint32_t rtt_us; /* while ANSWERED */
} skad_step;

#define SKAD_STEPS_MAX 256

/* Borrowed from the node until the next call that takes the node. */
typedef struct skad_lookup_report {
    skad_id target;
    uint32_t duration_us;
    uint16_t rpcs;        /* requests sent */
    uint8_t paths;        /* that the lookup had */
    uint8_t paths_agreed; /* that by themselves knew the closest node that was found */
    bool dense; /* the closest crowd more than chance allows: maybe an attack on this key */
    uint64_t network_size;       /* estimated from our own neighbourhood; 0 while unknown */
    uint8_t closest_count;       /* living nodes found, at most the profile's s */
    const skad_contact *closest; /* ascending distance */
    uint16_t steps_count;
    const skad_step *steps; /* all nodes that were asked, in the order of asking */
} skad_lookup_report;

typedef struct skad_event {
    skad_event_kind kind;
    skad_op op; /* STEP, PING, LOOKUP, PUT, GET */
    skad_outcome outcome;
    union {
        uint32_t epoch; /* PUZZLE_NEEDED */
        skad_step step; /* STEP: as it is now; asked, slow, answered or failed */
        struct {
            skad_id id;
            skad_address address;
            skad_address observed; /* how the other side sees us */
            uint32_t rtt_us;
        } ping; /* where DONE */
        struct {
            skad_lookup_report report;
        } lookup;
        struct {
            skad_id key;
            uint8_t holders; /* nodes that should hold it, ourselves included if we are close; more
                            than s where the closest crowd suspiciously */
            uint8_t stored;  /* that acknowledged */
            uint8_t refused; /* that answered with an error */
            uint8_t silent;  /* that did not answer */
        } put;
        struct {
            skad_id key;
            size_t len;           /* 0 unless DONE */
            const uint8_t *value; /* borrowed like a report */
            skad_id holder;       /* who gave it; our own ID if it was here */
            uint16_t rpcs;
            uint16_t invalid; /* answers whose value was not the one asked for */
        } get;
    } u;
} skad_event;

/* The next event, if any. Borrowed pointers in it die with the next call that takes the node. */
bool skad_node_poll_event(skad_node *node, skad_event *out);

/* ---- Inspecting ---- */

const skad_id *skad_node_self(const skad_node *node);

/* Hands over the nonce of a coming epoch. Error: SKAD_ERR_PUZZLE. */
SKAD_MUST_CHECK skad_status skad_node_add_nonce(skad_node *node, const skad_puzzle_nonce *nonce);

typedef struct skad_node_stats {
    uint64_t received; /* datagrams */
    uint64_t received_bytes;
    uint64_t verdicts[SKAD_VERDICT_COUNT]; /* ACCEPT counts what was handled */
    uint64_t sent;
    uint64_t sent_bytes;
    uint64_t outbox_dropped; /* no room: the driver polls too rarely */
    uint64_t signatures;     /* made; fewer than sent where batches are signed at once */
    uint64_t verifications;  /* of signatures */
    uint64_t requests[6];    /* answered, by request kind (index 1..5) */
    uint64_t refusals;       /* answered with an ERROR */
    uint64_t timeouts;       /* RPCs of ours that nobody answered */
    uint64_t lookups;
    uint64_t faults;        /* contacts and records in answers that break the replier's duties */
    uint64_t dismissed;     /* peers that lost their place for it */
    uint64_t lookups_dense; /* that met a suspiciously dense neighbourhood */
    uint64_t network_size;  /* nodes, estimated from our siblings; 0 while there are too few */
    uint16_t peers;         /* verified and living contacts */
    uint16_t peers_silent;  /* kept, but silent for now */
    uint16_t siblings;
    uint16_t buckets;
    uint16_t pending;
    uint16_t operations;
    bool joined;
    skad_address observed[2]; /* our address as peers see it: IPv4, IPv6; NONE while unknown */
    skad_store_fill store;
    uint32_t epoch;
} skad_node_stats;

void skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out);

/* One contact of the routing table. */
typedef struct skad_table_row {
    skad_contact contact; /* verified endpoints only */
    uint16_t bucket;      /* shared prefix length with our ID, capped by the depth of the table */
    bool sibling;
    bool replacement;  /* waits in the bucket's replacement cache */
    uint8_t failures;  /* unanswered requests in a row */
    uint32_t rtt_us;   /* smoothed (RFC 6298); 0 while unknown */
    uint64_t seen_us;  /* since the last verified answer */
    uint64_t known_us; /* since it was first verified */
} skad_table_row;

/* Writes up to rows_max rows, by bucket, and returns how many there are in all. */
size_t skad_node_table(const skad_node *node, skad_time now, skad_table_row *rows, size_t rows_max);

#endif
