/* Whom a lookup has heard of: each has a place, a small number that stays its own as long as some
 * shortlist names it or it was asked. Other candidates take over the places that nobody needs any
 * more, so that there are never more places than the lookup's bounds allow (lookup.h). */
#ifndef SKAD_LOOKUP_CANDIDATES_H
#define SKAD_LOOKUP_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/token.h"
#include "skad/node.h"
#include "skad/types.h"

#define SKAD_CANDIDATE_CHAINS 128 /* that candidates are found by; a power of two */
#define SKAD_CANDIDATE_NONE   UINT16_MAX

typedef struct skad_candidate {
    skad_contact contact;
    skad_address address; /* where it is asked */
    skad_address other;   /* where else it was named; NONE: nowhere */
    uint16_t listed;      /* bit p: on the shortlist of path p; bit d: closing */
    uint8_t state;        /* skad_step_state */
    uint8_t tries;        /* requests sent to it for the target */
    uint8_t path;         /* that claimed it */
    uint8_t hop;
    uint16_t next; /* of its chain, plus one; 0: the last */
    bool gave_value;
    bool has_token;
    uint8_t token[SKAD_TOKEN_BYTES]; /* that it granted us */
    uint32_t rtt_us;
} skad_candidate;

typedef struct skad_candidates {
    skad_id target;
    uint16_t limit;      /* at most */
    uint16_t capacity;   /* that there is memory for: all, unless lazy_allocation */
    uint16_t high_water; /* places below this have been taken */
    uint16_t spare;      /* places below this are taken now */
    skad_candidate *all;
    uint64_t *distances;                    /* of each to the target, first 64 bits */
    uint16_t chains[SKAD_CANDIDATE_CHAINS]; /* first candidate of each plus one; 0: none */
} skad_candidates;

/* None yet, memory for the first `room` of all places. False without memory; to be freed all the
 * same. */
SKAD_MUST_CHECK bool skad_candidates_init(skad_candidates *candidates, const skad_id *target,
                                          size_t limit, size_t capacity);
void skad_candidates_free(skad_candidates *candidates);

/* Whether the candidate at place a is closer to the target than that at b. */
bool skad_candidates_closer(const skad_candidates *candidates, uint16_t a, uint16_t b);

/* The place of an ID; SKAD_CANDIDATE_NONE. */
uint16_t skad_candidates_find(const skad_candidates *candidates, const skad_id *id);

/* Gives a new one the lowest place that is free; SKAD_CANDIDATE_NONE without memory. It is
 * free still until it is listed or asked. */
uint16_t skad_candidates_add(skad_candidates *candidates, const skad_candidate *candidate);

/* A place may have come free: to be told whenever one is taken off a list, or not asked after all.
 */
void skad_candidates_spare(skad_candidates *candidates, uint16_t index);

#endif
