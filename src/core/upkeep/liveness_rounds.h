/* Rounds of liveness checks, with pauses between them, so that a node does not wake for each peer,
 * nearly half of which have answered or asked something meanwhile. liveness.h decides when a peer's
 * check is due. */
#ifndef SKAD_UPKEEP_LIVENESS_ROUNDS_H
#define SKAD_UPKEEP_LIVENESS_ROUNDS_H

#include <stdint.h>

#include "skad/node.h"

#define SKAD_CHECK_IDLE_US (5 * SKAD_US_PER_S) /* between rounds */

typedef struct skad_liveness_rounds {
    uint64_t idle_until_us; /* no peer is checked before */
    uint64_t woken_us; /* when a peer was last checked early because no peer was heard; 0: never */
} skad_liveness_rounds;

/* Checks all peers that are due, if the pause is over. */
void skad_liveness_rounds_tick(skad_node *node);
uint64_t skad_liveness_rounds_deadline(const skad_node *node);

#endif
