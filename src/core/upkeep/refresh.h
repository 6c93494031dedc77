/* Lookups that keep the table current: in the range of each bucket that no lookup ran in for long
 * (Kademlia, section 2.3), and around our own ID. */
#ifndef SKAD_UPKEEP_REFRESH_H
#define SKAD_UPKEEP_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_REFRESH_SOON_US   (10 * SKAD_US_PER_S)  /* after joining, spread over this */
#define SKAD_REFRESH_SETTLE_US (60 * SKAD_US_PER_S)  /* by then the last of those is done */
#define SKAD_REFRESH_AGAIN_US  (900 * SKAD_US_PER_S) /* when a full bucket is looked at again */

typedef struct skad_refresh_state {
    uint64_t due_us;          /* when a bucket's refresh is due */
    uint64_t look_us;         /* when our neighbourhood is looked at; UINT64_MAX: never joined */
    uint64_t look_pause_us;   /* between two such looks */
    bool looks_grow;          /* that pause does; afterwards only a node that knows few looks */
    uint32_t neighbours_seen; /* how many had come at the last look */
} skad_refresh_state;

void skad_refresh_init(skad_node *node);

/* All buckets are to be refreshed within SKAD_REFRESH_SOON_US. */
void skad_refresh_soon(skad_node *node);

/* The node has joined: looks up its own ID again after a second, and then after pauses that grow to
 * eight minutes and a half, as long as new peers enter its closest neighbourhood, or any peer while
 * the sibling list has room. A node that joined in the same moment was unknown to all when we
 * looked, and on a bad link some of those that we asked did not hear us. A node that knows fewer
 * than SKAD_NEIGHBOURS siblings looks for ever: it may not know the rest of the network, and if
 * there is no more, a lookup costs hardly anything. */
#define SKAD_LOOK_PAUSE_US_MIN SKAD_US_PER_S
#define SKAD_LOOK_PAUSE_US_MAX (512 * SKAD_US_PER_S)
#define SKAD_LOOK_PAUSE_FACTOR 8
void skad_refresh_look_around(skad_node *node);

void skad_refresh_tick(skad_node *node);
uint64_t skad_refresh_deadline(const skad_refresh_state *refresh);

#endif
