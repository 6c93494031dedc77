/* The result of the control method `table`: the routing table by bin and by contact. */
#ifndef SKAD_DAEMON_CONTROL_TABLE_RESULT_H
#define SKAD_DAEMON_CONTROL_TABLE_RESULT_H

#include "proto/writer.h"
#include "src/daemon/control/methods.h"

/* Writes one map. False, with the writer as it was, when memory is short. */
SKAD_MUST_CHECK bool skad_table_result(const skad_method_context *context, skad_time now,
                                       skad_writer *writer);

#endif
