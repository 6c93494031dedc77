/* Lookups, gets and puts that other nodes forward for us (proto/PROTOCOL.md, "Forwarding"). We ask
 * some of our contacts that are nearer to the target, the first hops; each of them asks on, and
 * none knows whether we ask for ourselves. What comes back proves itself
 * (src/core/forward/result.h).
 *
 *            +----------- another one instead: refused, false, absent ----------+
 *            v                                                                  |
 *   begin -> first hops asked -> a result -> as many as wanted: DONE            |
 *            ^      |                                                           |
 *            |      +-> slow: another one beside ---------- over ---------------+
 *            +--------------+
 *
 * It ends as DONE with as many results as are wanted, of different first hops; an immutable value
 * with the first. When SKAD_FIRST_HOPS_ABSENT chains say that there is no such record it is
 * believed. It ends as TIMED_OUT when SKAD_FIRST_HOPS_MAX were asked in vain, or all that there
 * are.
 *
 * Which contacts are asked first is drawn by lot among those that are nearer to the target, and so
 * are budget and time, so that they say little about who asks first (docs/core/forwarding.md).
 *
 * Its test is tests/node/test_forward.c. */
#ifndef SKAD_OPERATIONS_FORWARDING_H
#define SKAD_OPERATIONS_FORWARDING_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "skad/event.h"
#include "skad/node.h"
#include "src/core/operations/operation.h"
#include "src/core/rpc/pending.h"

#define SKAD_FORWARDING_US (15 * SKAD_US_PER_S) /* it ends by then */

/* Prepares an operation of kind FORWARD. `wanted` 0: as many results as suit the aim. Returns false
 * without memory. */
SKAD_MUST_CHECK bool skad_forwarding_prepare(skad_node *node, skad_operation *operation,
                                             const skad_forward *forward, unsigned wanted);

/* Whether no contact is nearer to a target than we are, so that we are the last of a chain. */
bool skad_forwarding_is_last(const skad_node *node, const skad_id *target);

/* Where we are the last, what we know ourselves is the list of nodes: none is asked, since only an
 * asker would. */
void skad_forwarding_look_here(skad_node *node, skad_operation *operation);

/* Asks as many first hops as it should, and ends it where there is none left. */
void skad_forwarding_drive(skad_node *node, skad_operation *operation);

void skad_forwarding_answered(skad_node *node, const skad_pending_rpc *rpc,
                              const skad_message *answer);
void skad_forwarding_slow(skad_node *node, const skad_pending_rpc *rpc);
void skad_forwarding_failed(skad_node *node, const skad_pending_rpc *rpc);

#endif
