/* What a simulator reads of a node beyond the public calls. */
#ifndef SKAD_NODE_READERS_H
#define SKAD_NODE_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"

/* Finds the contacts that an answer of this node would name: at most `max` (<= 64) of its living
 * peers closest to the target, ascending, that have an endpoint of the families; `except` may be
 * NULL. Returns how many. */
size_t skad_node_closest(const skad_node *node, const skad_id *target, unsigned families,
                         const skad_id *except, size_t max, skad_contact *out);

/* Whether a peer is a member of a bucket, and so is there to stay as long as it answers. */
bool skad_node_is_member(const skad_node *node, const skad_id *id);

/* Whether a request of this sender that came from this address and shows this token would be taken
 * as one whose address is proven. */
bool skad_node_token_valid(const skad_node *node, const skad_address *from, const skad_id *sender,
                           const uint8_t *token, skad_time now);

/* Hints to the processor that a node is about to be called. First its own memory; then, when that
 * is at hand, its tables, those of liveness checks only if it `ticks`. */
void skad_node_prefetch(const skad_node *node);
void skad_node_prefetch_tables(const skad_node *node, bool ticks);

#endif
