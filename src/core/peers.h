/* The pool of verified peers: every contact that ever answered us and still has a place in a
 * bucket, in a replacement cache or in the sibling list. Those three refer to peers by slot.
 *
 * A fixed number of slots, taken and given back; the pool itself never evicts. The first 64 bits of
 * each ID stand in an array of their own, so that finding a peer or the closest ones is one pass
 * over a few kilobytes. */
#ifndef SKAD_CORE_PEERS_H
#define SKAD_CORE_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/token.h"
#include "skad/status.h"
#include "skad/types.h"
#include "src/core/rtt.h"

typedef uint16_t skad_peer_slot;
#define SKAD_PEER_NONE UINT16_MAX

/* Where a peer has a place; a slot with none is free. */
typedef enum skad_peer_place {
    SKAD_PEER_IN_BUCKET = 1,
    SKAD_PEER_IN_CACHE = 2,
    SKAD_PEER_IN_SIBLINGS = 4,
} skad_peer_place;

#define SKAD_PEER_USABLE_PLACES (SKAD_PEER_IN_BUCKET | SKAD_PEER_IN_SIBLINGS)

/* Unanswered requests in a row after which a peer counts as silent: it is no longer named to others
 * nor used by lookups until it answers again. One lost packet must not be enough. */
#define SKAD_PEER_FAILURES_SILENT 2

/* One verified endpoint of a peer. */
typedef struct skad_route {
    skad_address address;            /* family NONE: none verified */
    uint8_t failures;                /* unanswered requests to it in a row */
    uint64_t token_us;               /* when the token was granted; 0: we have none */
    uint8_t token[SKAD_TOKEN_BYTES]; /* what the peer granted us for this endpoint */
} skad_route;

typedef struct skad_peer {
    skad_id id;
    skad_route routes[2]; /* IPv4, IPv6 */
    skad_rtt rtt;
    uint8_t places;    /* skad_peer_place bits */
    uint8_t failures;  /* unanswered requests in a row while no other route of it did better */
    uint8_t faults;    /* answers that broke the rules */
    uint64_t known_us; /* first verified answer */
    uint64_t seen_us;  /* last verified answer */
    uint64_t check_us; /* when its next liveness check is due */
    uint64_t anew_us;  /* when it was last taken for one that began anew (handover.h); 0: never */
} skad_peer;

typedef struct skad_peers {
    skad_peer *peers;
    uint64_t *prefixes; /* skad_id_prefix of the peer in the slot */
    size_t slots;       /* capacity */
    size_t used;        /* slots from here on were never taken; low ones are taken first */
    size_t count;       /* taken slots */
} skad_peers;

SKAD_MUST_CHECK skad_status skad_peers_init(skad_peers *peers, size_t slots);
void skad_peers_free(skad_peers *peers);

/* The slot of an ID, or SKAD_PEER_NONE. */
skad_peer_slot skad_peers_find(const skad_peers *peers, const skad_id *id);

/* Takes a slot for a new ID, zeroed otherwise; SKAD_PEER_NONE when all are taken. The caller gives
 * it a place or releases it. */
skad_peer_slot skad_peers_take(skad_peers *peers, const skad_id *id);

/* Gives the slot back once its last place is gone; does nothing while it has one. */
void skad_peers_release(skad_peers *peers, skad_peer_slot slot);

bool skad_peer_silent(const skad_peer *peer);

/* 0 for IPv4, 1 for IPv6. */
size_t skad_route_index(const skad_address *address);

/* The route to use given the families that we can send on: the one with fewer failures, IPv4 before
 * IPv6; NULL if none. */
const skad_route *skad_peer_route(const skad_peer *peer, unsigned families);

/* The slots of the usable, living peers closest to the target, ascending: at most `max` (<= 64), of
 * those with a route in `families`, except `except` (may be NULL). Returns how many. */
size_t skad_peers_closest(const skad_peers *peers, const skad_id *target, unsigned families,
                          const skad_id *except, size_t max, skad_peer_slot *out);

#endif
