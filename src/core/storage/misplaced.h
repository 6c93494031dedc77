/* Publications that nobody near their key took.
 *
 * On a bad link a put may end with holders that are not the closest: they accept the record, but
 * say how long they mean to keep it, and whoever knows s living nodes closer to the key grants half
 * of a life at most (duty.h). Nobody who looks for it will ask them. So what was announced, and was
 * granted more than that by no holder at all, is announced once more every few minutes until it is
 * where it belongs. Who refuses it counts, too: he was reached. One honest holder among the closest
 * is enough to be content; if all of them are liars, that costs us SKAD_MISPLACED_DIVISOR puts an
 * hour, of SKAD_MISPLACED_MAX publications at most. */
#ifndef SKAD_STORAGE_MISPLACED_H
#define SKAD_STORAGE_MISPLACED_H

#include "src/core/node/state.h"

#define SKAD_MISPLACED_DIVISOR 16 /* of an hour: the pause before it is tried again */

SKAD_MUST_CHECK skad_status skad_misplaced_init(skad_node *node);
void skad_misplaced_free(skad_node *node);

/* A put of a publication of ours has ended: notes whether it is to be tried again. */
void skad_misplaced_judge(skad_node *node, const skad_operation *operation);

/* The next one whose time has come: copied out, and put off. False: none. */
bool skad_misplaced_due(skad_node *node, skad_store_name *out);

/* It is nobody's concern any more. */
void skad_misplaced_drop(skad_node *node, const skad_store_name *name);

uint64_t skad_misplaced_deadline(const skad_node *node);

#endif
