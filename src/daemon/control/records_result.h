/* The results of puts, gets and changes of watched records. */
#ifndef SKAD_DAEMON_CONTROL_RECORDS_RESULT_H
#define SKAD_DAEMON_CONTROL_RECORDS_RESULT_H

#include "proto/control.h"
#include "skad/event.h"
#include "src/daemon/control/pending_calls.h"

/* The result of a put that was DONE; that of a publish also has its sequence. */
void skad_put_result(const skad_put_report *report, const skad_pending_call *call,
                     skad_writer *writer);

/* The error of a put that was not. */
void skad_put_error(const skad_event *event, uint32_t msgid, skad_writer *writer);

/* The result of a get, or of a change, of any type. */
void skad_get_result(const skad_get_report *report, skad_writer *writer);

/* The error of a get without result. */
void skad_get_error(const skad_event *event, uint32_t msgid, skad_writer *writer);

#endif
