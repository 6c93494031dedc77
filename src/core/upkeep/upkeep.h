/* What a node does unasked: liveness checks on its own schedule, pings to promising strangers at a
 * bounded rate, refreshes of buckets nobody looked into, looks at who came near us, expiry of
 * records, and asking for the next epoch's puzzle ahead of time. */
#ifndef SKAD_UPKEEP_UPKEEP_H
#define SKAD_UPKEEP_UPKEEP_H

#include "src/core/node/state.h"

#define SKAD_CANDIDATE_INTERVAL_US (20 * SKAD_US_PER_MS) /* at most 50 strangers a second */
#define SKAD_CHECK_REST_US         (5 * SKAD_US_PER_S)   /* between rounds of liveness checks */
#define SKAD_REFRESH_SOON_US       (10 * SKAD_US_PER_S)  /* after joining, spread over this */
#define SKAD_REFRESH_SETTLE_US     (60 * SKAD_US_PER_S)  /* by then the last of those is done */
#define SKAD_REFRESH_AGAIN_US      (900 * SKAD_US_PER_S) /* when a full one is looked at again */
#define SKAD_SWEEP_INTERVAL_US     (60 * SKAD_US_PER_S)
#define SKAD_SWEEP_RECORDS_MAX     1024 /* at one sweep, so that it never blocks for long */

/* The next epoch's nonce is asked for when this part of the current one is left: 2.8 days of four
 * weeks, for a puzzle that takes seconds. */
#define SKAD_EPOCH_AHEAD_DIVISOR 10

SKAD_MUST_CHECK skad_status skad_upkeep_init(skad_node *node);
void skad_upkeep_free(skad_node *node);

/* A verified request came from this stranger, whom we may send a ping: worth it if the table wants
 * it. */
void skad_upkeep_consider(skad_node *node, const skad_id *id, const skad_address *address);

/* A stranger's ping was answered, or will not be. */
void skad_upkeep_stranger_over(skad_node *node);

/* All buckets are to be refreshed within SKAD_REFRESH_SOON_US. */
void skad_upkeep_refresh_soon(skad_node *node);

/* We have joined: our own ID is looked up again after a second, and then after pauses that grow to
 * eight minutes and a half, as long as some come to stand among our closest neighbours, or anybody
 * while the sibling list has room. Whoever joined in the same moment was known to nobody yet when
 * we looked, and on a bad link some of those whom we asked did not hear us. Who knows fewer than
 * SKAD_NEIGHBOURS goes on for ever, whoever comes: it is perhaps the rest of the network that it
 * does not know, and if there is no more a lookup costs hardly anything. */
#define SKAD_LOOK_PAUSE_US_MIN SKAD_US_PER_S
#define SKAD_LOOK_PAUSE_US_MAX (512 * SKAD_US_PER_S)
#define SKAD_LOOK_PAUSE_FACTOR 8
void skad_upkeep_look_around(skad_node *node);

void skad_upkeep_tick(skad_node *node);
uint64_t skad_upkeep_deadline(const skad_node *node);

#endif
