/* The second half of a put: the lookup found who should hold the record, now they are asked to.
 *
 *   WAITS -> ASKED -> STORED
 *     ^        |  \-> REFUSED   an error code
 *     |        v  \-> SILENT    no answer
 *     +--- once more, with a fresh token or after a silence
 */
#ifndef SKAD_OPERATIONS_STORING_H
#define SKAD_OPERATIONS_STORING_H

#include "src/core/node/state.h"

/* Chooses the holders, ourselves perhaps among them. */
void skad_storing_begin(skad_node *node, skad_operation *operation);

typedef enum skad_storing_state {
    SKAD_STORING_WAITS,   /* for answers */
    SKAD_STORING_STARVED, /* for room to ask */
    SKAD_STORING_OVER,
} skad_storing_state;

/* Asks whom it may ask now. */
skad_storing_state skad_storing_drive(skad_node *node, skad_operation *operation);

/* What became of a request: its step is the holder's index. token: what came with the answer. */
void skad_storing_answered(skad_operation *operation, uint16_t step, const skad_message *answer,
                           const uint8_t *token);
void skad_storing_failed(skad_operation *operation, uint16_t step);

/* Fills in the report, as things stand. */
void skad_storing_tell(const skad_operation *operation, skad_put_report *out);

#endif
