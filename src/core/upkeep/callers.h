/* Calls for nodes that want to know whether strangers reach them (reachability.h), and for those
 * that want to reach a guarded node (proto/PROTOCOL.md, "Guarded nodes"). Three take part:
 *
 *      asker --- PROBE ---> helper --- CALL ---> caller --- PING ---> asker
 *            <-- PROBED --         <-- CALLED --
 *
 *      asker -- INTRODUCE -> helper --- CALL ---> caller --- PING ---> asker
 *            <-INTRODUCED-          <-- CALLED --
 *
 * For a PROBE the helper chooses the caller among its peers: of another address group than the
 * asker's, and far from it in the key space, so that the asker has hardly met it. An INTRODUCE
 * names the caller, to which the asker has just sent a request of its own: where a NAT stands
 * before each, both send, and so both let each other in. The PROBE, the INTRODUCE and the CALL need
 * a token, so the asker's address is proven to the helper, and the helper's to the caller. That the
 * helper tells the truth is not proven to the caller. So one CALL brings one PING at most, which is
 * shorter than the CALL, and both serve few of them, of an address group and in all. */
#ifndef SKAD_UPKEEP_CALLERS_H
#define SKAD_UPKEEP_CALLERS_H

#include <stdint.h>

#include "proto/open.h"
#include "skad/node.h"

#define SKAD_CALLERS_GROUPS 32 /* of requesters, the last ones */

typedef struct skad_callers {
    uint64_t groups[SKAD_CALLERS_GROUPS];
    uint64_t until_us[SKAD_CALLERS_GROUPS]; /* what each has used up (rate.h), */
    uint64_t all_until_us;                  /* and all of them together */
} skad_callers;

/* Serves a PROBE, an INTRODUCE or a CALL and fills in what answers it. Returns SKAD_ERROR_NONE, or
 * the code with which it is to be refused:
 * - BUSY: too many were served, no peer can call, or nothing may be sent to the one to be called;
 * - UNSUPPORTED: the peer that an INTRODUCE names is not known to live, in the family that it came
 * in.
 */
SKAD_MUST_CHECK skad_error_code skad_callers_serve(skad_node *node, const skad_opened *request,
                                                   const skad_address *from, skad_message *answer);

#endif
