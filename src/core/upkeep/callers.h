/* Calls for nodes that want to know whether strangers reach them (reachability.h). Three take part:
 *
 *      asker --- PROBE ---> helper --- CALL ---> caller --- PING ---> asker
 *            <-- PROBED --         <-- CALLED --
 *
 * The helper draws the caller by lot among its peers: of another address group than the asker's,
 * and if it can of the other half of the key space, so that the asker has hardly met it. It does
 * not take the farthest one: IDs far from an asker's are cheap to have, and it would be the same
 * peer each time, towards which the asker's NAT is open. It answers the asker after the caller
 * answered (src/core/inbound/later.h). A node that is to find out by itself whether it can be
 * reached, and does not know it yet, does not call: it would open its own NAT towards the asker.
 *
 * Both the PROBE and the CALL need a token, so the asker's address is proven to the helper, and the
 * helper's to the caller. That the helper tells the truth is not proven to the caller. So one CALL
 * brings one PING at most, which is shorter than the CALL; both serve few of them, of an address
 * group and in all; and a caller sends one PING in ten seconds to an address group, as long as many
 * helpers name it. Few bits of a keyed hash stand for a group, and two that collide share this. */
#ifndef SKAD_UPKEEP_CALLERS_H
#define SKAD_UPKEEP_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "skad/node.h"

#define SKAD_CALLERS_GROUPS   32                  /* of requesters, the last ones */
#define SKAD_CALLERS_PAUSE_US (2 * SKAD_US_PER_S) /* between two requests of a group */
#define SKAD_CALLERS_TARGETS  64                  /* places of those that are called */
#define SKAD_CALLERS_TARGET_S 10                  /* between two pings to one of them */

typedef struct skad_callers {
    uint64_t groups[SKAD_CALLERS_GROUPS];
    uint64_t served_us[SKAD_CALLERS_GROUPS];
    uint64_t all_until_us;                   /* of all together (rate.h) */
    uint32_t called_s[SKAD_CALLERS_TARGETS]; /* when next one of the place may be called */
    uint8_t key[SKAD_TABLE_KEY_BYTES];       /* of the places; drawn with the first call */
    bool keyed;
} skad_callers;

/* Has a peer call a node; the ticket becomes the owner of the CALL. False if none can, or too many
 * were served. */
SKAD_MUST_CHECK bool skad_callers_send(skad_node *node, const skad_id *asker,
                                       const skad_address *address, uint64_t ticket,
                                       skad_address *caller);

/* Pings a node for the peer `helper`. False if too many were served, or nothing may be sent there.
 */
SKAD_MUST_CHECK bool skad_callers_call(skad_node *node, const skad_address *helper,
                                       const skad_id *asker, const skad_address *address);

#endif
