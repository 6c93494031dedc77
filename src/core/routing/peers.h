/* The pool of verified peers: all peers that ever answered us and are still listed in a bucket, in
 * a replacement cache or in the sibling list. These three refer to peers by slot.
 *
 * The number of slots is fixed. Slots are taken and given back; the pool itself never evicts. All
 * memory is there from the start, or comes in steps as slots are taken with lazy allocation.
 *
 * A network's nodes keep hundreds of peers each, and a simulator runs a hundred thousand nodes. So
 * a peer holds only what nearly all peers have: an ID, an IPv4 endpoint, and times. Everything else
 * stands in its cold fields, apart from the peer. The fields that are searched stand in arrays of
 * their own, the first 32 bits of each ID and the time of each liveness check, so that a search is
 * one pass over a kilobyte or two. */
#ifndef SKAD_ROUTING_PEERS_H
#define SKAD_ROUTING_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/status.h"
#include "skad/types.h"
#include "src/core/base/instant.h"
#include "src/core/routing/lifetimes.h"
#include "src/core/routing/peer_tokens.h"
#include "src/core/routing/rtt.h"

/* Memory for slots comes in steps, and prefixes are compared a step at a time. */
#define SKAD_PEERS_STEP 16

typedef uint16_t skad_peer_slot;
#define SKAD_PEER_NONE UINT16_MAX

/* The lists that a peer stands in; a slot without a role is free. */
typedef enum skad_peer_role {
    SKAD_PEER_IN_BUCKET = 1,
    SKAD_PEER_IN_CACHE = 2,
    SKAD_PEER_IN_SIBLINGS = 4,
} skad_peer_role;

#define SKAD_PEER_USABLE_ROLES (SKAD_PEER_IN_BUCKET | SKAD_PEER_IN_SIBLINGS)

/* Unanswered requests in a row after which a peer counts as unresponsive: it is no longer named to
 * others or used by lookups until it answers again. One lost packet must not be enough. */
#define SKAD_UNRESPONSIVE_FAILURES 2
#define SKAD_PEER_FAILURES_MASK    0x7fU

typedef struct skad_peer {
    skad_id id;
    skad_rtt rtt;
    skad_instant last_seen; /* last verified answer */
    skad_second first_seen; /* first verified answer */

    /* Its endpoints (endpoints.h). */
    uint8_t ipv4[4];
    uint16_t ipv4_port;
    skad_peer_slot cold;   /* SKAD_PEER_NONE: it has none */
    uint8_t families : 4;  /* skad_family bits of the verified ones, */
    uint8_t guarded : 4;   /* and of those at which strangers have to be introduced */
    uint8_t ipv4_failures; /* unanswered requests to it in a row */

    uint8_t roles; /* skad_peer_role bits */
    uint8_t
        failures : 7; /* unanswered requests in a row while no other endpoint of it did better */
    uint8_t pressing : 1; /* the next check is for a reason of its own (liveness.h) */
} skad_peer;

/* What few peers have. */
typedef struct skad_peer_cold {
    uint64_t anew_us;      /* when it was last suspected of a restart (handover.h); 0: never */
    uint64_t handed_us;    /* when it was last handed records over; 0: never */
    uint64_t since_unix_s; /* the coming handover is of what was stored since then; 0: of all */
    uint8_t ipv6[16];
    skad_second violated;  /* when it last broke the rules */
    uint32_t handed_token; /* print of the token for which it was handed records; 0: none */
    uint16_t ipv6_port;
    skad_peer_slot next;   /* of the free ones */
    uint8_t ipv6_failures; /* unanswered requests to it in a row */
    uint8_t violations;    /* answers that broke the rules, within an hour of each other */
    bool anew;             /* suspected of a restart; it is being asked */
    bool cut_short;        /* it fell silent while it was handed records, */
    bool made_good;        /* and was handed all again for the same token */
} skad_peer_cold;

typedef struct skad_peers {
    skad_peer *peers;
    uint32_t *prefixes;  /* first 32 bits of the ID of the peer in the slot */
    uint32_t *checks_ms; /* when its next liveness check is due (instant.h); 0: the slot is free */
    uint64_t due_us;     /* no check is due before; liveness.h finds when one is */
    skad_peer_cold *colds;
    skad_peer_tokens tokens;  /* endpoint numbers: endpoints.h */
    skad_lifetimes lifetimes; /* how long the peers that we know stay */
    uint16_t limit;           /* slots at most */
    uint16_t capacity;        /* slots that there is memory for, in whole steps */
    uint16_t high_water;      /* slots from here on were never taken; low ones are taken first */
    uint16_t count;           /* taken slots */
    uint16_t unresponsive;    /* of them, those of unresponsive peers */
    uint16_t colds_capacity;  /* cold fields that there is memory for */
    uint16_t colds_high_water;
    skad_peer_slot colds_free; /* the first of those given back; SKAD_PEER_NONE: none was */
    skad_peer_slot latest; /* the peer that answered last; SKAD_PEER_NONE: has to be looked for */
} skad_peers;

typedef struct skad_peers_plan {
    uint16_t limit;
    uint16_t tokens;      /* kept at once (peer_tokens.h) */
    bool lazy_allocation; /* memory comes as it is needed */
} skad_peers_plan;

SKAD_MUST_CHECK skad_status skad_peers_init(skad_peers *peers, const skad_peers_plan *plan);
void skad_peers_free(skad_peers *peers);

/* Reserves memory for so many peers, as far as there are slots. */
SKAD_MUST_CHECK skad_status skad_peers_reserve(skad_peers *peers, size_t count);

/* Returns the slot of an ID, or SKAD_PEER_NONE. */
skad_peer_slot skad_peers_find(const skad_peers *peers, const skad_id *id);

/* Takes a slot for a new ID, zeroed otherwise; SKAD_PEER_NONE when all slots are taken, or without
 * memory. The caller gives the peer a role or releases the slot. */
skad_peer_slot skad_peers_take(skad_peers *peers, const skad_id *id);

/* Gives the slot back once its last role is gone; does nothing while it has one. */
void skad_peers_release(skad_peers *peers, skad_peer_slot slot);

/* Returns the cold fields of a peer; NULL if it has none. skad_peers_cold_of gives it some; NULL
 * without memory. */
const skad_peer_cold *skad_peers_cold(const skad_peers *peers, skad_peer_slot slot);
skad_peer_cold *skad_peers_cold_of(skad_peers *peers, skad_peer_slot slot);

/* Whether a peer's last answer is the later one of two; in the same instant, that of the lower slot
 * is. */
static inline bool skad_peers_answered_later(const skad_peers *peers, skad_peer_slot slot,
                                             skad_peer_slot other)
{
    int32_t later = skad_instant_later(peers->peers[slot].last_seen, peers->peers[other].last_seen);
    return later > 0 || (later == 0 && slot < other);
}

/* A verified answer of a peer came. */
void skad_peers_heard(skad_peers *peers, skad_peer_slot slot, uint64_t now_us);

/* Sets when a peer is checked next. */
void skad_peers_check_at(skad_peers *peers, skad_peer_slot slot, uint64_t us);

static inline bool skad_peer_unresponsive(const skad_peer *peer)
{
    return peer->failures >= SKAD_UNRESPONSIVE_FAILURES;
}

/* Whether a peer has this slot and is not unresponsive. SKAD_PEER_NONE is allowed. */
static inline bool skad_peers_alive(const skad_peers *peers, skad_peer_slot slot)
{
    return slot != SKAD_PEER_NONE && peers->peers[slot].roles != 0 &&
           !skad_peer_unresponsive(&peers->peers[slot]);
}

/* Sets a peer's unanswered requests in a row. */
void skad_peers_set_failures(skad_peers *peers, skad_peer_slot slot, unsigned failures);

/* Finds the slots of the usable, responsive peers closest to the target, ascending: at most `max`
 * (<= 64), of those with an endpoint in `families`, except `except` (may be NULL). Returns how
 * many. */
size_t skad_peers_closest(const skad_peers *peers, const skad_id *target, unsigned families,
                          const skad_id *except, size_t max, skad_peer_slot *out);

#endif
