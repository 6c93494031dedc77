/* What an operation that other nodes forward tells: its event, and its steps, which are its first
 * hops. Its test is tests/node/test_forward.c. */
#ifndef SKAD_OPERATIONS_FORWARDED_REPORT_H
#define SKAD_OPERATIONS_FORWARDED_REPORT_H

#include <stddef.h>

#include "skad/event.h"
#include "skad/node.h"
#include "src/core/operations/operation.h"

/* Writes the event: LOOKUP, GET or PUT. It borrows from the operation. */
void skad_forwarding_report(skad_operation *operation, const skad_profile *profile,
                            skad_event *event);

/* Emits a first hop of a traced operation as it is now. */
void skad_forwarding_trace(skad_node *node, const skad_operation *operation, size_t hop);

#endif
