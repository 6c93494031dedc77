/* How a node gets into a network and stays in it.
 *
 *    OUTSIDE -- a peer is alive --> LOOKING (lookup of our own ID) -- s answered --> JOINED
 *       ^  hellos to the join addresses,                              or it ended       |
 *       |  repeated with back-off                                                       |
 *       +------ no living peer left, or no answer for SKAD_ISOLATION_US, or none -------+
 *               within SKAD_MOVES_PATIENCE_US after our address changed (moves.h)
 *
 * The lookup goes on after s nodes answered, half of them the lookup, or after all but slow ones
 * did.
 *
 * A node without join addresses waits to be found: the first peer that answers its ping takes it
 * from OUTSIDE to LOOKING like any other. */
#ifndef SKAD_UPKEEP_JOIN_H
#define SKAD_UPKEEP_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_HELLO_BACKOFF_MIN_US (1 * SKAD_US_PER_S)
#define SKAD_HELLO_BACKOFF_MAX_US (60 * SKAD_US_PER_S)
/* While no peer answers, one is checked every SKAD_CHECK_INTERVAL_US, so that two such checks have
 * failed in a silence this long. */
#define SKAD_ISOLATION_US (300 * SKAD_US_PER_S)

#define SKAD_JOIN_ADDRESSES_MAX 32

typedef struct skad_join_state {
    skad_address *addresses; /* that the driver named */
    size_t addresses_count;  /* at most SKAD_JOIN_ADDRESSES_MAX */
    bool joined;
    uint64_t joined_us; /* since when */
    skad_op lookup;     /* the running self-lookup, 0 if none */
    uint64_t hello_us; /* when hellos, or a look for a free slot, are due next; UINT64_MAX: never */
    uint64_t backoff_us; /* between rounds of hellos */
} skad_join_state;

/* Sets the addresses to join through from now on: skad_node_join. */
SKAD_MUST_CHECK skad_status skad_join_through(skad_node *node, const skad_address *addresses,
                                              size_t count);
/* Pings contacts of an earlier run: skad_node_greet. */
SKAD_MUST_CHECK skad_status skad_join_greet(skad_node *node, const skad_contact *contacts,
                                            size_t count);

/* Moves on if it can; called at the end of every call that may have changed something. */
void skad_join_advance(skad_node *node);

/* Our address is another one: a node that has not joined says hello at once. */
void skad_join_moved(skad_node *node);

/* Detects isolation. Called at every tick, since silence brings no datagram. */
void skad_join_watch(skad_node *node);

uint64_t skad_join_deadline(const skad_node *node);

#endif
