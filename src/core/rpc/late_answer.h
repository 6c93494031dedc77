/* Answers that are given later than their requests came, when something else has been settled: a
 * write of the store, or a request of our own. The requester showed a valid token when it asked.
 *
 * Tests: tests/core/upkeep/test_callers.c, tests/core/relay/test_relay.c. */
#ifndef SKAD_RPC_LATE_ANSWER_H
#define SKAD_RPC_LATE_ANSWER_H

#include <stdint.h>

#include "crypto/hash.h"
#include "crypto/token.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "skad/node.h"
#include "skad/types.h"

/* Whom an answer is for. */
typedef struct skad_late_answer {
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    skad_id requester;
    uint8_t digest[SKAD_HASH_BYTES];   /* of the request */
    uint8_t granted[SKAD_TOKEN_BYTES]; /* the requester's token */
    skad_address from;
    skad_local local;
} skad_late_answer;

/* Answers; where there is no room the answer is lost like any datagram. */
void skad_late_answer_send(skad_node *node, const skad_late_answer *to, skad_message *message);
/* The same with an ERROR. */
void skad_late_answer_refuse(skad_node *node, const skad_late_answer *to, skad_error_code code);

#endif
