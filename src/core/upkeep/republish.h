/* Each publication of ours is announced again every hour (of a life of a day), also after a
 * restart.
 *
 * There is no timetable. A round passes over all publications in the order of their keys, one
 * record after the other at an even pace, and takes three quarters to five quarters of an hour,
 * drawn anew for each round. So a hundred thousand publications are a steady trickle and not an
 * hourly storm, and a restart makes none: a record that was announced less than half an hour ago is
 * passed over. The first round after a start takes ten minutes, to make up for the time before.
 *
 * A signed record ends with its expiry. A record of our own key is signed anew when half of its
 * life is over, with the same sequence: it is the same publication, for longer. It is also signed
 * anew when it ends later than a life from now: it was signed while our clock was ahead, and
 * holders refuse what ends too far ahead. An announcement of our own address is signed anew with a
 * higher sequence as soon as the address is another one. That is looked at each minute, and when we
 * have moved (moves.h). A round of its own then announces those whose address is another one, a few
 * at once.
 *
 * What has ended and cannot be signed anew is dropped, but not by a clock that may be wrong: it has
 * to run for a day without a jump, or for an hour where the end was a month ago.
 *
 * Holders that refuse a publication because they have a newer edition make us look for that one
 * (adopt.h). */
#ifndef SKAD_UPKEEP_REPUBLISH_H
#define SKAD_UPKEEP_REPUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/store.h"
#include "skad/types.h"

#define SKAD_REPUBLISH_FIRST_DIVISOR 6                     /* of an hour: the first round */
#define SKAD_REPUBLISH_STEP_US_MIN   (10 * SKAD_US_PER_MS) /* at most a hundred records a second */

#define SKAD_REPUBLISH_LOOK_US (60 * SKAD_US_PER_S) /* at our own address */

#define SKAD_REPUBLISHES_MAX 4 /* publications that are announced again at once */

typedef struct skad_republishing {
    skad_op op;  /* 0: none */
    bool adopts; /* it is the get of a newer edition */
    skad_store_name name;
} skad_republishing;

typedef struct skad_republish_state {
    skad_store_name from; /* the publication to be examined next */
    uint64_t step_us;     /* when */
    bool first;        /* the first round since the start or a jump of the clock, which makes up for
                          the time before */
    uint64_t clock_us; /* since when the clock has run without a jump, as this round knows it */
    skad_address own;  /* our address as of the last look; NONE: it was never known */
    uint64_t look_us;  /* when it is looked at next */
    bool look_planned; /* then, whatever else there is to do */
    skad_store_name follow_from; /* the publication that is looked at next for its address */
    uint64_t follow_us;          /* when; UINT64_MAX: all were */
    skad_republishing *running;  /* SKAD_REPUBLISHES_MAX; NULL: none ever was */
} skad_republish_state;

#define SKAD_REPUBLISH_FOLLOW_US      (100 * SKAD_US_PER_MS) /* between two that follow */
#define SKAD_REPUBLISH_FOLLOW_RECORDS 64                     /* that one step passes over */

void skad_republish_init(skad_node *node);
void skad_republish_free(skad_node *node);

/* Our address is to be looked at no later than that. */
void skad_republish_look(skad_node *node, uint64_t us);

/* Handles announcements that ended and begins those that are due. Called at the end of every call
 * that may have changed something. */
void skad_republish_advance(skad_node *node);
uint64_t skad_republish_deadline(const skad_node *node);

#endif
