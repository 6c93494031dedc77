/* The work of once a minute: expired records are dropped from the store, and the nonce of the
 * coming epoch is requested ahead of time. While a sweep finds as many expired records as it may
 * drop, the next one follows soon: 1,024 records a second, a million in seventeen minutes. Nothing
 * is dropped in the first quarter of an hour, nor in the one after a jump of the clock: what a
 * wrong clock calls expired may not be (clock_watch.h). */
#ifndef SKAD_UPKEEP_HOUSEKEEPING_H
#define SKAD_UPKEEP_HOUSEKEEPING_H

#include <stdint.h>

#include "skad/node.h"

#define SKAD_SWEEP_INTERVAL_US (60 * SKAD_US_PER_S)
#define SKAD_SWEEP_AGAIN_US    (250 * SKAD_US_PER_MS)
#define SKAD_SWEEP_RECORDS_MAX 256 /* at one sweep: about five milliseconds of a database */

/* The next epoch's nonce is requested when this part of the current one is left: 2.8 days of four
 * weeks, for a puzzle that takes seconds. */
#define SKAD_EPOCH_AHEAD_DIVISOR 10

/* A nonce that does not come is requested again: the solver may have been busy with another epoch,
 * as after a jump of the clock, or have failed. */
#define SKAD_NONCE_AGAIN_US (600 * SKAD_US_PER_S)

typedef struct skad_housekeeping {
    uint64_t sweep_us;    /* when it is done next */
    uint64_t asked_us;    /* when a nonce was last requested (SKAD_EVENT_PUZZLE_NEEDED) */
    uint32_t epoch_asked; /* for which epoch */
} skad_housekeeping;

void skad_housekeeping_tick(skad_node *node);

#endif
