/* The part of the status that tells what the node forwards for its neighbours, and what they
 * forward for it. Its test is tests/daemon/control/test_status_result.c. */
#ifndef SKAD_DAEMON_CONTROL_FORWARDING_RESULT_H
#define SKAD_DAEMON_CONTROL_FORWARDING_RESULT_H

#include "proto/writer.h"
#include "skad/node.h"

#define SKAD_FORWARDING_NEIGHBOURS 16 /* that are told, those with the largest balances */

/* Writes the map, without its key. */
void skad_forwarding_result(const skad_node *node, const skad_node_stats *stats, skad_time now,
                            skad_writer *writer);

#endif
