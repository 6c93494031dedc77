/* A sample of a region. Where nodes stand denser around a key than chance allows, an attacker may
 * have made them for the key, as many as it likes. So the closest are not trusted with the record
 * alone: the lookup samples the whole region of the key, all IDs that share its first bits, where s
 * honest nodes are to be expected (density.h). This is Swarm's neighbourhood, and the region
 * storage of the papers on censorship.
 *
 * - The region is cut into sixteen strata of equal size, and in each a point is drawn at random. A
 *   few of the nodes closest to the point are asked. However many nodes stand at one place, they
 *   take the places of one stratum; and nodes that are spread evenly get no more than their share.
 *
 * - To find them, honest nodes beside the region are looked for, where the attacker has no reason
 *   to be. Each stratum has a mirror image there: one bit less is shared with the target, or two,
 *   for every second one, and then come the bits of the stratum. The point of the mirror image is
 *   asked for, first of our own contacts there, and again of the nodes that were found. Those know
 *   the nodes of the stratum itself, since these are their siblings. So they are asked for its
 *   point, and so is a node close to that. When the first of a sample have answered, one of them is
 *   asked for the point again: those that it names join the sample if they are closer.
 *
 * - A stratum takes part of its sample in answered nodes only. Silent names cost it a request, and
 *   their namer its credit (credit.h). A liar that is asked for a point sees it, and can invent
 * names closer than any node. So what has answered keeps its place, as far as the sample wants it;
 * of the others, the namer that has most of them in a full part gives way.
 *
 * This is a part of the lookup (lookup.h), in a file of its own. */
#ifndef SKAD_LOOKUP_STRATA_H
#define SKAD_LOOKUP_STRATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/lookup/lookup.h"

#define SKAD_STRATA          16
#define SKAD_PARTS           32 /* with their mirror images */
#define SKAD_STRATA_MIN      4  /* in which a record has to be, where the closest stand dense */
#define SKAD_STRATUM_MEMBERS 16 /* candidates that a part remembers */
#define SKAD_STRATUM_SHARE   12 /* of them that have answered: the sample */
#define SKAD_STRATUM_LOOK    2  /* the same, where the density may yet be chance */
#define SKAD_MIRROR_SHARE    1  /* the same, of a mirror image */
#define SKAD_STRATUM_ASKED   3  /* for a point at first: close to it, just outside, and farther */
#define SKAD_STRATA_WINDOW   32 /* requests for points under way */

/* What is asked in a round: first for the points of some parts, then the members of their samples.
 */
typedef enum skad_strata_round {
    SKAD_STRATA_SEEDS,  /* our own contacts outside; no points */
    SKAD_STRATA_BESIDE, /* the mirror images, */
    SKAD_STRATA_CLOSER, /* and once more, of the nodes that were found */
    SKAD_STRATA_INSIDE, /* the strata, */
    SKAD_STRATA_AGAIN,  /* and once more */
    SKAD_STRATA_OVER,
} skad_strata_round;

typedef struct skad_stratum {
    skad_id point;
    uint16_t members[SKAD_STRATUM_MEMBERS]; /* indices of candidates, closest to the point first */
    uint8_t count;
} skad_stratum;

/* A request for the point of a part. */
typedef struct skad_stratum_query {
    uint16_t candidate;
    uint8_t part;
} skad_stratum_query;

typedef struct skad_strata {
    skad_stratum all[SKAD_PARTS]; /* the strata, then their mirror images */
    uint8_t share;                /* nodes wanted of each stratum */
    skad_strata_round round;
    bool asking; /* members are asked now; otherwise points are asked for */
    skad_stratum_query queries[SKAD_STRATA * SKAD_STRATUM_ASKED];
    uint8_t queries_count;
    uint8_t queries_next;
    uint8_t waiting;
} skad_strata;

/* Begins to sample the region of the target. Returns false without memory. */
SKAD_MUST_CHECK bool skad_strata_begin(skad_lookup *lookup);

/* A candidate is known to the lookup: it joins its stratum if it lies in the region. */
void skad_strata_heard(skad_lookup *lookup, uint16_t index);

/* Returns the next request for a point, counted as asked, with `region` and `part`; false: none
 * now. */
bool skad_strata_next_point(skad_lookup *lookup, skad_query *query);
void skad_strata_unask(skad_lookup *lookup);

/* A request for a point was answered (skad_lookup_heard takes its contacts), or passed its soft
 * timeout. */
void skad_strata_point_over(skad_lookup *lookup);

/* Returns the next member of the sample to be asked for the target; SKAD_CANDIDATE_NONE: none now.
 */
uint16_t skad_strata_next_member(const skad_lookup *lookup);

/* Whether the sample is complete. Goes on from points to members and to the next round. */
bool skad_strata_over(skad_lookup *lookup);

/* Lists the nodes that should hold the record: the s closest that have answered and, where the
 * region was sampled, those of all strata in turn, the closest to each point first; at most `max`.
 * Returns how many. */
size_t skad_strata_holders(const skad_lookup *lookup, size_t max, uint16_t *indices);

/* Returns the number of strata, 0..16, in which at least one of these candidates lies. */
unsigned skad_strata_spread(const skad_lookup *lookup, const uint16_t *indices, size_t count);

#endif
