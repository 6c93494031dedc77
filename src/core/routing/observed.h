/* Our address as peers see it: each reply tells the address that our request came from. A node
 * announces that address to the network, so it believes only a majority of diverse peers that it
 * has known for long.
 *
 * - Of each family, the last word of 16 peers counts. A peer speaks only about its own family, and
 *   only about addresses that the network can route to.
 *
 * - One of the widest address groups (diversity.h) has one vote, where the profile limits groups.
 *
 * - Votes are for those that were known first: a newcomer replaces a vote only if it is stale, or
 *   of a peer that is known for a shorter time. A peer that we have known for less than half as
 *   long as the oldest voter, an hour at most, has no vote at all. So strangers that come in a
 *   crowd have no say, whereas a node that has just started believes the first peers it met.
 *
 * - An address counts as ours if more than half of the fresh votes name it, and at least two. */
#ifndef SKAD_ROUTING_OBSERVED_H
#define SKAD_ROUTING_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/status.h"
#include "skad/types.h"
#include "src/core/base/instant.h"

#define SKAD_OBSERVED_VOTES   16
#define SKAD_OBSERVED_QUORUM  2
#define SKAD_OBSERVED_STALE_S 1800 /* twice the longest interval of liveness checks */
#define SKAD_OBSERVED_KNOWN_S 3600 /* a peer known for so long may vote in any case */

typedef struct skad_vote {
    uint64_t voter;       /* the first bits of its ID */
    uint64_t group;       /* the widest around the voter's own address; 0: not counted */
    skad_address address; /* family NONE: no vote */
    skad_second known;    /* since when we have known the voter */
    skad_second cast;
} skad_vote;

typedef struct skad_observed {
    skad_vote *votes[2]; /* IPv4, IPv6; SKAD_OBSERVED_VOTES each; NULL: none yet */
} skad_observed;

/* `later`: a family's votes are allocated with the first. */
SKAD_MUST_CHECK skad_status skad_observed_init(skad_observed *observed, bool later);
void skad_observed_free(skad_observed *observed);

/* What a verified answer says about our address. */
typedef struct skad_ballot {
    const skad_id *voter;
    const skad_address *from; /* the voter's own address */
    const skad_address *observed;
    skad_second known;  /* since when we have known the voter */
    bool one_a_group;   /* whether the profile limits address groups */
    bool allow_private; /* whether private addresses are routable */
} skad_ballot;

/* Counts a vote, if the voter has one. */
void skad_observed_vote(skad_observed *observed, const skad_ballot *ballot, uint64_t now_us);

/* Our address of a family may be another one: its votes count again when they are cast anew. Their
 * voters keep their places, so strangers have no say meanwhile. */
void skad_observed_doubt(skad_observed *observed, size_t family_index, uint64_t now_us);

/* Returns the agreed address of a family (index 0: IPv4, 1: IPv6); family NONE while there
 * is none. */
skad_address skad_observed_address(const skad_observed *observed, size_t family_index,
                                   uint64_t now_us);

/* Returns our own address with a given port: the agreed one of IPv4, or else of IPv6; family NONE
 * while there is neither. */
skad_address skad_observed_own(const skad_observed *observed, uint16_t port, uint64_t now_us);

#endif
