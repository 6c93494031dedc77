/* Answers to requests: reads the node, changes only the store and the outbox. */
#ifndef SKAD_CORE_SERVE_H
#define SKAD_CORE_SERVE_H

#include "src/core/state.h"

/* Answers a verified request. `len` is the length of its datagram: without a valid token the answer
 * is at most SKAD_AMPLIFICATION_MAX times as long. */
void skad_serve(skad_node *node, const skad_envelope *envelope, const skad_opened *request,
                const skad_address *from, size_t len);

#endif
