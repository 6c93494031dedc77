/* handle: where a verified message goes. From here on the node changes. */
#ifndef SKAD_INBOUND_HANDLE_H
#define SKAD_INBOUND_HANDLE_H

#include <stddef.h>

#include "proto/open.h"
#include "skad/node.h"
#include "src/core/inbound/prefilter.h"

/* A verified request or answer. `len` is the length of its datagram. */
void skad_handle(skad_node *node, const skad_prefiltered *prefiltered, const skad_opened *opened,
                 const skad_address *from, size_t len);

/* All timeouts of our requests that have passed. */
void skad_handle_timeouts(skad_node *node);

#endif
