/* What a FORWARD costs the neighbour that sent it, and us at the contact that is asked for it
 * (balance.h). Its test is tests/core/relay/test_relay_room.c. */
#ifndef SKAD_RELAY_DUES_H
#define SKAD_RELAY_DUES_H

#include <stdbool.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/rpc/late_answer.h"
#include "src/core/rpc/pending.h"

/* Whether a requester, and its address group where it has something stored, may owe one more. */
bool skad_dues_may(const skad_node *node, const skad_forward *forward, const skad_late_answer *to);
/* Charges it. */
void skad_dues_charge(skad_node *node, const skad_forward *forward, const skad_late_answer *to);

/* A request for a neighbour ended with an ERROR; NULL: without an answer. */
void skad_dues_unpaid(skad_node *node, const skad_forward *forward, const skad_pending_rpc *rpc,
                      const skad_message *refusal);

#endif
