/* Operations at work: the requests that they send, and what answers and timeouts mean to them. */
#ifndef SKAD_OPERATIONS_OPERATE_H
#define SKAD_OPERATIONS_OPERATE_H

#include <stdint.h>

#include "proto/open.h"
#include "skad/node.h"
#include "src/core/operations/operation.h"
#include "src/core/rpc/pending.h"

#define SKAD_OVERDUE_CHECK_US SKAD_US_PER_S /* how often deadlines are checked */

/* After so long a put stores at the closest nodes that have answered. Liars that name silent nodes
 * without end could otherwise keep it looking until it ends with nothing stored. */
#define SKAD_PUT_LOOKUP_US (20 * SKAD_US_PER_S)

/* Sends all requests that may be sent now; moves on to the next stage when none is left. */
void skad_operate_drive(skad_node *node, skad_operation *operation);

/* A request of an operation was answered, is slow, is overdue, or was not answered at all. */
void skad_operate_answered(skad_node *node, const skad_pending_rpc *rpc, const skad_opened *answer,
                           const uint8_t *token);
void skad_operate_slow(skad_node *node, const skad_pending_rpc *rpc);
void skad_operate_overdue(skad_node *node, const skad_pending_rpc *rpc);
void skad_operate_failed(skad_node *node, const skad_pending_rpc *rpc);

/* What a ticket of our own store decided. */
void skad_operate_settled(skad_node *node, const skad_store_settled *settled);

/* Lets blocked operations send again, has puts store that have looked for long enough, and ends
 * overdue ones. */
void skad_operate_tick(skad_node *node);
uint64_t skad_operate_deadline(const skad_node *node);

#endif
