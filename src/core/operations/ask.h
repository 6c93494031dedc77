/* The requests of operations: each is made from what the operation holds, and made once more when
 * it is sent again. */
#ifndef SKAD_OPERATIONS_ASK_H
#define SKAD_OPERATIONS_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/lookup/lookup.h"
#include "src/core/operations/operation.h"
#include "src/core/rpc/pending.h"

/* Sends a query of the operation's lookup; a put's record to one of its holders; the question for a
 * holder's next announcements. Return false where there is no room to send. */
SKAD_MUST_CHECK bool skad_ask_candidate(skad_node *node, skad_operation *operation,
                                        const skad_query *query);
SKAD_MUST_CHECK bool skad_ask_holder(skad_node *node, skad_operation *operation, uint16_t holder);
SKAD_MUST_CHECK bool skad_ask_page(skad_node *node, skad_operation *operation,
                                   const skad_pager *pager);

/* Sends a hello of a ping, the first or the next: SKAD_ASK_HELLOS in all. Returns false where there
 * is no room, or no more is to be sent. A hello is not sent again, but another one is. */
#define SKAD_ASK_HELLOS 3
bool skad_ask_hello(skad_node *node, skad_operation *operation);

/* Sends a request of an operation again. Returns false if no operation waits for the answer any
 * more. */
bool skad_ask_again(skad_node *node, const skad_pending_rpc *rpc);

#endif
