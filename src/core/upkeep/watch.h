/* Watching records: a get that is repeated, and reported only when it brings something new.
 *
 *    WAITING -- due --> RUNNING (a get of the node's own) -- it ended --> WAITING
 *                                                             \-> something new: an event */
#ifndef SKAD_UPKEEP_WATCH_H
#define SKAD_UPKEEP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"

/* Starts a watch and returns its name. Error: SKAD_ERR_FULL. */
SKAD_MUST_CHECK skad_status skad_watch_begin(skad_node *node, skad_record_type type,
                                             const skad_id *key, uint32_t every_s, skad_op *op);

/* Begins gets that are due and handles the ones that ended. Called at the end of every call that
 * may have changed something. */
void skad_watch_advance(skad_node *node);
uint64_t skad_watch_deadline(const skad_node *node);

/* Ends a watch by its name; false if there is none of that name. */
bool skad_watch_cancel(skad_node *node, skad_op name);

#endif
