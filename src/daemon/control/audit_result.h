/* The method `audit`: a get of the ballots of a round, which are given as they were found. */
#ifndef SKAD_DAEMON_CONTROL_AUDIT_RESULT_H
#define SKAD_DAEMON_CONTROL_AUDIT_RESULT_H

#include "skad/event.h"
#include "src/daemon/control/methods.h"
#include "src/daemon/control/pending_calls.h"

/* Starts the get: of the round that is asked for, else of the last one whose ballots are out.
 * Errors: SKAD_ERR_INPUT (the node takes no part in audits), and those of skad_node_get. */
SKAD_MUST_CHECK skad_status skad_audit_ask(const skad_method_context *context,
                                           const skad_control_request *request, skad_time now,
                                           skad_op *op);

/* The result of one that was DONE. */
void skad_audit_result(const skad_method_context *context, const skad_event *event,
                       const skad_pending_call *call, skad_writer *writer);

#endif
