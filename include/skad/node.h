/* The node: a pure state machine.
 *
 * It has no sockets, no clock, no threads and no callbacks. A driver passes it datagrams and the
 * time, and polls the datagrams and events that it produces:
 *
 *      skad_node_receive(node, ...)            for each datagram that came in
 *      skad_node_tick(node, now)               when skad_node_deadline has passed
 *      while (skad_node_poll_datagram(...))    send
 *      while (skad_node_poll_event(...))       act
 *
 * The same sequence of calls with the same arguments gives the same datagrams and events, byte for
 * byte. Nothing here blocks. Nothing on the way of a datagram allocates, unless a simulator wants
 * nodes with lazy allocation. One node is used by one thread at a time; different nodes are
 * independent. */
#ifndef SKAD_NODE_H
#define SKAD_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/cap.h"
#include "skad/compiler.h"
#include "skad/event.h"
#include "skad/identity.h"
#include "skad/profile.h"
#include "skad/status.h"
#include "skad/store.h"
#include "skad/types.h"
#include "skad/verdict.h"

SKAD_BEGIN

typedef struct skad_node skad_node;

/* Caps. Each table of the node is bounded by one of them. skad_node_limits_default fills in values
 * for a daemon; a simulator may set lower ones. */
typedef struct skad_node_limits {
    uint16_t peers;   /* contacts in the routing table with replacements and siblings, 32..4096 */
    uint16_t pending; /* RPCs of ours without an answer yet, 16..4096 */
    uint16_t operations; /* lookups, puts and gets at once, 4..1024 */
    uint16_t outbox;     /* datagrams waiting to be polled, 16..4096; more are dropped */
    uint16_t events;     /* events waiting to be polled, 8..1024 */
    uint16_t duplicates; /* remembered datagrams, a power of two, 16..32768 */
    uint16_t watches;    /* records watched at once, 0..1024 */
    uint16_t tokens; /* tokens that peers granted, two for each known peer; with fewer, requests to
                        the other peers are as long as first ones; 0..8192 */
    uint16_t roots;  /* roots of batches that other nodes signed, 1..64 */
    uint16_t identities;  /* proven identities that are remembered, a power of two, 4..32768 */
    uint64_t reserved[4]; /* 0: room for later versions (docs/abi.md) */
} skad_node_limits;

/* Fills in the caps of a daemon. */
void skad_node_limits_default(skad_node_limits *out);

/* So many in a second, and so many at once. per_s 0: no limit. */
typedef struct skad_rate {
    uint32_t per_s;
    uint32_t burst;
} skad_rate;

/* How many requests a node verifies; each costs it a signature check. Requests with a valid token
 * are counted apart, since the others may have a spoofed source. Levels are prefixes, narrow to
 * wide: IPv4 /32, /24, /16; IPv6 /64, /56, /48. */
#define SKAD_RATE_LEVELS 3
typedef struct skad_node_rates {
    skad_rate unvalidated[SKAD_RATE_LEVELS];
    skad_rate unvalidated_all; /* beyond it the node is loaded: no token, no signature check */
    skad_rate validated[SKAD_RATE_LEVELS];
    skad_rate validated_all;
    skad_rate
        modest[SKAD_RATE_LEVELS]; /* a validated source that keeps to these, too, may use all of
                                     validated_all; the others leave it half of the burst */
    skad_rate
        identities[SKAD_RATE_LEVELS]; /* in a minute: proofs of identities for requests that show
                                         a token; those of awaited answers are not counted */
    skad_rate identities_all;         /* in a second */
    skad_rate answer_bytes;           /* bytes sent in answers; beyond it they are dropped */
    uint32_t cells; /* prefixes counted, of each kind: a power of two, 4..2^20; of identities, eight
                       times as many, since the rates of these are slow */
    uint64_t reserved[4]; /* 0: room for later versions (docs/abi.md) */
} skad_node_rates;

/* Fills in rates that suit the profile: no limits at all where it sets none. */
void skad_node_rates_default(const skad_profile *profile, skad_node_rates *out);

typedef struct skad_simulator_config skad_simulator_config;

/* Whether strangers reach a node. */
typedef enum skad_reach {
    SKAD_REACH_UNKNOWN = 0,
    SKAD_REACH_YES,
    SKAD_REACH_NO,
} skad_reach;

/* What a node is to others. */
typedef enum skad_role {
    SKAD_ROLE_SERVER = 0, /* whatever it may find out */
    SKAD_ROLE_AUTO,       /* a client while it cannot be reached, by address family */
    SKAD_ROLE_CLIENT,     /* it asks, and holds nothing for others */
} skad_role;

typedef struct skad_node_config {
    skad_profile profile;
    const skad_identity
        *identity; /* copied; must satisfy the profile, nonce of the epoch included */
    skad_store
        store; /* borrowed: outlives the node, freed by the caller; only the node writes to it */
    uint8_t seed[32];  /* all the randomness that the node will ever have */
    unsigned families; /* skad_family bits that the driver can send on, 1..3 */
    skad_role role;    /* AUTO takes 32 KiB more, */
    bool finds_reach; /* and so does a SERVER that finds out, too, whether strangers reach it; where
                         they do not it has those introduced that it is named to */
    skad_node_limits limits;
    skad_node_rates rates; /* all zero: no limits */

    /* Copied; NULL in a daemon. For many nodes in one process: skad/simulator.h. */
    const skad_simulator_config *simulator;
    uint64_t audit_period_s; /* of a round of storage audits (skad/audit.h), the same in all nodes
                                of a network: 30..86400; 0: no audits */
    uint64_t reserved[3];    /* 0: room for later versions (docs/abi.md) */
} skad_node_config;

/* Errors: SKAD_ERR_INPUT (something out of its range), SKAD_ERR_PUZZLE (the identity does not
 * satisfy the profile or lacks the nonce of the current epoch), SKAD_ERR_MEMORY. */
SKAD_MUST_CHECK skad_status skad_node_new(const skad_node_config *config, skad_time now,
                                          skad_node **out);
/* Wipes and frees a node; NULL is allowed. Operations under way end without an event. */
void skad_node_free(skad_node *node);

/* ---- Driving a node ---- */

/* Takes one datagram. `from` must be the address that the socket reported. Returns the verdict,
 * which is counted (skad_node_stats). */
skad_verdict skad_node_receive(skad_node *node, const uint8_t *datagram, size_t len,
                               const skad_address *from, skad_time now);
/* The same where the driver knows to which address of its machine the datagram came: the answer is
 * to leave from that one (skad_datagram.local). */
skad_verdict skad_node_receive_at(skad_node *node, const uint8_t *datagram, size_t len,
                                  const skad_address *from, const skad_local *local, skad_time now);

/* Tells the node that what decides whether strangers reach it may have changed, by these families
 * (skad_family bits): a gateway has mapped its port, or does so no longer. It asks for a probe
 * soon, at most once in two seconds however often it is told. Nothing else changes. */
void skad_node_reach_again(skad_node *node, unsigned families, skad_time now);

/* Tells the node that datagrams wait longer for their verification than they should (true), or no
 * longer do. Meanwhile the node counts as loaded, as if the rate of unvalidated requests were
 * exceeded. */
void skad_node_press(skad_node *node, bool pressed);

/* Tells the node that its address of these families (skad_family bits) is another one, or may be:
 * an interface or a route changed, or the machine slept. It checks its peers, joins anew if none of
 * them answers, and announces what it announces of itself with the new address. */
void skad_node_moved(skad_node *node, unsigned families, skad_time now);

/* Takes what the store has settled (skad_store_ops.settled): answers to puts that waited for it are
 * sent, and operations go on. Call it when the store says so; a tick does the same. */
void skad_node_settle(skad_node *node, skad_time now);

/* Does what is due: timeouts, refreshes, liveness checks, expiry. Harmless when called early. */
void skad_node_tick(skad_node *node, skad_time now);

/* Returns the monotonic time (microseconds) of the next due tick; UINT64_MAX when there is none.
 * Ask again after each call that takes the time. */
uint64_t skad_node_deadline(const skad_node *node);

typedef struct skad_datagram {
    skad_address to;
    skad_local local; /* to leave from; of an answer where its request came to */
    size_t len;
    bool request; /* of ours: the answer will come from `to` */
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
} skad_datagram;

/* Returns the next datagram to send, if any. Waiting datagrams are signed in batches where they
 * fit, so poll after a whole turn of the loop, not after each receive. */
bool skad_node_poll_datagram(skad_node *node, skad_datagram *out);

/* ---- Operations ---- */

/* Joins through addresses whose node IDs are not known yet. Each gets a hello, repeated with
 * back-off until a node answers. The list replaces an earlier one; if it holds the earlier one and
 * more, the others get theirs at once and the back-off goes on. At most 32 are used; addresses
 * that may not be contacted in this profile, or of a family that the driver cannot send on, are
 * skipped. Without any address the node waits to be found. Event: SKAD_EVENT_JOINED, each time the
 * node becomes part of a network. Errors: SKAD_ERR_INPUT when all were skipped, SKAD_ERR_MEMORY;
 * an earlier list then stays. */
SKAD_MUST_CHECK skad_status skad_node_join(skad_node *node, const skad_address *addresses,
                                           size_t count, skad_time now);

#define SKAD_GREET_MAX 128
/* Pings contacts that are known from an earlier run. The ones that answer enter the table, so that
 * a restart needs no bootstrap. At most SKAD_GREET_MAX are pinged; contacts that may not be
 * contacted are skipped. Errors: SKAD_ERR_FULL when there was no room to ping any. */
SKAD_MUST_CHECK skad_status skad_node_greet(skad_node *node, const skad_contact *contacts,
                                            size_t count, skad_time now);

/* Each of the following starts an operation and returns its name. Errors of all: SKAD_ERR_FULL (too
 * many at once), SKAD_ERR_INPUT. Each ends with exactly one event, within SKAD_OPERATION_US_MAX. */
#define SKAD_OPERATION_US_MAX (60ULL * SKAD_US_PER_S)

/* Pings the node at an address, whichever it is. */
SKAD_MUST_CHECK skad_status skad_node_ping(skad_node *node, const skad_address *address,
                                           skad_time now, skad_op *op);
/* Finds the nodes closest to a target over disjoint paths. */
SKAD_MUST_CHECK skad_status skad_node_lookup(skad_node *node, const skad_id *target, skad_time now,
                                             skad_op *op);
/* Reports each step of a running lookup from now on as it happens, beginning with those already
 * taken, by events SKAD_EVENT_STEP before its SKAD_EVENT_LOOKUP. When the driver polls too rarely
 * the oldest are lost. Unknown names are ignored. */
void skad_node_trace(skad_node *node, skad_op op);
/* Storing and finding records: skad/records.h. */

/* Forgets an operation or ends a watch without an event. Unknown names are ignored. */
void skad_node_cancel(skad_node *node, skad_op op);

/* ---- Events (skad/event.h) ---- */

/* Returns the next event, if any. Pointers in it are borrowed until the next call that takes the
 * node. */
bool skad_node_poll_event(skad_node *node, skad_event *out);

/* ---- Bans ---- */

typedef enum skad_ban_reason {
    SKAD_BAN_OPERATOR = 0,
    SKAD_BAN_SIGNATURES, /* requests with a valid token whose signatures do not verify */
    SKAD_BAN_RECORDS,    /* requests with a valid token to store what is no record */
    SKAD_BAN_ANSWERS,    /* answers to our requests that contradict what the replier must tell */
} skad_ban_reason;

/* The subject of a ban. */
typedef enum skad_ban_scope {
    SKAD_BAN_PREFIX = 0, /* an address prefix, with any node in it */
    SKAD_BAN_ID,         /* a node by its ID, at any address */
    SKAD_BAN_PEER,       /* a node by its ID at one address and port */
} skad_ban_scope;

typedef struct skad_ban {
    uint8_t scope;        /* a skad_ban_scope */
    skad_id id;           /* ID, PEER */
    skad_address address; /* PREFIX, its port is ignored; PEER */
    uint8_t prefix_bits;  /* PREFIX: 0..32, IPv6 0..128 */
    uint8_t reason;       /* a skad_ban_reason */
    uint64_t until_us;    /* monotonic */
} skad_ban;

/* Bans a subject for so many seconds: its requests are dropped, and it is sent none. When there are
 * 256 bans, the one that ends first is replaced. Errors: SKAD_ERR_INPUT (no such prefix),
 * SKAD_ERR_MEMORY (of a node with lazy allocation). */
SKAD_MUST_CHECK skad_status skad_node_ban(skad_node *node, const skad_ban *subject,
                                          uint32_t seconds, skad_time now);
/* Lifts a ban; false if there is none of exactly this subject. */
bool skad_node_unban(skad_node *node, const skad_ban *subject);
/* Exempts an address prefix from bans by the node itself. Errors: SKAD_ERR_INPUT, SKAD_ERR_FULL
 * (256 are exempt), SKAD_ERR_MEMORY (of a node with lazy allocation). */
SKAD_MUST_CHECK skad_status skad_node_allow(skad_node *node, const skad_ban *subject);
/* Writes up to `max` bans that have not ended; returns how many there are. */
size_t skad_node_bans(const skad_node *node, skad_time now, skad_ban *out, size_t max);

/* ---- Inspection ---- */

/* Returns the node's own ID. Borrowed. */
const skad_id *skad_node_self(const skad_node *node);
/* Returns the node's Ed25519 public key, 32 bytes, under which it publishes. */
const uint8_t *skad_node_public_key(const skad_node *node);
/* Returns the ID of the network that the node takes part in. */
const skad_network_id *skad_node_network(const skad_node *node);

/* Gives the node the nonce of a coming epoch. Error: SKAD_ERR_PUZZLE. */
SKAD_MUST_CHECK skad_status skad_node_add_nonce(skad_node *node, const skad_puzzle_nonce *nonce);

/* What proves the identity of a node: its key, and a nonce of the current epoch. */
typedef struct skad_proof {
    uint8_t public_key[SKAD_PUBLIC_KEY_BYTES];
    skad_puzzle_nonce nonce;
} skad_proof;

/* Returns what the node remembers as proof of an identity; false if it remembers none. */
bool skad_node_proof(const skad_node *node, const skad_id *id, skad_proof *out);
/* Gives the node a proof that it made in an earlier run, which it believes. Ignored where its nonce
 * is no longer valid. */
void skad_node_believe(skad_node *node, const skad_id *id, const skad_proof *proof, skad_time now);

typedef struct skad_node_stats {
    uint64_t received; /* datagrams */
    uint64_t received_bytes;
    uint64_t verdicts[SKAD_VERDICT_COUNT]; /* ACCEPT counts handled datagrams */
    uint64_t sent;
    uint64_t sent_bytes;
    uint64_t outbox_dropped;         /* no room: the driver polls too rarely */
    uint64_t signatures;             /* made; fewer than sent where batches are signed at once */
    uint64_t verifications;          /* of signatures */
    uint64_t identities_proven;      /* by memory-hard hashes; then they are remembered */
    uint64_t identities_refused;     /* proofs not made, for lack of budget */
    uint64_t hard_hashes;            /* computed for proofs, of right and of wrong identities */
    uint64_t requests[16];           /* answered, by request kind (index 1..13) */
    uint64_t refusals;               /* answered with an ERROR */
    uint64_t refused[SKAD_REFUSALS]; /* of these, by error code */
    uint64_t timeouts;               /* RPCs of ours that were not answered */
    uint64_t resent;                 /* copies of requests that were not answered yet */
    uint64_t lookups;
    uint64_t violations; /* contacts and records in answers that break the replier's duties */
    uint64_t dismissed;  /* peers evicted for violations */
    uint64_t
        lookups_dense;    /* that met a suspiciously dense neighbourhood; also for puts and gets */
    uint64_t republished; /* publications announced again */
    uint64_t offered;     /* records named to such nodes, to be compared */
    uint64_t handed_over; /* records sent to nodes that became responsible */
    uint64_t cached;      /* copies that we left with others after a get */
    uint64_t replicas_shed; /* not handed over or left, for lack of room */
    uint64_t demoted;       /* held records whose life was cut since other nodes are closer */
    uint64_t lives_ended;  /* held records that a clock which was ahead had given too long a life */
    uint64_t network_size; /* nodes, estimated from our siblings; 0 while there are too few */
    uint16_t peers;        /* verified and responsive contacts */
    uint16_t peers_unresponsive; /* kept, but unresponsive for now */
    uint16_t siblings;
    uint16_t buckets;
    uint16_t depth; /* the first bits that the IDs of our region share: we hold what has them */
    uint16_t neighbours; /* responsive contacts that live in our region */
    uint16_t pending;
    uint16_t operations;
    uint16_t watches;
    bool joined;
    bool loaded;              /* requests without a token get one instead of a signature check */
    uint64_t answers_shed;    /* answers not sent, for bandwidth */
    skad_address observed[2]; /* our address as peers see it: IPv4, IPv6; NONE while unknown */
    skad_address twin; /* where another node runs with our identity; NONE: there seems to be none */
    uint8_t reach[2];  /* a skad_reach each: IPv4, IPv6; unknown unless the node finds it out */
    uint8_t clients;   /* skad_family bits: where it says that it is a client, */
    uint8_t guarded;   /* and where that strangers have to be introduced */
    skad_store_totals store;
    uint32_t epoch;
    bool secrets_locked;     /* the system keeps our keys out of swap */
    uint64_t relayed;        /* FORWARDs of neighbours that were answered with a result */
    uint64_t relay_requests; /* sent for neighbours */
    uint64_t relay_copies;   /* of values that passed by, kept */
    uint64_t relays_late;    /* answered with ERROR late, since no result had come */
    uint16_t relays;         /* that wait now */
    uint64_t reserved[11];   /* 0 in this version */
} skad_node_stats;

/* Fills in the counters and the state of the node. */
void skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out);

/* Writes how full the node is, by cap. */
void skad_node_caps(const skad_node *node, skad_time now,
                    skad_usage out[SKAD_AT_LEAST(SKAD_CAP_COUNT)]);

/* One contact of the routing table. */
typedef struct skad_table_row {
    skad_contact contact; /* verified endpoints only */
    uint16_t order;       /* proximity order: the first bits that its ID shares with ours */
    uint16_t bucket;      /* the same, capped by the number of buckets */
    bool sibling;
    bool replacement;       /* waits in the bucket's replacement cache */
    uint8_t failures;       /* unanswered requests in a row */
    uint32_t rtt_us;        /* smoothed (RFC 6298); 0 while unknown */
    uint64_t last_seen_us;  /* since the last verified answer */
    uint64_t first_seen_us; /* since it was first verified */
} skad_table_row;

/* Writes up to rows_max rows, by bucket; returns how many there are in all. */
size_t skad_node_table(const skad_node *node, skad_time now, skad_table_row *rows, size_t rows_max);

SKAD_END

#endif
