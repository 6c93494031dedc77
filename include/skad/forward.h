/* Lookups, gets and puts that other nodes forward: the node asks one or some of its contacts, each
 * of which asks on, and the answer comes back along the chain. No node of the chain but the first
 * sees this node's address, and the first does not know whether it asks for itself. What that
 * hides, and what it does not, is in SECURITY.md. It costs the same as a usual lookup or less, and
 * succeeds less often where many nodes lie or are silent.
 *
 * Results prove themselves: an immutable value has its key, a mutable record its signature. A list
 * of nodes is signed by the node that made it, which says nothing about the nodes that it names. */
#ifndef SKAD_FORWARD_H
#define SKAD_FORWARD_H

#include <stdint.h>

#include "skad/compiler.h"
#include "skad/node.h"
#include "skad/record.h"
#include "skad/status.h"

SKAD_BEGIN

#define SKAD_FORWARD_CHAINS_MAX 8

/* The following start operations, as those of skad/node.h do, which end within 15 seconds.
 * `chains`: results of so many different first hops end one, 1..SKAD_FORWARD_CHAINS_MAX; 0: one for
 * an immutable value and for storing, three for the others. More errors: SKAD_ERR_MEMORY. */

/* Finds the nodes nearest to a target. Event: SKAD_EVENT_LOOKUP, whose steps are the first hops. */
SKAD_MUST_CHECK skad_status skad_node_forward_lookup(skad_node *node, const skad_id *target,
                                                     unsigned chains, skad_time now, skad_op *op);

/* Fetches an immutable value or a mutable record. Event: SKAD_EVENT_GET; `holder` is a first hop.
 */
SKAD_MUST_CHECK skad_status skad_node_forward_get(skad_node *node, skad_record_type type,
                                                  const skad_id *key, unsigned chains,
                                                  skad_time now, skad_op *op);

/* Has an immutable or mutable record stored for the whole life that the profile gives it. Event:
 * SKAD_EVENT_PUT; `stored` is what the last node of a chain says with its signature. More errors:
 * SKAD_ERR_FORMAT (it does not decode, or its signature is wrong). */
SKAD_MUST_CHECK skad_status skad_node_forward_store(skad_node *node, const uint8_t *record,
                                                    size_t len, unsigned chains, skad_time now,
                                                    skad_op *op, skad_id *key);

/* What a node forwards for a neighbour, less what that has forwarded for it. */
typedef struct skad_forward_balance {
    skad_id id;
    int32_t debt; /* requests, -256..256: above 0 it owes us */
    bool doubted; /* it was silent lately when it should have forwarded, and is asked last */
} skad_forward_balance;

/* Writes up to `max` balances that are not 0, or in doubt; returns how many there are. */
size_t skad_node_forward_balances(const skad_node *node, skad_time now, skad_forward_balance *out,
                                  size_t max);

SKAD_END

#endif
