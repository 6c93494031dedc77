/* Whether an answer to a FORWARD proves what it says. Each node of the chain looks before it hands
 * an answer back, so that a liar gains no more than silence would: the next node is asked.
 *
 * Its test is tests/core/relay/test_relay.c. */
#ifndef SKAD_FORWARD_RESULT_H
#define SKAD_FORWARD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "proto/statement.h"
#include "skad/node.h"

/* A statement is believed so long before and after its time. Clocks may be as wrong as that without
 * harm elsewhere (proto/PROTOCOL.md, "Clocks"). */
#define SKAD_STATEMENT_S (86400ULL / 2)

typedef enum skad_result_kind {
    SKAD_RESULT_NONE,     /* it proves nothing */
    SKAD_RESULT_UNTIMELY, /* it would, at another time: by the clock of its sender, perhaps */
    SKAD_RESULT_RECORD,   /* the record that was asked for */
    SKAD_RESULT_NODES,    /* a signed list of the nodes nearest to the target */
    SKAD_RESULT_ABSENT,   /* the same, of a node that has no such record */
    SKAD_RESULT_STORED,   /* some nodes hold the record, it says */
} skad_result_kind;

/* Checks a FORWARDED: a record's key, type, signature and expiry; a statement's signature, subject
 * and time, and that its contacts ascend and have paid for their IDs. Costs one signature check at
 * most. Of statements `out` is filled in; whose key has signed is not looked at. */
skad_result_kind skad_result_check(skad_node *node, const skad_forward *forward,
                                   const skad_message *answer, skad_statement *out);

#endif
