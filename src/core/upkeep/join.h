/* Getting into a network and staying in it.
 *
 *   OUTSIDE -- some peer lives --> LOOKING (lookup of our own ID) -- it ended --> JOINED
 *      ^  hellos to the join addresses,                                              |
 *      |  repeated with back-off                                                     |
 *      +-------- no living peer left, or nobody heard for SKAD_ISOLATION_US ---------+
 *
 * A node without join addresses waits to be found: the first peer that answers its ping takes it
 * from OUTSIDE to LOOKING like any other. */
#ifndef SKAD_UPKEEP_JOIN_H
#define SKAD_UPKEEP_JOIN_H

#include "src/core/node/state.h"

#define SKAD_HELLO_BACKOFF_MIN_US (1 * SKAD_US_PER_S)
#define SKAD_HELLO_BACKOFF_MAX_US (60 * SKAD_US_PER_S)
/* Two liveness checks of every peer fit in, so silence this long is everybody's. */
#define SKAD_ISOLATION_US (300 * SKAD_US_PER_S)

/* Moves on if it can; called at the end of every call that may have changed something. */
void skad_join_advance(skad_node *node);

/* Notices isolation; called at every tick, since silence brings no datagram. */
void skad_join_watch(skad_node *node);

uint64_t skad_join_deadline(const skad_node *node);

#endif
