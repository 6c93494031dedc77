/* The caps of a node's tables and rates, and how much of each is taken, so that an operator sees a
 * shortage before something is dropped (docs/limits.md, "What gives way"). The store reports its
 * own (skad/store.h). */
#ifndef SKAD_CAP_H
#define SKAD_CAP_H

#include <stdint.h>

#include "skad/compiler.h"

SKAD_BEGIN

/* X(NAME, "name"). The names are stable: operators graph them. */
#define SKAD_CAPS(X)                                                                               \
    X(PEERS, "peers")           /* slots of the routing table */                                   \
    X(PENDING, "pending")       /* requests of ours without an answer yet */                       \
    X(OPERATIONS, "operations") /* lookups, puts and gets under way */                             \
    X(OUTBOX, "outbox")         /* datagrams that wait to be sent */                               \
    X(EVENTS, "events")         /* events that wait to be polled */                                \
    X(UNVERIFIED, "candidates") /* unverified peers that wait for a ping */                        \
    X(WATCHES, "watches")       /* records watched */                                              \
    X(BANS, "bans")             /* subjects that are banned */                                     \
    X(ALLOWED, "allowed")       /* subjects that the node itself never bans */                     \
    X(IDENTITIES, "identities") /* proven identities that are remembered */                        \
    /* Rates: how much of a burst is used up. */                                                   \
    X(CHECKS_UNVALIDATED, "checks_unproven") /* signatures of requests without a valid token */    \
    X(CHECKS_VALIDATED, "checks_proven")     /* and of those with one */                           \
    X(PROOFS, "proofs")                      /* of identities, for requests */                     \
    X(ANSWER_BYTES, "answer_bytes")          /* bytes sent in answers */

typedef enum skad_cap {
#define SKAD_CAP_ENUM(name, text) SKAD_CAP_##name,
    SKAD_CAPS(SKAD_CAP_ENUM)
#undef SKAD_CAP_ENUM
        SKAD_CAP_COUNT
} skad_cap;

#define SKAD_CAP_FIRST_RATE SKAD_CAP_CHECKS_UNVALIDATED

typedef struct skad_usage {
    uint64_t used;
    uint64_t max;   /* of a rate: a burst */
    uint64_t per_s; /* of a rate; 0: there is no limit */
} skad_usage;

/* The cap's stable lower-case name, static storage, never NULL. */
const char *skad_cap_name(skad_cap cap);

SKAD_END

#endif
