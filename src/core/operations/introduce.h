/* Guarded nodes are reached through a node that named them (proto/PROTOCOL.md, "Guarded nodes").
 *
 *      we ---- request ----> guarded node      it is lost there, but lets the call in here
 *      we --- INTRODUCE ---> namer --- CALL ---> guarded node
 *      we <---- PING ------- guarded node      its way out lets in what comes back
 *      we ---- request ----> guarded node      once more, at once (skad_pending_hurry)
 *
 * The namer may lie, or not have the node any more. Then the request is sent again as any other,
 * with another namer, and at last the lookup goes on without the node. So a liar can keep us from
 * no node that a truthful node names. Only those that call a node guarded are asked to introduce
 * us, and each only as often in a lookup as it would serve at once: a liar that calls all nodes
 * guarded costs us some requests to itself, and no others anything. Its tests are
 * tests/node/test_guarded.c and test_introduce_lies.c. */
#ifndef SKAD_OPERATIONS_INTRODUCE_H
#define SKAD_OPERATIONS_INTRODUCE_H

#include <stdint.h>

#include "skad/node.h"
#include "src/core/operations/operation.h"

#define SKAD_INTRODUCTIONS_MAX 8 /* of one namer in a lookup; callers.c serves as many at once */
#define SKAD_INTRODUCING_US    (3 * SKAD_US_PER_S) /* a guarded node may call for so long */

/* Has a namer introduce us to a candidate that is asked, if it is guarded. */
void skad_introduce(skad_node *node, skad_operation *operation, uint16_t candidate);

#endif
