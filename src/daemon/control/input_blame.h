/* Which parameter is to blame when the node cannot take a request that is well-formed. */
#ifndef SKAD_DAEMON_CONTROL_INPUT_BLAME_H
#define SKAD_DAEMON_CONTROL_INPUT_BLAME_H

#include "src/daemon/control/methods.h"

/* The first parameter that is out of its limits, by what starting the request returned; nothing
 * where no parameter is to blame, because the node itself cannot (full, memory, disk). */
skad_control_blame skad_input_blame(const skad_method_context *context,
                                    const skad_control_request *request, skad_status status);

#endif
