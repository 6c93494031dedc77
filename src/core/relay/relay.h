/* Forwards lookups for neighbours (proto/PROTOCOL.md, "Forwarding").
 *
 *              +-- we have it: FORWARDED at once
 *              |
 *   FORWARD ---+-- a contact is nearer to the target: FORWARD to it; when its time is over, or its
 *              |   answer proves nothing, to the next one, SKAD_RELAY_TRIES_MAX at most; the first
 *              |   answer that proves something is handed back
 *              |
 *              `-- none is nearer: we are the last. Nodes: our signed list. A record: the nodes
 *                  beside us are asked whether they have it. To store one: a put of our own, and
 * our signed word how many hold it
 *
 * Each FORWARD ends with one answer before its time is over. It is refused
 *
 * - as a loop where the requester is nearer to the target than we are, unless it asks for what we
 *   have ourselves (a budget of 0);
 * - for a quota where the neighbour owes us too much (balance.h);
 * - as busy where there is no room;
 * - as late where its time is too short to ask on, and we have no answer ourselves.
 *
 * An immutable value that passes by is kept as a copy that the node is not responsible for, like
 * those that gets leave (store_admission.h). A mutable record is not, since a copy may be of an old
 * edition, and only a node with no nearer contact answers with one of its own. */
#ifndef SKAD_RELAY_RELAY_H
#define SKAD_RELAY_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"
#include "src/core/relay/relays.h"
#include "src/core/rpc/pending.h"

/* Serves a FORWARD of a neighbour whose address and identity are proven: answers it now or later.
 * Otherwise returns the code with which it is to be refused. */
SKAD_MUST_CHECK skad_error_code skad_relay_serve(skad_node *node, const skad_forward *forward,
                                                 const skad_late_answer *to);

/* A node that was asked has answered; has been silent for so long that another one is asked beside;
 * will not answer any more. */
void skad_relay_answered(skad_node *node, const skad_pending_rpc *rpc, const skad_message *message);
void skad_relay_slow(skad_node *node, const skad_pending_rpc *rpc);
void skad_relay_failed(skad_node *node, const skad_pending_rpc *rpc);

/* Looks for puts that have ended. */
void skad_relay_advance(skad_node *node);

/* Answers those whose time is over. */
void skad_relay_tick(skad_node *node);
uint64_t skad_relay_deadline(const skad_node *node);

#endif
