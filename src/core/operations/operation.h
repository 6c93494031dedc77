/* Operations. A user of the node starts a ping, a lookup, a put or a get and waits for it. The node
 * runs others for itself: lookups to join and to refresh, puts to republish, gets of what is
 * watched. The number of slots is fixed; each is allocated while it is taken. An operation's name
 * is its slot and the generation of that slot, so a stale name finds nothing.
 *
 *    RUNNING (lookup; a put stores already) -> [puts only] STORING -> ENDED (its event waits)
 *                                                                              -> polled, freed
 *                     \-> [gets of announcements] PAGING -/
 *
 * The node's own operations end without an event, or with an event of the part that started them.
 * This file holds the slots and their contents; operate.c runs the operations. */
#ifndef SKAD_OPERATIONS_OPERATION_H
#define SKAD_OPERATIONS_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/limits.h"
#include "skad/node.h"
#include "src/core/lookup/collect.h"
#include "src/core/lookup/lookup.h"
#include "src/core/lookup/strata.h"
#include "src/core/operations/first_hops.h"

typedef enum skad_operation_kind {
    SKAD_OPERATION_PING,
    SKAD_OPERATION_LOOKUP,
    SKAD_OPERATION_PUT,
    SKAD_OPERATION_GET,
    SKAD_OPERATION_FORWARD,   /* a lookup, a put or a get that other nodes forward for us */
    SKAD_OPERATION_JOIN,      /* the node's own: a lookup of its own ID */
    SKAD_OPERATION_REFRESH,   /* the node's own: a lookup in a bucket's range */
    SKAD_OPERATION_REPUBLISH, /* the node's own: a put of what it publishes */
    SKAD_OPERATION_WATCH,     /* the node's own: a get of what is watched */
    SKAD_OPERATION_ADOPT,     /* the node's own: a get of a newer edition of what it publishes */
    SKAD_OPERATION_DEPOSIT, /* the node's own: a put of what it stores for a neighbour (relay.h) */
    SKAD_OPERATION_BALLOT,  /* the node's own: a put of what an audit found */
} skad_operation_kind;

typedef enum skad_operation_stage {
    SKAD_STAGE_RUNNING,
    SKAD_STAGE_STORING,
    SKAD_STAGE_PAGING,
    SKAD_STAGE_ENDED,
} skad_operation_stage;

/* The state of one holder that a put stores at. */
typedef enum skad_holder_state {
    SKAD_HOLDER_WAITS, /* not asked yet */
    SKAD_HOLDER_ASKED,
    SKAD_HOLDER_STORED,
    SKAD_HOLDER_REFUSED,
    SKAD_HOLDER_UNRESPONSIVE,
    SKAD_HOLDER_LEFT, /* it was silent while the lookup went on, which found others */
} skad_holder_state;

/* The s closest and, in a crowded region, a sample of it. */
#define SKAD_HOLDERS_MAX     (SKAD_S_MAX + SKAD_STRATA * SKAD_STRATUM_SHARE)
#define SKAD_STORE_TRIES_MAX 2 /* for a holder that did not answer, or wanted a fresher token */

typedef struct skad_holder {
    uint16_t candidate; /* among the lookup's candidates */
    uint8_t state;      /* a skad_holder_state */
    uint8_t tries;
    uint8_t refusal; /* where REFUSED: the error code, 0 for an unknown one */
    uint32_t life_s; /* where STORED */
} skad_holder;

/* What a put stores. */
typedef struct skad_put_payload {
    uint8_t *record; /* owned, SKAD_RECORD_BYTES_MAX; NULL except in puts */
    size_t len;
    skad_record_type type;
    bool has_cas;
    uint64_t cas;
    bool keep;            /* keep it among our publications once it is stored */
    uint32_t keep_life_s; /* skad_start_record */
    bool follows;         /* skad_publication */
    bool kept;            /* it has been kept */
    uint8_t wanted;       /* nodes that should hold it (skad_put_report) */
    bool asked_here;      /* we are a holder, too */
    uint8_t refusal_here; /* the answer of our own store: an error code, 0: it is held, */
    uint64_t ticket_here; /* and lasts once this is settled; 0: it does */
    uint32_t life_here_s;
    bool keeping;           /* it was put among our publications, if it counts */
    uint64_t keep_ticket;   /* and is kept once this is settled; 0: it is, or is not */
    uint64_t sequence_seen; /* the highest that a refusal names */
} skad_put_payload;

typedef struct skad_operation {
    skad_operation_kind kind;
    skad_operation_stage stage;
    uint16_t slot;        /* among the operations */
    uint64_t deadline_us; /* ends by then, whatever happens */
    uint64_t ended_us;
    skad_outcome outcome;
    bool traced;         /* its steps are reported as they happen */
    skad_lookup *lookup; /* owned; NULL for PING and FORWARD */

    /* PUT, REPUBLISH */
    skad_put_payload payload;
    skad_holder *holders; /* owned, SKAD_HOLDERS_MAX */
    uint8_t holders_count;

    /* GET, WATCH, ADOPT, and a FORWARD that gets */
    skad_collection *collection; /* owned */
    uint8_t pages;               /* requests for more announcements, so far */
    uint16_t watch;              /* WATCH: the index of the watch */

    skad_forwarding *forwarding; /* owned; FORWARD, else NULL */

    /* PING */
    skad_id responder;
    skad_address address;
    skad_address observed;
    uint64_t rtt_us;
    uint8_t hellos; /* sent so far */

    /* Filled when a LOOKUP's event is polled. */
    skad_contact *closest; /* owned, SKAD_K_MAX */
    skad_step *steps;      /* owned */
} skad_operation;

typedef struct skad_operation_slot {
    skad_operation *operation; /* owned; NULL: free */
    uint32_t generation;
} skad_operation_slot;

typedef struct skad_operations {
    skad_operation_slot *slots;
    size_t count;
    size_t taken;        /* not free */
    uint64_t blocked_us; /* when operations that found no room to send try again; or UINT64_MAX */
    uint64_t overdue_us; /* when deadlines are checked next; or UINT64_MAX */
} skad_operations;

SKAD_MUST_CHECK skad_status skad_operations_init(skad_operations *operations, size_t count);
void skad_operations_free(skad_operations *operations);

/* Takes a free slot for an operation, which is RUNNING from now on; NULL when all slots are taken,
 * or without memory. `spare` slots are left for others. */
skad_operation *skad_operations_take(skad_operations *operations, skad_operation_kind kind,
                                     size_t spare);
/* Frees an operation and its slot. */
void skad_operations_release(skad_operations *operations, skad_operation *operation);

/* Whether it looks for a record, whether it stores one, whether the node runs it for itself, and
 * whether no part of the node waits for its end then. */
bool skad_operation_gets(const skad_operation *operation);
bool skad_operation_puts(const skad_operation *operation);
bool skad_operation_own(const skad_operation *operation);
bool skad_operation_unawaited(const skad_operation *operation);

skad_op skad_operation_name(const skad_operations *operations, const skad_operation *operation);
skad_operation *skad_operations_find(skad_operations *operations, skad_op name);

#endif
