/* Copies of records that we send without being asked: to a node that has become one of the closest
 * (handover.h), and to a node on the way that lacked what others had. No operation waits for them,
 * so they are the first to be dropped when there is little room, and a refusal costs the receiver
 * nothing. */
#ifndef SKAD_OPERATIONS_REPLICATE_H
#define SKAD_OPERATIONS_REPLICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/record.h"
#include "src/core/operations/operation.h"

#define SKAD_REPLICAS_LEFT_MAX 4 /* after one get of a signed record */

typedef struct skad_replica {
    skad_record_type type;
    skad_span bytes;
    uint32_t life_s;
} skad_replica;

/* Whether there is room for traffic that can wait: the queues are less than half full. */
bool skad_replicate_may(const skad_node *node);

/* Sends a copy; false when it was shed. token: what the receiver granted us, NULL: the table's. */
bool skad_replicate(skad_node *node, const skad_replica *replica, const skad_id *to,
                    const skad_address *address, const uint8_t *token);

/* Leaves copies after a get that found something. An immutable value goes to the closest node that
 * answered without it (Kademlia, section 2.3), a mutable record to the closest few that had none or
 * an older one. */
void skad_replicate_leave(skad_node *node, const skad_operation *operation);

#endif
