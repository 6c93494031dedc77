/* handle: passes a verified message on to the parts that use it. From here on the node changes. */
#ifndef SKAD_INBOUND_HANDLE_H
#define SKAD_INBOUND_HANDLE_H

#include <stddef.h>

#include "proto/open.h"
#include "skad/node.h"
#include "src/core/inbound/prefilter.h"

/* Handles a verified request or answer. `len` is the length of its datagram. */
void skad_handle(skad_node *node, const skad_prefiltered *prefiltered, const skad_opened *opened,
                 const skad_address *from, size_t len);

/* Handles all timeouts of our requests that have passed. */
void skad_handle_timeouts(skad_node *node);

#endif
