/* What the client of an operation or a watch receives: notices on the way, and the response at the
 * end, with a result for each kind of event, or an error. */
#ifndef SKAD_DAEMON_CONTROL_OPERATION_RESULT_H
#define SKAD_DAEMON_CONTROL_OPERATION_RESULT_H

#include "proto/control.h"
#include "skad/event.h"
#include "src/daemon/control/pending_calls.h"

/* Write the notification of a traced lookup's step, and of a change that a watch has seen. */
void skad_step_notice(const skad_event *event, const skad_pending_call *call, skad_writer *writer);
void skad_change_notice(const skad_event *event, const skad_pending_call *call,
                        skad_writer *writer);

/* Writes the response to the operation that an event ends. */
void skad_operation_result(const skad_event *event, const skad_pending_call *call,
                           skad_writer *writer);

/* Writes the response to a watch that ends. */
void skad_watch_result(const skad_pending_call *call, skad_writer *writer);

#endif
