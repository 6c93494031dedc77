/* What a node answers to a FORWARD by itself: a record that it holds, or its own signed word
 * (proto/statement.h). Its test is tests/core/relay/test_relay.c. */
#ifndef SKAD_RELAY_LAST_WORD_H
#define SKAD_RELAY_LAST_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/rpc/late_answer.h"

/* Answers with a result: a record or a statement, the other empty. */
void skad_last_word_give(skad_node *node, const skad_late_answer *to, skad_span record,
                         skad_span statement);

/* Answers with the record that was asked for, if we hold it. */
bool skad_last_word_held(skad_node *node, const skad_late_answer *to, const skad_forward *forward);

/* Answers with our own word: for NODES the contacts that we know nearest to the target and
 * ourselves; for a record that there is none; for STORE how many hold it. */
void skad_last_word_state(skad_node *node, const skad_late_answer *to, const skad_forward *forward,
                          uint8_t holders);

#endif
