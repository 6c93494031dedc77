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
 * byte. Nothing here blocks; nothing on the way of a datagram allocates, unless a simulator wants
 * nodes with lazy allocation. One node is used by one thread at a time; different nodes are
 * independent. */
#ifndef SKAD_NODE_H
#define SKAD_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/cap.h"
#include "skad/event.h"
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
    uint16_t watches;    /* records watched at once, 0..1024 */
    uint16_t tokens; /* remembered of peers, two for each that is known; with fewer, requests to the
                        others are as long as first ones; 0..8192 */
    uint16_t roots;  /* remembered of batches that others signed at once, 1..64 */
} skad_node_limits;

void skad_node_limits_default(skad_node_limits *out);

/* Something a second, and how much of it at once. per_s 0: no limit. */
typedef struct skad_rate {
    uint32_t per_s;
    uint32_t burst;
} skad_rate;

/* How many requests a node verifies: each costs it a signature check. Those that show a valid token
 * are counted apart, since whoever does not may pretend any source. Levels are prefixes, narrow to
 * wide: IPv4 /32, /24, /16; IPv6 /64, /56, /48. */
#define SKAD_RATE_LEVELS 3
typedef struct skad_node_rates {
    skad_rate unvalidated[SKAD_RATE_LEVELS];
    skad_rate unvalidated_all; /* beyond it the node is loaded: no token, no signature check */
    skad_rate validated[SKAD_RATE_LEVELS];
    skad_rate validated_all;
    skad_rate answer_bytes; /* bytes sent in answers; beyond it they are dropped */
    uint32_t cells;         /* places for prefixes, of each kind: a power of two, 4..2^20 */
} skad_node_rates;

/* What suits the profile: no limits at all where it sets none. */
void skad_node_rates_default(const skad_profile *profile, skad_node_rates *out);

typedef struct skad_simulator_config skad_simulator_config;

typedef struct skad_node_config {
    skad_profile profile;
    const skad_identity
        *identity;     /* copied; must satisfy the profile, nonce of the epoch included */
    skad_store store;  /* borrowed: outlives the node, freed by the caller; nobody else writes */
    uint8_t seed[32];  /* all the randomness that the node will ever have */
    unsigned families; /* skad_family bits that the driver can send on, 1..3 */
    skad_node_limits limits;
    skad_node_rates rates; /* all zero: no limits */

    /* Copied; NULL in a daemon. Many nodes in one process: skad/simulator.h. */
    const skad_simulator_config *simulator;
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

/* Tells the node that datagrams wait for their verification longer than they should (true), or no
 * longer do: while so, it is loaded like one whose rate of unvalidated requests is exceeded. */
void skad_node_press(skad_node *node, bool pressed);

/* Does what is due: timeouts, refreshes, liveness checks, expiry. Harmless when called early. */
void skad_node_tick(skad_node *node, skad_time now);

/* The monotonic time (microseconds) of the next due tick; UINT64_MAX when there is none. Ask again
 * after each call that takes the time. */
uint64_t skad_node_deadline(const skad_node *node);

typedef struct skad_datagram {
    skad_address to;
    size_t len;
    bool request; /* of ours: what it asks for will come from `to` */
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
} skad_datagram;

/* The next datagram to send, if any. What waits is signed in batches where it fits, so poll after a
 * whole turn of the loop, not after each receive. */
bool skad_node_poll_datagram(skad_node *node, skad_datagram *out);

/* ---- Doing ---- */

/* Joins through addresses whose node IDs are not known yet (each gets a hello, repeated with
 * back-off until somebody answers); the list replaces an earlier one. At most 32 are used. Without
 * any address the node waits to be found. Event: SKAD_EVENT_JOINED, each time the node comes to be
 * part of a network. Errors: SKAD_ERR_INPUT when an address may not be contacted in this profile,
 * SKAD_ERR_MEMORY. */
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
/* Storing and finding records: skad/records.h. */

/* Forgets an operation or ends a watch; it will have no event. Unknown names are ignored. */
void skad_node_cancel(skad_node *node, skad_op op);

/* ---- Telling (skad/event.h) ---- */

/* The next event, if any. Borrowed pointers in it die with the next call that takes the node. */
bool skad_node_poll_event(skad_node *node, skad_event *out);

/* ---- Keeping out ---- */

typedef enum skad_ban_reason {
    SKAD_BAN_OPERATOR = 0,
    SKAD_BAN_SIGNATURES, /* datagrams from a validated address whose signatures do not verify */
    SKAD_BAN_RECORDS,    /* records from a validated address whose signatures do not verify */
    SKAD_BAN_ANSWERS,    /* answers to our requests that contradict what the replier must tell */
} skad_ban_reason;

/* Who is kept out: a node by its ID, wherever it is, or an address prefix, whoever is there. */
typedef struct skad_ban {
    bool by_id;
    skad_id id;
    skad_address address; /* its port means nothing */
    uint8_t prefix_bits;  /* 0..32, IPv6 0..128 */
    uint8_t reason;       /* a skad_ban_reason */
    uint64_t until_us;    /* monotonic */
} skad_ban;

/* Bans a subject for so many seconds; what comes from it is dropped, and it is asked nothing. The
 * one that ends first gives way when there are 256. Errors: SKAD_ERR_INPUT (no such prefix),
 * SKAD_ERR_MEMORY (of a node with lazy allocation). */
SKAD_MUST_CHECK skad_status skad_node_ban(skad_node *node, const skad_ban *subject,
                                          uint32_t seconds, skad_time now);
/* Lifts a ban; false if there is none of this very subject. */
bool skad_node_unban(skad_node *node, const skad_ban *subject);
/* Exempts an address prefix from being banned by the node itself. Errors: SKAD_ERR_INPUT,
 * SKAD_ERR_FULL (256 are), SKAD_ERR_MEMORY (of a node with lazy allocation). */
SKAD_MUST_CHECK skad_status skad_node_allow(skad_node *node, const skad_ban *subject);
/* Writes up to `max` bans that have not ended, and returns how many there are. */
size_t skad_node_bans(const skad_node *node, skad_time now, skad_ban *out, size_t max);

/* ---- Inspecting ---- */

const skad_id *skad_node_self(const skad_node *node);
/* The node's Ed25519 public key, 32 bytes: what it publishes under. */
const uint8_t *skad_node_public_key(const skad_node *node);

/* Hands over the nonce of a coming epoch. Error: SKAD_ERR_PUZZLE. */
SKAD_MUST_CHECK skad_status skad_node_add_nonce(skad_node *node, const skad_puzzle_nonce *nonce);

typedef struct skad_node_stats {
    uint64_t received; /* datagrams */
    uint64_t received_bytes;
    uint64_t verdicts[SKAD_VERDICT_COUNT]; /* ACCEPT counts what was handled */
    uint64_t sent;
    uint64_t sent_bytes;
    uint64_t outbox_dropped;         /* no room: the driver polls too rarely */
    uint64_t signatures;             /* made; fewer than sent where batches are signed at once */
    uint64_t verifications;          /* of signatures */
    uint64_t requests[6];            /* answered, by request kind (index 1..5) */
    uint64_t refusals;               /* answered with an ERROR */
    uint64_t refused[SKAD_REFUSALS]; /* of these, by error code */
    uint64_t timeouts;               /* RPCs of ours that nobody answered */
    uint64_t lookups;
    uint64_t violations;    /* contacts and records in answers that break the replier's duties */
    uint64_t dismissed;     /* peers that lost their place for it */
    uint64_t lookups_dense; /* that met a suspiciously dense neighbourhood */
    uint64_t republished;   /* publications announced again */
    uint64_t handed_over;   /* records that we sent to nodes newly closer than others */
    uint64_t cached;        /* copies that we left with others after a get */
    uint64_t replicas_shed; /* not handed over or left, for lack of room: nobody is blamed */
    uint64_t demoted;       /* held records whose life was cut since others are closer now */
    uint64_t network_size;  /* nodes, estimated from our siblings; 0 while there are too few */
    uint16_t peers;         /* verified and living contacts */
    uint16_t peers_unresponsive; /* kept, but unresponsive for now */
    uint16_t siblings;
    uint16_t buckets;
    uint16_t pending;
    uint16_t operations;
    uint16_t watches;
    bool joined;
    bool loaded;              /* requests without a token get one instead of a signature check */
    uint64_t answers_shed;    /* answers that were not sent, for bandwidth */
    skad_address observed[2]; /* our address as peers see it: IPv4, IPv6; NONE while unknown */
    skad_store_totals store;
    uint32_t epoch;
    bool secrets_locked; /* the system keeps our keys out of swap */
} skad_node_stats;

void skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out);

/* How full the node is, by cap. */
void skad_node_caps(const skad_node *node, skad_time now, skad_usage out[static SKAD_CAP_COUNT]);

/* One contact of the routing table. */
typedef struct skad_table_row {
    skad_contact contact; /* verified endpoints only */
    uint16_t bucket;      /* shared prefix length with our ID, capped by the depth of the table */
    bool sibling;
    bool replacement;       /* waits in the bucket's replacement cache */
    uint8_t failures;       /* unanswered requests in a row */
    uint32_t rtt_us;        /* smoothed (RFC 6298); 0 while unknown */
    uint64_t last_seen_us;  /* since the last verified answer */
    uint64_t first_seen_us; /* since it was first verified */
} skad_table_row;

/* Writes up to rows_max rows, by bucket, and returns how many there are in all. */
size_t skad_node_table(const skad_node *node, skad_time now, skad_table_row *rows, size_t rows_max);

#endif
