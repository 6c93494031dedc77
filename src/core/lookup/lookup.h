/* One lookup over d disjoint paths (S/Kademlia, section 4.4), as a pure machine. It says which
 * candidate to ask next, is told the result, and knows when it is done. It sends nothing itself.
 *
 *                                               +--- dead ones among them ---> WIDENING
 *                                               |                                 |
 *                       +--- all paths dry ---> CLOSING <--- the next region -----+
 *    PATHS (d of them) -+                       |
 *                       +--- value found -------+--- the closest answered --------> DONE
 *                                               |                                     ^
 *                                               +--- they stand crowded ---> SAMPLING |
 *                                                       (puts and gets)          +----+
 *
 * - The k closest contacts that we know are dealt to the paths in turn. Each path keeps its own
 *   shortlist and asks the closest candidates on it. A candidate is asked once in the whole lookup,
 *   by the path that claimed it first. So a liar spoils the path that asked it, and no other.
 *
 * - While answers name closer candidates than those that answered, a path asks alpha at once. When
 *   the closest on its list has answered, it asks the other k all at once (Kademlia, section 2.3).
 *
 * - A node that does not answer in its usual time is overtaken: its path goes on with the next
 * ones, two at once, and a late answer still counts.
 *
 * - A path that runs dry without a single answer adopts unclaimed candidates of other paths. With
 *   many dead nodes, fewer paths must not mean fewer chances.
 *
 * - The closing round is one more path, whose shortlist is the union of all. It begins when each
 *   path has its closest answer, asks all that it needs at once, and goes on until the s closest
 *   living nodes of the union have answered for themselves. It waits for no node that stands behind
 *   those. A slow node is waited for, three times as long as usual, if it is vouched for.
 *
 * - When the closest nodes stand denser than chance allows (density.h), a put or get samples the
 *   whole region that usually holds s nodes (strata.h), so that honest nodes are found however many
 *   Sybils stand near the key. Other lookups, and all where neighbourhoods are switched off, go on
 *   until the 48 closest have answered.
 *
 * - When dead nodes stand among the closest, the lookup widens into the regions behind them
 *   (region.h).
 *
 * - A node that was silent lately (departed.h) is asked last, and only while fewer nodes have
 *   answered than we know to be alive, or than are wanted.
 *
 * - A node answers for those that it names (credit.h). Only a few names of one node are asked
 * before some of them have answered. Names whose namers only ever named the silent are asked last,
 * and only while fewer than s nodes have answered. A node is vouched for if it is one of our own
 *   contacts, or if more than half of the closest nodes that answered name it. So invented names
 *   near the target cost the lookup a few requests, and one usual round trip.
 *
 * The number of nodes asked in one address group is limited, on a path and in all. A party with a
 * thousand names in one subnet gets a few questions.
 *
 * Bounds: SKAD_LOOKUP_RPCS_MAX requests, and SKAD_SHORTLIST_MAX candidates for each path. A closer
 * candidate displaces the farthest, so a flood of invented names spoils the list of its own path
 * only. */
#ifndef SKAD_LOOKUP_LOOKUP_H
#define SKAD_LOOKUP_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/random.h"
#include "skad/node.h"
#include "skad/profile.h"
#include "skad/simulator.h"
#include "skad/status.h"
#include "skad/types.h"
#include "src/core/lookup/candidates.h"
#include "src/core/routing/density.h"

#define SKAD_LOOKUP_RPCS_MAX SKAD_ASKED_MAX /* docs/limits.md */
#define SKAD_REGION_ASKED    3  /* nodes asked for one region, so that one liar cannot hide it */
#define SKAD_OUTSIDE_MAX     6  /* of our own contacts outside of a region */
#define SKAD_UNHEARD_MAX     8  /* nodes of a region that only those name */
#define SKAD_FIRST_ANSWERS   3  /* with first_answers: of the closest, as go-libp2p's beta */
#define SKAD_SHORTLIST_MAX   64 /* four times k: half of the network may be dead unnoticed */

typedef enum skad_lookup_phase {
    SKAD_LOOKUP_PATHS,
    SKAD_LOOKUP_CLOSING,
    SKAD_LOOKUP_WIDENING,
    SKAD_LOOKUP_SAMPLING,
    SKAD_LOOKUP_DONE,
} skad_lookup_phase;

typedef struct skad_shortlist {
    uint16_t members[SKAD_SHORTLIST_MAX]; /* indices of candidates, ascending distance */
    uint8_t count;
    uint8_t waiting; /* asked by this path, not slow yet */
    uint8_t silent;  /* of those that it asked, how many have become slow since one answered */
    uint8_t answers; /* of nodes that it asked */
} skad_shortlist;

struct skad_strata;

typedef struct skad_lookup {
    skad_id target;
    skad_id self;
    uint8_t paths; /* d */
    uint8_t alpha;
    uint8_t k;
    uint8_t siblings;       /* s */
    uint8_t group_path_max; /* see skad_profile; 0: no limit */
    uint8_t group_max;      /* in the whole lookup */
    uint16_t rpcs_max;
    bool closing_round;       /* see skad_node_tuning */
    bool neighbourhood_check; /* likewise */
    bool first_answers;       /* likewise */
    bool for_put;             /* its result is to store a record */
    bool for_record;          /* to store or to fetch one: it samples a crowded region */
    uint64_t radius;          /* the usual radius of s nodes (density.h); 0: unknown */
    uint8_t region_bits;      /* that the region of the target shares with it */
    bool dense;     /* the closest stand suspiciously dense: the whole region is examined */
    bool found;     /* one that is asked for was given */
    bool misled;    /* so many names near the target are silent that density tells nothing */
    uint8_t wanted; /* living nodes to be found: s, or more */
    uint8_t enough; /* when so many have answered, no node that was silent lately is asked */
    skad_lookup_phase phase;
    uint16_t turns; /* how often it turned to something new to ask for (skad_lookup_turn) */
    uint64_t started_us;
    uint16_t rpcs;                            /* requests sent, those for regions included */
    skad_shortlist lists[SKAD_PATHS_MAX + 1]; /* the last one used is the closing round's */
    uint16_t asked[SKAD_LOOKUP_RPCS_MAX];     /* indices, in the order of first asking */
    uint16_t asked_count;
    uint16_t answered_count;
    uint64_t mirror; /* target xor what the mirrored path looks for (mirror.h); 0: no such path */
    uint64_t width;  /* of the region of the target; 0: unknown */
    uint16_t witnesses[4]; /* asked for the key: nodes on it that answered */
    uint8_t witnesses_count;
    uint8_t witnesses_next;
    uint8_t witnesses_waiting;
    uint16_t outside[SKAD_OUTSIDE_MAX]; /* of our own contacts (outside.h) */
    uint16_t unheard[SKAD_UNHEARD_MAX]; /* nodes of the region that only those named */
    uint8_t outside_count;
    uint8_t unheard_count;
    bool outside_drawn;
    struct skad_strata *strata; /* owned; NULL: the region is not sampled (strata.h) */
    skad_random *random;        /* borrowed */
    int region;                 /* the region to be explored next; -1: none is left */
    uint16_t region_indices[SKAD_REGION_ASKED];
    uint8_t region_count;       /* to be asked */
    uint8_t region_next;        /* the next of them */
    uint8_t region_waiting;     /* asked and awaited */
    skad_asked_set nearest;     /* the closest s that have answered, */
    uint8_t nearest_count;      /* and how many that are, */
    bool weighed;               /* if nothing has changed since (credit.h) */
    skad_candidates candidates; /* all candidates so far */
} skad_lookup;

/* The next request of a lookup. */
typedef struct skad_query {
    uint16_t candidate; /* index of the candidate to ask */
    bool region;        /* asks for a region's target, or a stratum's point, not the lookup's */
    uint8_t part;       /* where a point is asked for: one more than its part (strata.h); or 0 */
    bool mirrored;      /* asks for the mirrored target (mirror.h) */
    bool store;         /* the record of a put is stored at it at once (skad_choice_may_store) */
    skad_id target;
} skad_query;

/* Whether the bound on requests leaves room for one more. */
static inline bool skad_lookup_may_ask(const skad_lookup *lookup)
{
    return lookup->rpcs < lookup->rpcs_max;
}

/* Turns to a phase, or to another part of the same one. Whatever gives a lookup something new to
 * ask that it has not heard of turns it: while it neither turns, asks nor hears, it has nothing to
 * ask. */
static inline void skad_lookup_turn(skad_lookup *lookup, skad_lookup_phase phase)
{
    lookup->phase = phase;
    lookup->turns++;
}

/* What a lookup starts from. */
typedef struct skad_lookup_plan {
    const skad_profile *profile;
    const skad_id *self;
    const skad_id *target;
    uint8_t wanted;      /* it ends when so many living nodes are found; 0: the profile's s */
    size_t living;       /* peers that we know to be alive */
    bool for_put;        /* nodes that are surely among the closest are asked to store a record */
    bool for_record;     /* to store or to fetch a record */
    skad_random *random; /* borrowed for the time of the lookup */
    uint64_t now_us;
    bool lazy_allocation; /* memory for candidates comes as it is needed */
    const skad_node_tuning *tuning;
} skad_lookup_plan;

/* Returns NULL without memory. */
skad_lookup *skad_lookup_new(const skad_lookup_plan *plan);
void skad_lookup_free(skad_lookup *lookup); /* NULL is allowed */

/* Deals one of our own contacts, closest first. Turns 0 to k-1 go to the paths, further ones to the
 * closing round, where they stand in for close ones that turn out to be dead. token: one that it
 * granted us; NULL: none. */
void skad_lookup_seed(skad_lookup *lookup, size_t turn, const skad_contact *contact,
                      const skad_address *address, const uint8_t *token);

/* Notes the token that a candidate granted us; NULL: none. */
void skad_lookup_token(skad_lookup *lookup, uint16_t index, const uint8_t *token);

/* Returns the next query, counted as asked; false if nothing is to be asked now. */
bool skad_lookup_next(skad_lookup *lookup, skad_query *query);

/* Undoes skad_lookup_next for a request that could not be sent. */
void skad_lookup_unask(skad_lookup *lookup, const skad_query *query);

/* Returns what a query with `region` asked for. part: that of the query. */
skad_id skad_lookup_elsewhere(const skad_lookup *lookup, uint8_t part);

/* A query with `region` was answered (skad_lookup_heard takes its contacts), or passed its soft
 * timeout. */
void skad_lookup_elsewhere_over(skad_lookup *lookup, uint8_t part);

/* A candidate answered. After this, call skad_lookup_heard for each contact of its answer that may
 * be asked. */
void skad_lookup_answered(skad_lookup *lookup, uint16_t index, uint64_t rtt_us);
void skad_lookup_heard(skad_lookup *lookup, uint16_t from, const skad_contact *contact,
                       const skad_address *address);

/* A node that was heard of was silent lately at this address, by our own experience. One of our own
 * contacts is asked all the same. */
void skad_lookup_departed(skad_lookup *lookup, const skad_id *id, const skad_address *address);

/* Whether the answer of a candidate is of use: it was asked, and its ID has not answered at another
 * address meanwhile. */
bool skad_lookup_awaits(const skad_lookup *lookup, uint16_t index);

/* A candidate passed its soft timeout; it has been silent for so long that the lookup does not wait
 * for it any more; it will not answer, or its answer was refused. */
void skad_lookup_slow(skad_lookup *lookup, uint16_t index);
void skad_lookup_overdue(skad_lookup *lookup, uint16_t index);
void skad_lookup_failed(skad_lookup *lookup, uint16_t index);

/* A candidate refused the request; `again`: asking it once more may help. */
void skad_lookup_refused(skad_lookup *lookup, uint16_t index, bool again);

/* The value was found and verified: nothing more is asked. */
void skad_lookup_finish(skad_lookup *lookup);

/* Whether it is done. Moves from phase to phase. To be called after skad_lookup_next returned
 * false. */
bool skad_lookup_done(skad_lookup *lookup);

/* Whether a node that is responsible for the target, as far as we know, was asked and did not
 * answer. One that is not vouched for may not exist at all, and does not count. */
bool skad_lookup_silence(skad_lookup *lookup);

#endif
