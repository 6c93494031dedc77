/* Our address as peers see it: each reply tells the address that our request came from. The last
 * few votes of each family are kept, one for each voter and one for each address group. The address
 * that most of them name counts as ours once two agree. It is a hint for people and logs: nothing
 * in the protocol depends on it. */
#ifndef SKAD_ROUTING_OBSERVED_H
#define SKAD_ROUTING_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/status.h"
#include "skad/types.h"

#define SKAD_OBSERVED_VOTES  8
#define SKAD_OBSERVED_QUORUM 2

typedef struct skad_vote {
    uint64_t voter;       /* the first bits of its ID */
    uint64_t group;       /* of the voter's own address; 0: not counted */
    skad_address address; /* family NONE: no vote */
} skad_vote;

typedef struct skad_observed {
    skad_vote *votes[2]; /* IPv4, IPv6; SKAD_OBSERVED_VOTES each; NULL: none yet */
    uint8_t next[2];     /* the vote to be replaced next */
} skad_observed;

/* `later`: a family's votes are allocated with the first. */
SKAD_MUST_CHECK skad_status skad_observed_init(skad_observed *observed, bool later);
void skad_observed_free(skad_observed *observed);

/* Counts a vote. `group` is the address group of the voter's own address (diversity.h), so that one
 * subnet has one vote; 0 where groups do not count. */
void skad_observed_vote(skad_observed *observed, const skad_id *voter, uint64_t group,
                        const skad_address *address);

/* Returns the agreed address of a family (index 0: IPv4, 1: IPv6); family NONE while there
 * is none. */
skad_address skad_observed_address(const skad_observed *observed, size_t family_index);

#endif
