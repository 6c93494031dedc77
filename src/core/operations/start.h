/* Starting operations: the public calls of skad/node.h and skad/records.h, and what the node starts
 * for itself. */
#ifndef SKAD_OPERATIONS_START_H
#define SKAD_OPERATIONS_START_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/record.h"
#include "src/core/operations/operation.h"

/* Starts a lookup for the node itself (JOIN, REFRESH). It begins at `from` alone; NULL: at the
 * closest contacts that we know. Returns 0 when there is no slot. */
skad_op skad_start_own(skad_node *node, skad_operation_kind kind, const skad_id *target,
                       const skad_contact *from);

/* Does what skad_node_ping and skad_node_lookup promise. */
SKAD_MUST_CHECK skad_status skad_start_ping(skad_node *node, const skad_address *address,
                                            skad_op *op);
SKAD_MUST_CHECK skad_status skad_start_lookup(skad_node *node, const skad_id *target, skad_op *op);

/* Emits each step of a running lookup as an event from now on, beginning with the steps already
 * taken. */
void skad_start_trace(skad_node *node, skad_op op);

/* Starts a get (GET, WATCH, ADOPT). The records of our own store count like an answer. */
SKAD_MUST_CHECK skad_status skad_start_get(skad_node *node, skad_operation_kind kind,
                                           skad_record_type type, const skad_id *key, skad_op *op);

/* Starts a put (PUT, REPUBLISH) of an encoded record. */
typedef struct skad_start_record {
    skad_span bytes;
    skad_record_type type;
    skad_id key;
    bool has_cas;
    uint64_t cas;
    bool keep;
    uint32_t life_s; /* where it is kept: its life at each signing, 0: it cannot be signed anew */
    bool follows;    /* skad_publication */
} skad_start_record;

SKAD_MUST_CHECK skad_status skad_start_put(skad_node *node, skad_operation_kind kind,
                                           const skad_start_record *record, skad_op *op);

/* Starts an operation that other nodes forward. `wanted`: how many results of different first hops
 * end it; 0: as many as suit its aim. */
SKAD_MUST_CHECK skad_status skad_start_forward(skad_node *node, const skad_forward *forward,
                                               unsigned wanted, skad_op *op);

/* Forgets an operation of the user's. */
void skad_start_cancel(skad_node *node, skad_op op);

#endif
