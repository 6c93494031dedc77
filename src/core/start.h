/* Starting operations. The public calls are in skad/node.h; this is the node's own. */
#ifndef SKAD_CORE_START_H
#define SKAD_CORE_START_H

#include "src/core/state.h"

/* Starts a lookup for the node itself (JOIN, REFRESH). Returns 0 when there is no room. */
skad_op skad_start_own(skad_node *node, skad_operation_kind kind, const skad_id *target);

#endif
