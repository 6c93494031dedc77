/* The results of puts, gets and changes of watched records. */
#ifndef SKAD_DAEMON_CONTROL_RECORDS_RESULT_H
#define SKAD_DAEMON_CONTROL_RECORDS_RESULT_H

#include "proto/control.h"
#include "skad/event.h"
#include "src/daemon/control/pending_calls.h"
#include "src/host/system/failure.h"

/* The result of a put that was DONE; that of a publish also has its sequence. */
void skad_put_result(const skad_put_report *report, const skad_pending_call *call,
                     skad_writer *writer);

/* The error of a put that was not. */
void skad_put_error(const skad_event *event, uint32_t msgid, skad_writer *writer);

/* The result of a get, or of a change, of any type. */
void skad_get_result(const skad_get_report *report, skad_writer *writer);

/* Why a get has no result, in words and as a code. */
skad_control_error skad_get_failure(const skad_event *event, skad_failure *why);

/* The key `refusals`: the number of refusals by the name of the code, of those that occurred. */
void skad_result_refusals(skad_writer *writer, const uint64_t refusals[static SKAD_REFUSALS]);

/* The error of a get without result. */
void skad_get_error(const skad_event *event, uint32_t msgid, skad_writer *writer);

#endif
