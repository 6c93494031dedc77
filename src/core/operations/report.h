/* Reports on operations: the queue of ended operations, and the event made from one when it is
 * polled. */
#ifndef SKAD_OPERATIONS_REPORT_H
#define SKAD_OPERATIONS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/operations/operation.h"

typedef struct skad_reports {
    skad_op *ended; /* a ring of the operations whose event waits: as many as there may be */
    size_t first;
    size_t count;
    skad_op polled; /* the operation whose event borrows from it; 0 if none */
} skad_reports;

/* Reserves memory for so many operations. */
SKAD_MUST_CHECK skad_status skad_reports_init(skad_reports *reports, size_t operations);
void skad_reports_free(skad_reports *reports);

/* Queues an operation that has ended. */
void skad_report_ended(skad_node *node, const skad_operation *operation);

/* Returns one of a lookup's candidates as a step. */
skad_step skad_report_step(const skad_lookup *lookup, uint16_t index);

/* Emits a traced operation's step, as it is now. */
void skad_report_trace(skad_node *node, const skad_operation *operation, uint16_t index);

/* Emits a query that a traced operation sent. */
void skad_report_trace_query(skad_node *node, const skad_operation *operation,
                             const skad_query *query);

/* Emits the result of a traced operation's query about a region. */
void skad_report_trace_region(skad_node *node, const skad_operation *operation, uint16_t index,
                              skad_step_state state);

/* Takes an ended operation out of the queue again. */
void skad_report_forget(skad_node *node, skad_op name);

/* Returns the event of the operation that ended first. The event borrows from the operation, which
 * therefore stays until skad_report_release. */
bool skad_report_poll(skad_node *node, skad_event *out);

/* Frees the operation whose event was polled last. Every public call begins with it. */
void skad_report_release(skad_node *node);

#endif
