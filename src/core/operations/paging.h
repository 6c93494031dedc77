/* The second half of a get of announcements: holders that have more than fits one answer are asked
 * for the rest, while fewer publishers were met than they have. Each goes on where its last answer
 * ended, and the first began anywhere, so several holders soon have given all of them.
 *
 * Bounds: SKAD_PAGES_MAX answers of one holder, SKAD_PAGING_REQUESTS in all, of the s closest
 * holders only, and SKAD_PAGING_US, after which what has come is returned. A holder that lies about
 * how many it has, or that takes its time, costs that, and no more. */
#ifndef SKAD_OPERATIONS_PAGING_H
#define SKAD_OPERATIONS_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/operations/operation.h"
#include "src/core/operations/storing.h"

#define SKAD_PAGING_AT_ONCE  4
#define SKAD_PAGING_REQUESTS 64 /* of one get; 64 announcements fit 22 answers at least */

#define SKAD_PAGING_US (5 * SKAD_US_PER_S) /* 22 answers of one holder, of 200 ms each */

/* Begins it, which ends the lookup. */
void skad_paging_begin(const skad_node *node, skad_operation *operation);

/* Sends what may be sent now. OVER: all is there, or no holder has more. */
skad_storing_state skad_paging_drive(skad_node *node, skad_operation *operation);

/* A holder did not answer, or refused: it is asked no more. */
void skad_paging_failed(skad_operation *operation, uint16_t candidate);

#endif
