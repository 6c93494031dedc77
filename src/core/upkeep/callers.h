/* Calls for nodes that want to know whether strangers reach them (reachability.h). Three take part:
 *
 *      asker --- PROBE ---> helper --- CALL ---> caller --- PING ---> asker
 *            <-- PROBED --         <-- CALLED --
 *
 * The helper chooses the caller among its peers: of another address group than the asker's, and far
 * from it in the key space, so that the asker has hardly met it. Both the PROBE and the CALL need a
 * token, so the asker's address is proven to the helper, and the helper's to the caller. That the
 * helper tells the truth is not proven to the caller. So one CALL brings one PING at most, which is
 * shorter than the CALL, and both serve few of them, of an address group and in all. */
#ifndef SKAD_UPKEEP_CALLERS_H
#define SKAD_UPKEEP_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"

#define SKAD_CALLERS_GROUPS   32                  /* of requesters, the last ones */
#define SKAD_CALLERS_PAUSE_US (2 * SKAD_US_PER_S) /* between two requests of a group */

typedef struct skad_callers {
    uint64_t groups[SKAD_CALLERS_GROUPS];
    uint64_t served_us[SKAD_CALLERS_GROUPS];
    uint64_t all_until_us; /* of all together (rate.h) */
} skad_callers;

/* Has a peer call a node. False if none can, or too many were served. */
SKAD_MUST_CHECK bool skad_callers_send(skad_node *node, const skad_id *asker,
                                       const skad_address *address, skad_address *caller);

/* Pings a node for the peer `helper`. False if too many were served, or nothing may be sent there.
 */
SKAD_MUST_CHECK bool skad_callers_call(skad_node *node, const skad_address *helper,
                                       const skad_id *asker, const skad_address *address);

#endif
