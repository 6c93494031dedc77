/* Our requests that wait for an answer.
 *
 *            sent
 *             |     soft timeout        three times that        hard timeout
 *   free -> WAITING ------------> SLOW ------------------> OVERDUE ---------> free (unanswered)
 *             |                    |                         |
 *             +------ answer ------+-------------------------+--------------> free (answered)
 *
 * An operation goes on without a slow node, and waits no more for one that is overdue. Only the
 * hard timeout, a second at least, says that a node did not answer.
 *
 * In all states a request may be sent again, some times, after pauses that double: one lost packet
 * is no dead node. A copy has the same RPC id and the same digest, so an answer to any of them
 * ends the waiting. The hard timeout leaves the last copy its pause, also where a stalled driver
 * sent it late.
 *
 * An RPC id carries its slot in the first two bytes and 48 random bits in the rest, so an answer
 * finds its request without a search. Guessing the rest gains nothing: the answer's signature
 * covers the digest of the request. A full table refuses new requests.
 *
 * A wrong answer leaves the request waiting, because another sender than the one that was asked may
 * have overheard the request. So that no sender makes us check signatures without end, a request
 * has four checks of its own; further ones come out of a budget that all requests share. */
#ifndef SKAD_RPC_PENDING_H
#define SKAD_RPC_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/random.h"
#include "proto/envelope.h"
#include "skad/status.h"
#include "skad/types.h"
#include "src/core/routing/rtt.h"

/* What the answer is for. */
typedef enum skad_purpose {
    SKAD_PURPOSE_HELLO,      /* joining: any node at the address */
    SKAD_PURPOSE_CHECK,      /* liveness of a peer */
    SKAD_PURPOSE_UNVERIFIED, /* first ping of an unverified peer */
    SKAD_PURPOSE_PING,       /* an operation that is a ping: see owner */
    SKAD_PURPOSE_LOOKUP,     /* a lookup's query for its target: see owner, step */
    SKAD_PURPOSE_REGION,     /* a lookup's query for a region: the same */
    SKAD_PURPOSE_STORE,      /* a put's request to a holder: the same */
    SKAD_PURPOSE_PAGE,       /* a get's request for more of what a holder has: the same */
    SKAD_PURPOSE_REPLICA,    /* an unasked copy: no operation waits for the answer */
    SKAD_PURPOSE_COMPARE,    /* a handover's offer: owner is its walk, step its newcomer */
    SKAD_PURPOSE_PROBE,      /* whether we can be reached (reachability.h): owner is a group */
    SKAD_PURPOSE_CALL,       /* a call for another node: owner is the ticket of a PROBE, or 0 */
    SKAD_PURPOSE_INTRODUCE,  /* has a peer call us (introduce.h): nothing waits for the answer */
    SKAD_PURPOSE_MATCH,      /* digests for a node of our region (matching.h): owner is the round */
    SKAD_PURPOSE_FORWARD,    /* an operation's FORWARD: owner is the skad_op, step its first hop */
    SKAD_PURPOSE_RELAY, /* a FORWARD for another node: owner is the relay's name, step its try */
    SKAD_PURPOSE_AUDIT, /* AUDIT and PROVE (verifier.h): owner is the round, step the player */
} skad_purpose;

/* Whether the answer itself waits for other nodes, so that its time says nothing about the way. */
static inline bool skad_purpose_waits_for_others(skad_purpose purpose)
{
    return purpose == SKAD_PURPOSE_PROBE || purpose == SKAD_PURPOSE_FORWARD ||
           purpose == SKAD_PURPOSE_RELAY;
}

/* Whether an operation waits for the answer. */
static inline bool skad_purpose_of_operation(skad_purpose purpose)
{
    return purpose >= SKAD_PURPOSE_PING && purpose <= SKAD_PURPOSE_PAGE;
}

typedef struct skad_pending_rpc {
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    uint8_t digest[SKAD_HASH_BYTES]; /* of the request; the answer must cover it */
    skad_id responder;
    skad_address address;
    uint32_t timeout_us;             /* the soft one */
    uint64_t owner;                  /* of an operation: the skad_op */
    uint64_t sent_us;                /* the first time */
    uint64_t overdue_us;             /* three times that after it was sent, or longer for copies */
    uint64_t over_us;                /* the hard timeout */
    uint64_t copy_us;                /* when it is sent again, if copies are left */
    uint32_t pause_us;               /* before that */
    uint8_t token[SKAD_TOKEN_BYTES]; /* that it shows */
    uint8_t part;                    /* REGION: see skad_query */
    uint16_t step;   /* LOOKUP, REGION, PAGE: which candidate; STORE: which holder */
    uint8_t kind;    /* a skad_kind */
    uint8_t purpose; /* a skad_purpose */
    bool has_responder;
    bool has_token;
    bool slow;           /* the soft timeout has passed, */
    bool overdue;        /* and three times that has */
    uint8_t copies;      /* that were sent after the first */
    uint8_t copies_left; /* that may yet be sent */
    bool hurried;        /* its responder sent us a request meanwhile, so it was sent again */
    bool abandoned;      /* no copy is sent any more, since no operation waits for the answer */
    uint8_t checks; /* answers that were let through to a signature check; at most all that fit */
} skad_pending_rpc;

typedef struct skad_pending {
    skad_pending_rpc *rpcs;
    uint64_t *due_us;     /* a slot's next timeout; UINT64_MAX when free */
    uint16_t *free_slots; /* a stack of the free ones below `fresh` */
    uint16_t limit;
    uint16_t capacity; /* memory for so many: all, unless lazy_allocation */
    uint16_t fresh;    /* slots from here on were never taken */
    uint16_t free_count;
    uint16_t repeated;   /* of those that wait: sent more than once, */
    uint16_t relayed;    /* and sent for neighbours (SKAD_PURPOSE_RELAY) */
    uint16_t high_water; /* slots from here on have been free since the table was last empty */
    uint64_t checked_until_us; /* the shared budget of checks (rate.h) */
} skad_pending;

/* `later`: memory comes as slots are taken. */
SKAD_MUST_CHECK skad_status skad_pending_init(skad_pending *pending, size_t limit, bool later);
void skad_pending_free(skad_pending *pending);
size_t skad_pending_count(const skad_pending *pending);

/* Counts the requests of a purpose. */
size_t skad_pending_count_of(const skad_pending *pending, skad_purpose purpose);

/* Counts the requests that were sent once, and may be answered any moment. The others were lost,
 * mostly, or their answers were. */
size_t skad_pending_fresh_count(const skad_pending *pending);

/* Returns when a request is due next, copies aside: at its soft timeout, when it is overdue, or at
 * its hard timeout. */
uint64_t skad_pending_next_us(const skad_pending_rpc *rpc);

/* Takes a slot, draws its RPC id and starts its timeouts. The caller fills in the rest, digest
 * included. Returns NULL when full, or without memory. */
skad_pending_rpc *skad_pending_open(skad_pending *pending, skad_random *random,
                                    uint64_t soft_timeout_us, uint64_t now_us);

/* Says what the answer is for, of a request that was opened. */
void skad_pending_purpose(skad_pending *pending, skad_pending_rpc *rpc, skad_purpose purpose);

/* Whether one more request for a neighbour leaves half of the table to our own. */
bool skad_pending_may_relay(const skad_pending *pending);

/* Lets the request be sent again `copies` times, the first time after `pause_us`. */
void skad_pending_resend(skad_pending *pending, skad_pending_rpc *rpc, uint64_t pause_us,
                         uint8_t copies);

/* A request came from where one of ours waits, and from the node that was asked: so it lives there,
 * and what lies between lets us in by now. Plans a copy of ours for now, once. */
void skad_pending_hurry(skad_pending *pending, const skad_id *responder,
                        const skad_address *address, uint64_t now_us);

/* Sends no more copies of a request that expired (skad_pending_expire); its answer is still
 * awaited.
 */
void skad_pending_abandon(skad_pending *pending, const skad_pending_rpc *expired);

/* Lets the request be overdue no sooner than after `us`, a second at most. */
void skad_pending_overdue(skad_pending *pending, skad_pending_rpc *rpc, uint64_t us);

/* Lets the request be over no sooner than after `us`, since its answer waits for other nodes, and
 * overdue only then. */
void skad_pending_await(skad_pending *pending, skad_pending_rpc *rpc, uint64_t us);

/* Drops all but the request's hard timeout, when no part of the node would act on the others. */
void skad_pending_wait(skad_pending *pending, skad_pending_rpc *rpc);

/* Returns the request that an answer of this kind from this address claims to answer; NULL if there
 * is none. */
const skad_pending_rpc *skad_pending_match(const skad_pending *pending,
                                           const uint8_t rpc_id[static SKAD_RPC_ID_BYTES],
                                           const skad_address *from, skad_kind answer);

#define SKAD_PENDING_CHECKS 4

/* Whether an answer to a request may have a signature check; counts it. */
bool skad_pending_may_check(skad_pending *pending, const skad_pending_rpc *rpc, uint64_t now_us);

/* Whether a request to this endpoint waits for an answer. */
bool skad_pending_asks(const skad_pending *pending, const skad_id *responder,
                       const skad_address *address);

/* Gives a slot back. */
void skad_pending_close(skad_pending *pending, const skad_pending_rpc *rpc);

typedef enum skad_timeout {
    SKAD_TIMEOUT_NONE,
    SKAD_TIMEOUT_COPY, /* it is to be sent again */
    SKAD_TIMEOUT_SOFT,
    SKAD_TIMEOUT_OVERDUE,
    SKAD_TIMEOUT_HARD,
} skad_timeout;

/* Takes the next timeout that has passed by now and copies its request out, a COPY already counted;
 * on HARD the slot is given back. To be called until it returns NONE. */
skad_timeout skad_pending_expire(skad_pending *pending, uint64_t now_us, skad_pending_rpc *out);

/* Returns when the next timeout is due; UINT64_MAX if nothing waits. */
uint64_t skad_pending_deadline(const skad_pending *pending);

#endif
