/* The nodes of a region compare what they hold, and fill gaps (pull synchronisation, as in Swarm).
 * A record that reached one honest node of its region thus reaches all of them, even where many
 * Sybils stand closer to the key than they do.
 *
 * - A walk over the records (handover.h) takes digests of our region (digests.h). About once an
 *   hour, and more often where more nodes than usual live in the region, we send them to four nodes
 *   there, or twelve in a crowd, drawn at random by place: a cluster at one place gets no more than
 * its share.
 *
 * - One that wants a fresher token is left out: its refusal brings one for the next round.
 *
 * - A node that answers says in which ranges it differs. Both sides then offer each other their
 *   records of these ranges (offers.h), in their next walk, at most 256 of them, an equal part of
 *   each range.
 *
 * - We offer to a node that asked only if it is a living contact of ours, and to four of those in a
 *   walk, drawn by lot, and for them alone a walk begins in five minutes at the earliest. So who
 *   asks costs us no more than we ask for ourselves.
 *
 * Nodes whose estimates of the network's size differ may take different regions. Their digests
 * cannot be compared, so all ranges are taken to differ: it costs more, and misses nothing. */
#ifndef SKAD_UPKEEP_MATCHING_H
#define SKAD_UPKEEP_MATCHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "proto/message.h"
#include "skad/node.h"
#include "skad/store.h"
#include "src/core/rpc/pending.h"
#include "src/core/storage/digests.h"

#define SKAD_MATCH_PARTNERS    4  /* asked in a round; and as many that asked us are served */
#define SKAD_MATCH_CROWDED     12 /* asked where twice as many live as is a crowd */
#define SKAD_MATCH_SERVED_MAX  (SKAD_MATCH_CROWDED + SKAD_MATCH_PARTNERS)
#define SKAD_MATCH_RECORDS_MAX 256 /* offered to one of them in a walk */
#define SKAD_MATCH_CROWD       24  /* nodes of a region, beyond which rounds come more often, */
#define SKAD_MATCH_HASTE_MAX   12  /* at most so many an hour */
#define SKAD_MATCH_BITS_APART  2   /* a region may be so much larger than ours */
/* Sizes of regions for which we keep digests: as many more or fewer bits as others may estimate. */
#define SKAD_MATCH_LEVELS (2 * SKAD_MATCH_BITS_APART + 1)

typedef struct skad_match_peer {
    skad_id id;
    uint64_t differs; /* which ranges (digests.h) */
    uint16_t offered; /* records in this walk */
    uint8_t bits;     /* that the keys share with our ID */
} skad_match_peer;

typedef struct skad_match_lists {
    /* Of the ranges as the walks found them: of the last one, and of the one under way. The one in
     * the middle is of our own region. */
    skad_digests held[SKAD_MATCH_LEVELS];
    skad_digests walked[SKAD_MATCH_LEVELS];
    bool complete;                                 /* `held` is of a whole walk */
    bool begun;                                    /* a walk began since the lists are there */
    uint8_t asked_bits;                            /* of the digests that this round asks with */
    skad_match_peer served[SKAD_MATCH_SERVED_MAX]; /* by the walk under way */
    skad_match_peer answered[SKAD_MATCH_CROWDED];  /* differ; served by the next walk */
    skad_match_peer came[SKAD_MATCH_PARTNERS];     /* asked us: the same */
    uint8_t lots_key[SKAD_TABLE_KEY_BYTES];        /* of those that compete for these places */
    bool drawn;                                    /* it is of this walk */
    uint8_t served_count;
    uint8_t answered_count;
    uint8_t came_count;
    skad_id partners[SKAD_MATCH_CROWDED]; /* asked in this round */
} skad_match_lists;

typedef struct skad_matching {
    skad_match_lists *lists; /* owned; NULL until there is something to match */
    uint64_t round;          /* numbers the rounds, so that a late answer finds no other round */
    bool asks;               /* the walk under way ends with a round */
} skad_matching;

SKAD_MUST_CHECK skad_status skad_matching_init(skad_node *node);
void skad_matching_free(skad_node *node);

/* Returns in how much time the next round is due. */
uint64_t skad_matching_pause_us(skad_node *node);

/* A walk begins. Returns how many nodes it serves for matching; their IDs in `ids`. */
size_t skad_matching_begin(skad_node *node, bool round, skad_id ids[static SKAD_MATCH_SERVED_MAX]);

/* The walk is at a record that has not expired. */
void skad_matching_record(skad_node *node, const skad_store_record *record);

/* The walk is over. */
void skad_matching_end(skad_node *node);

/* Whether nodes wait to be served by another walk: some that we asked, or only others. */
typedef enum skad_matching_wait {
    SKAD_MATCHING_WAITS_NOT,
    SKAD_MATCHING_WAITS_FOR_OURS,
    SKAD_MATCHING_WAITS_FOR_OTHERS,
} skad_matching_wait;
skad_matching_wait skad_matching_waits(const skad_node *node);

/* Whether a node that asks for the keys that share so many bits with its ID is of our region. */
bool skad_matching_shares(const skad_node *node, const skad_id *from, unsigned bits);

/* A MATCH came, with a valid token, from a node of our region. Returns which ranges differ. */
uint64_t skad_matching_asked(skad_node *node, const skad_id *from, unsigned bits,
                             const uint8_t digests[static SKAD_MATCH_BYTES]);

/* What came of a MATCH of ours (SKAD_PURPOSE_MATCH); it is to be sent again. */
void skad_matching_answered(skad_node *node, const skad_pending_rpc *rpc,
                            const skad_message *answer);
bool skad_matching_again(skad_node *node, const skad_pending_rpc *rpc);

#endif
