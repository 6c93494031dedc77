/* The candidates of a lookup. A candidate is an ID at an address: where two nodes name one ID at
 * two addresses, there are two candidates, each with a fate of its own. So a liar that names a node
 * at a wrong address takes no question from those that name it at the right one.
 *
 * Each candidate has an index, which stays its own as long as a shortlist names it or it was asked.
 * Other candidates take over the indices that are no longer needed, so there are never more of them
 * than the lookup's bounds allow (lookup.h). */
#ifndef SKAD_LOOKUP_CANDIDATES_H
#define SKAD_LOOKUP_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "crypto/token.h"
#include "skad/node.h"
#include "skad/types.h"

#define SKAD_CANDIDATE_CHAINS 128 /* hash chains; a power of two */
#define SKAD_CANDIDATE_NONE   UINT16_MAX

#define SKAD_ASKED_MAX 384 /* candidates that are asked in a lookup at most */

/* A set of candidates that were asked: bit n stands for the n-th of them. */
typedef struct skad_asked_set {
    uint64_t words[SKAD_ASKED_MAX / 64];
} skad_asked_set;

typedef struct skad_candidate {
    skad_contact contact;
    skad_address address; /* where it is asked */
    uint16_t listed;      /* bit p: on the shortlist of path p; bit d: closing */
    uint8_t state;        /* skad_step_state */
    uint8_t tries;        /* requests sent to it for the target */
    uint8_t path;         /* the path that claimed it */
    uint8_t hop;
    uint16_t order; /* where it was asked: how many others were before */
    bool ours;      /* it is one of our own contacts */
    bool departed;  /* it was silent lately (departed.h) */
    bool overdue;   /* where SLOW: it is not waited for any more */
    bool moot;      /* where FAILED: its ID has answered at another address */
    bool stores;    /* it is asked to store the record of a put instead (storing.h) */
    bool gave_value;
    bool introduced;    /* a namer was asked to introduce us to it */
    uint8_t introduces; /* how often it was asked for that itself */
    bool has_token;
    uint8_t token[SKAD_TOKEN_BYTES]; /* that it granted us */
    uint32_t rtt_us;
    uint16_t next;         /* in its chain, plus one; 0: the last */
    uint16_t sponsor;      /* where ASKED: the namer that answers for it meanwhile, plus one */
    skad_asked_set namers; /* those that named it (credit.h), */
    skad_asked_set guards; /* and at an endpoint that is guarded (introduce.h) */
    uint16_t named_known;  /* of those that it named: how many answered that most name as well, */
    uint16_t named_living; /* and how many others; how many were silent, */
    uint16_t named_silent;
    uint16_t named_waiting; /* and for how many that are asked now it is the sponsor */
} skad_candidate;

typedef struct skad_candidates {
    skad_id target;
    uint16_t limit;      /* candidates at most */
    uint16_t capacity;   /* memory for so many: all, unless lazy_allocation */
    uint16_t high_water; /* indices below this have been taken */
    uint16_t spare;      /* indices below this are taken now */
    skad_candidate *all;
    uint64_t *distances;                    /* from each to the target, first 64 bits */
    uint64_t *groups;                       /* of each: its address group (diversity.h) */
    uint16_t chains[SKAD_CANDIDATE_CHAINS]; /* first candidate of each plus one; 0: none */
} skad_candidates;

/* Notes the token that a candidate granted us; NULL: none. */
static inline void skad_candidate_keep_token(skad_candidate *candidate, const uint8_t *token)
{
    candidate->has_token = token != NULL;
    if (token != NULL) {
        memcpy(candidate->token, token, SKAD_TOKEN_BYTES);
    }
}

/* Starts without candidates, with memory for the first `capacity` of at most `limit`. Returns false
 * without memory; it has to be freed even then. */
SKAD_MUST_CHECK bool skad_candidates_init(skad_candidates *candidates, const skad_id *target,
                                          size_t limit, size_t capacity);
void skad_candidates_free(skad_candidates *candidates);

/* Whether the candidate at index a is closer to the target than that at b. Of one ID the lower
 * index is. */
bool skad_candidates_closer(const skad_candidates *candidates, uint16_t a, uint16_t b);

/* Returns the index of an ID at an address, or SKAD_CANDIDATE_NONE. */
uint16_t skad_candidates_find(const skad_candidates *candidates, const skad_id *id,
                              const skad_address *address);

/* Returns the first candidate with an ID, and the next one behind another of the same ID, in no
 * order; SKAD_CANDIDATE_NONE: there is none. */
uint16_t skad_candidates_first(const skad_candidates *candidates, const skad_id *id);
uint16_t skad_candidates_next(const skad_candidates *candidates, uint16_t index);

/* Whether an ID has answered, at whatever address. */
bool skad_candidates_answered(const skad_candidates *candidates, const skad_id *id);

/* Gives a new candidate the lowest free index; SKAD_CANDIDATE_NONE without memory. The index stays
 * free until the candidate is listed or asked. */
uint16_t skad_candidates_add(skad_candidates *candidates, const skad_candidate *candidate);

/* Notes that an index may be free. To be called whenever a candidate is taken off a list, or is not
 * asked after all. */
void skad_candidates_spare(skad_candidates *candidates, uint16_t index);

#endif
