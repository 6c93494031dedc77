/* How the records of one section of the node's store are listed, a page at a time. */
#ifndef SKAD_DAEMON_CONTROL_SECTION_RESULT_H
#define SKAD_DAEMON_CONTROL_SECTION_RESULT_H

#include "src/daemon/control/methods.h"

/* Writes the result of `records`: at most request->max of them, from its cursor on. False if the
 * store could not be read; then the written bytes must not be used. */
SKAD_MUST_CHECK bool skad_section_result(const skad_method_context *context,
                                         const skad_control_request *request, skad_time now,
                                         skad_writer *writer);

#endif
