/* The node's identity, and everything that it counts. */
#ifndef SKAD_DAEMON_CONTROL_STATUS_RESULT_H
#define SKAD_DAEMON_CONTROL_STATUS_RESULT_H

#include "src/daemon/control/methods.h"

/* Writes the result of `status`. */
void skad_status_result(const skad_method_context *context, skad_time now, skad_writer *writer);

#endif
