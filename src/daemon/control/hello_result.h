/* The result of the control method `hello`: which API, which node, and what one client may have. */
#ifndef SKAD_DAEMON_CONTROL_HELLO_RESULT_H
#define SKAD_DAEMON_CONTROL_HELLO_RESULT_H

#include "src/daemon/control/methods.h"

/* Writes the response, the result or an error; monitors: at the socket for looking only. */
void skad_hello_answer(const skad_method_context *context, const skad_control_request *request,
                       bool monitors, skad_writer *writer);

#endif
