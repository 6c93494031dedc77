/* Lookups that keep the table current: in the range of each bucket in which no lookup ran for long
 * (Kademlia, section 2.3), around our own ID, and at random places, which show how dense the
 * network is (places.h). */
#ifndef SKAD_UPKEEP_REFRESH_H
#define SKAD_UPKEEP_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_REFRESH_SOON_US (10 * SKAD_US_PER_S) /* after joining, spread over this */
#define SKAD_REFRESH_SETTLE_US                                                                     \
    (60 * SKAD_US_PER_S) /* the last of those refreshes has ended by then */
#define SKAD_REFRESH_AGAIN_US (900 * SKAD_US_PER_S) /* when a full bucket is examined again */

typedef struct skad_refresh_state {
    uint64_t due_us;          /* when a bucket's refresh is due */
    uint64_t look_us;         /* when we next look up our own ID; UINT64_MAX: never joined */
    uint64_t look_pause_us;   /* between two such lookups */
    bool looks_grow;          /* the pause still grows; later only nodes with few siblings look */
    uint32_t neighbours_seen; /* siblings that had come by the last lookup */
    uint64_t visit_us;        /* when we next look up a random place */
    uint64_t dispute_us;      /* when we next see whether our own place is disputed */
    uint8_t visited;          /* the sixteenth of the key space where the last place was */
    uint8_t hurried;          /* places to be visited in a hurry */
} skad_refresh_state;

void skad_refresh_init(skad_node *node);

/* Plans a refresh of all buckets within SKAD_REFRESH_SOON_US. */
void skad_refresh_soon(skad_node *node);

/* The node has joined: it looks up its own ID again after a second, and then after pauses that grow
 * to eight and a half minutes, as long as new peers enter its closest neighbourhood, or any peer
 * does while the sibling list has room. A node that joined in the same moment was unknown to all
 * nodes when we looked, and on a bad link some of the nodes that we asked did not hear us. A node
 * that knows fewer than SKAD_NEIGHBOURS siblings looks for ever: it may not know the rest of the
 * network, and if there are no more nodes, a lookup costs hardly anything. */
#define SKAD_LOOK_PAUSE_US_MIN SKAD_US_PER_S
#define SKAD_LOOK_PAUSE_US_MAX (512 * SKAD_US_PER_S)
#define SKAD_LOOK_PAUSE_FACTOR 8
void skad_refresh_look_around(skad_node *node);

/* A node visits a random place every four hours. When its own place is disputed (density.h), it
 * visits a place in each other sixteenth of the key space, ten seconds after one another, and again
 * a quarter of an hour later if it still is. */
#define SKAD_VISIT_US       (14400 * SKAD_US_PER_S)
#define SKAD_HURRY_US       (10 * SKAD_US_PER_S)
#define SKAD_HURRY_AGAIN_US (900 * SKAD_US_PER_S)

void skad_refresh_tick(skad_node *node);
uint64_t skad_refresh_deadline(const skad_refresh_state *refresh);

#endif
