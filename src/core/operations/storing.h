/* The second half of a put: nodes are asked to hold the record. It overlaps with the lookup. A node
 * that is surely among the closest is asked as soon as it has answered the lookup, or instead of
 * being asked by the lookup (choice.h); the others when that is over. What is stored stays,
 * whatever the lookup finds later.
 *
 *    WAITS -> ASKED -> STORED
 *      ^        |  \-> REFUSED       an error code
 *      |        |  \-> LEFT          no answer while the lookup went on
 *      |        v  \-> UNRESPONSIVE  no answer
 *      +--- once more, with a fresh token or after a timeout */
#ifndef SKAD_OPERATIONS_STORING_H
#define SKAD_OPERATIONS_STORING_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/base/env.h"
#include "src/core/operations/operation.h"

/* Asks a candidate to store the record as the lookup's question to it. Returns false without room
 * to ask. */
bool skad_storing_ask(skad_node *node, skad_operation *operation, uint16_t candidate);

/* Asks the candidates that are surely among the closest, while the lookup runs. Returns false
 * without room to ask. */
bool skad_storing_early(skad_node *node, skad_operation *operation);

/* The lookup is over: chooses the other holders, perhaps including ourselves. */
void skad_storing_begin(skad_node *node, skad_operation *operation);

typedef enum skad_storing_state {
    SKAD_STORING_WAITS,   /* for answers, or for our own store */
    SKAD_STORING_BLOCKED, /* for room to ask */
    SKAD_STORING_OVER,
} skad_storing_state;

/* Sends to the holders that may be asked now. */
skad_storing_state skad_storing_drive(skad_node *node, skad_operation *operation);

/* Takes the result of a request, whose step is the holder's index. token: what came with the
 * answer. */
void skad_storing_answered(skad_operation *operation, uint16_t step, const skad_message *answer,
                           const uint8_t *token);
void skad_storing_failed(skad_operation *operation, uint16_t step);

/* Keeps a record among our publications once its put counts: a record that most holders refused
 * must not be announced again every hour. */
void skad_storing_keep(skad_node *node, skad_operation *operation);

/* What a ticket of our own store decided. Returns whether the put waited for it. */
bool skad_storing_settled(skad_operation *operation, const skad_store_settled *settled);

/* Whether at least one other holder answered as one that is responsible for the record: it refused
 * the record, or keeps it for longer than half a life. A record that ends sooner says nothing about
 * this, and counts as placed. */
bool skad_storing_placed(const skad_env *env, const skad_operation *operation,
                         const skad_record *record);

/* Plans an early retry for a publication that only distant holders took. */
void skad_storing_retry(skad_node *node, const skad_operation *operation);

/* Fills in the report as things stand. */
void skad_storing_report(const skad_operation *operation, skad_put_report *out);

/* Whether a put counts: at least one holder took the record, and no more holders than that say that
 * they have something else. A holder that lost its records, or came a moment ago, takes an old
 * sequence, too, although a get that asks the other holders will never return it. A single liar
 * that names a high sequence must not make a put fail. Holders that look like a cluster made for
 * the key do not count. */
bool skad_storing_stands(const skad_put_report *report);

#endif
