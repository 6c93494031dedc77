/* Everything a node is. Private to src/core.
 *
 * Which file does what with it, in the order in which a datagram meets them:
 *
 *   node.c     life cycle and the public calls that drive the node
 *   intake.c   a datagram's three steps: admit, open, handle
 *   admit.c    all checks that cost less than a signature
 *   bans.c     who is kept out
 *   gate.c     whether a request may have a signature check (throttle.c)
 *   (proto/open.c: puzzles, signature, body)
 *   handle.c   where a verified message or a timeout goes
 *   join.c     getting into a network and staying in it
 *   mend.c     finding again whom we lost
 *   upkeep.c   liveness checks (liveness.c), candidates, refreshes, expiry, epochs
 *   handover.c records for nodes that have come to be closer than others
 *   republish.c what we publish, announced again
 *   watch.c    what is watched, looked for again
 *   records.c  the public calls of skad/records.h
 *   start.c    starting lookups, puts, gets and pings
 *   operate.c  whom they ask, what answers mean to them
 *   conduct.c  whether an answer keeps to the replier's duties
 *   storing.c  the second half of a put
 *   misplaced.c what nobody near its key took
 *   report.c   how an ended operation is told
 *   serve.c    answers to requests
 *   hold.c     what comes into the store, and for how long (duty.c)
 *   replicate.c copies that nobody asked for
 *   ask.c      requests of our own
 *   (proto/seal.c: signature, tag)
 *   inspect.c  statistics and table rows
 *   fill.c     a node as it is after hours in a network
 *   caps.c     how full it is
 *   invariants.c what must hold between any two calls; only tests and fuzzers ask
 *
 * Calls run down this list, never up: join starts a lookup, and looks whether it has ended. */
#ifndef SKAD_NODE_STATE_H
#define SKAD_NODE_STATE_H

#include "crypto/random.h"
#include "proto/open.h"
#include "proto/seal.h"
#include "skad/node.h"
#include "src/core/inbound/duplicates.h"
#include "src/core/inbound/throttle.h"
#include "src/core/operations/operation.h"
#include "src/core/routing/bans.h"
#include "src/core/routing/observed.h"
#include "src/core/routing/table.h"
#include "src/core/rpc/outbox.h"
#include "src/core/rpc/pending.h"
#include "src/core/storage/watches.h"

#define SKAD_JOIN_ADDRESSES_MAX  32
#define SKAD_CANDIDATES_MAX      64 /* senders of requests that wait for a ping; more are ignored */
#define SKAD_STRANGERS_ASKED_MAX 24 /* of them, at once */
#define SKAD_ROOTS_MAX           64 /* verified batch roots that are remembered, at most */

/* A stranger who sent us a valid request and might be worth a place in the table. */
typedef struct skad_stranger {
    skad_id id;
    skad_address address;
} skad_stranger;

typedef struct skad_join_state {
    skad_address *addresses; /* of whom the driver named */
    size_t addresses_count;  /* at most SKAD_JOIN_ADDRESSES_MAX */
    bool joined;
    uint64_t joined_us;  /* since when */
    skad_op lookup;      /* the running self-lookup, 0 if none */
    uint64_t hello_us;   /* when hellos, or a look for room, are due next; UINT64_MAX: never */
    uint64_t backoff_us; /* between rounds of hellos */
} skad_join_state;

typedef struct skad_upkeep_state {
    skad_stranger *candidates; /* a ring */
    size_t candidates_room;    /* SKAD_CANDIDATES_MAX, unless frugal */
    size_t candidates_first;
    size_t candidates_count;
    uint64_t candidate_us;  /* when the next candidate may be pinged */
    size_t strangers_asked; /* candidates that were pinged and may yet answer */
    uint64_t rest_us;       /* no liveness is checked before */
    uint64_t roused_us;     /* when one was checked since nobody had been heard; 0: never */
    uint64_t refresh_us;    /* when a bucket's refresh is due */
    uint64_t look_us;       /* when our own neighbourhood is looked at; UINT64_MAX: never joined */
    uint64_t look_pause_us; /* between two such looks */
    bool looks_grow;        /* that pause does; afterwards only who knows few looks (upkeep.h) */
    uint32_t neighbours_seen; /* how many had come at the last of them */
    uint64_t sweep_us;        /* when expired records are swept */
    uint32_t epoch_asked;     /* the epoch for which PUZZLE_NEEDED was said */
} skad_upkeep_state;

#define SKAD_LOST_MAX 8

/* A peer that fell silent (mend.h). */
typedef struct skad_lost {
    skad_id id;
    skad_address address;
    uint32_t lost_s;      /* when (instant.h) */
    uint32_t known_for_s; /* by then */
} skad_lost;

typedef struct skad_mend_state {
    skad_lost *lost; /* SKAD_LOST_MAX; frugal: NULL until somebody falls silent */
    size_t lost_count;
    uint64_t round_us;  /* when they are asked again; UINT64_MAX: nobody is missing */
    uint64_t pause_us;  /* between two rounds */
    uint64_t storm_us;  /* until when those who fall silent are counted together */
    size_t fell;        /* of them */
    size_t fell_before; /* in the time before */
    bool storm;         /* they were many */
    bool open;          /* a lookup may yet begin at who answers this round */
} skad_mend_state;

#define SKAD_NEWCOMERS_MAX                                                                         \
    16                      /* of one walk; more are left to their publishers' next announcement */
#define SKAD_RENEWALS_MAX 4 /* publications that are announced again at once */

typedef struct skad_handover_state {
    skad_id *arrived; /* newly near us; served by the next walk; SKAD_NEWCOMERS_MAX */
    size_t arrived_count;
    skad_id *served; /* by the walk under way; as many, behind or before those in one array */
    size_t served_count;
    bool walking;
    skad_store_name from; /* the record to be looked at next */
    uint64_t step_us;     /* when the walk begins or goes on; UINT64_MAX: none is planned */
    uint64_t round_us;    /* when all records are looked at, newcomers or not */
} skad_handover_state;

typedef struct skad_renewing {
    skad_op op; /* 0: none */
    skad_store_name name;
} skad_renewing;

typedef struct skad_republish_state {
    skad_store_name from; /* the publication to be looked at next */
    uint64_t step_us;     /* when */
    bool first;           /* the first round since the start, which makes up for the time before */
    skad_renewing *running; /* SKAD_RENEWALS_MAX; NULL: none ever was */
} skad_republish_state;

#define SKAD_MISPLACED_MAX 16 /* more are left to their hourly turn */

/* A publication that was announced, but not to where it belongs (misplaced.h). */
typedef struct skad_misplaced {
    skad_store_name name;
    uint64_t due_us; /* when it is announced again */
} skad_misplaced;

typedef struct skad_misplaced_state {
    skad_misplaced *all; /* SKAD_MISPLACED_MAX; frugal: NULL until there is one */
    size_t count;
} skad_misplaced_state;

/* What may have a signature check (gate.h). */
typedef struct skad_gate {
    bool limited;           /* by source; else the throttles are empty */
    skad_throttle unproven; /* requests without a valid token, by source */
    skad_throttle proven;
    skad_rate unproven_all;
    skad_rate proven_all;
    skad_rate answer_bytes;
    uint64_t unproven_until_us; /* meters of the three */
    uint64_t proven_until_us;
    uint64_t answered_until_us;
    uint64_t challenged_until_us;
    bool loaded;
    bool pressed; /* the driver says so */
} skad_gate;

/* Fingerprints of batch roots that were verified (proto/open.h), a ring. */
typedef struct skad_roots {
    uint8_t (*prints)[SKAD_HASH_BYTES]; /* NULL: there is no memory for any yet */
    uint16_t slots;
    uint16_t next;
} skad_roots;

/* Events that are no operation's. */
typedef struct skad_event_ring {
    skad_event *events;
    size_t slots;
    size_t room; /* that there is memory for: all, unless frugal */
    size_t first;
    size_t count;
} skad_event_ring;

struct skad_node {
    skad_profile profile;
    skad_identity identity;
    skad_store store;
    unsigned families;
    bool disposable; /* not in pages of its own */
    bool frugal;     /* memory comes as it is needed */
    skad_node_limits limits;
    skad_node_tuning tuning;
    uint8_t network_key[SKAD_HASH_BYTES];
    uint8_t token_key[SKAD_TOKEN_KEY_BYTES];
    skad_random random;
    skad_time now; /* the instant of the current call */

    skad_table table;
    skad_pending pending;
    skad_operations operations;
    skad_outbox outbox;
    skad_duplicates duplicates;
    skad_observed observed;
    skad_event_ring events;
    skad_op *ended; /* names of operations whose event waits, a ring of operations.count */
    size_t ended_first;
    size_t ended_count;
    skad_op polled; /* the operation whose event borrows from it; 0 if none */

    skad_roots roots;
    skad_gate gate;
    skad_bans bans;
    uint64_t heard_us;   /* when the last verified answer came; 0: never */
    uint64_t starved_us; /* when operations that found no room to ask try again; or UINT64_MAX */
    uint64_t overdue_us; /* when operations are next checked for their deadline; or UINT64_MAX */

    skad_join_state join;
    skad_mend_state mend;
    skad_upkeep_state upkeep;
    skad_watches watches;
    skad_handover_state handover;
    skad_republish_state republish;
    skad_misplaced_state misplaced;
    skad_node_stats stats;
};

/* Puts an event that is no operation's into the ring; the oldest gives way when it is full. */
void skad_node_tell(skad_node *node, const skad_event *event);

/* The nonce to sign with: of this epoch, or a neighbour's while ours is not solved yet. */
const skad_puzzle_nonce *skad_node_nonce(const skad_node *node);

/* What seal needs of us. */
skad_sealer skad_node_sealer(const skad_node *node);

/* For drivers that open datagrams on other threads (intake.h): skad_node_enter before
 * skad_intake_admit, skad_node_take instead of skad_intake_handle. */
struct skad_intake;
void skad_node_enter(skad_node *node, skad_time now);
skad_verdict skad_node_take(skad_node *node, struct skad_intake *intake, skad_time now);

/* For drivers that seal on other threads: batches to be sealed, in whatever order they come back
 * (outbox.h), and instead of skad_node_poll_datagram what is sealed. skad_seal reads nothing of our
 * sealer but the secret key and the network key, which never change. */
bool skad_node_lend_batch(skad_node *node, skad_outbox_batch *out);
void skad_node_return_batch(skad_node *node, const skad_outbox_batch *batch);
bool skad_node_poll_sealed(skad_node *node, skad_datagram *out);

#endif
