/* Where a FORWARD goes next, and how much of it is handed on.
 *
 * It goes to contacts that are nearer to the target than the node that sends it: so among honest
 * nodes it cannot come back, and each hop gains at least as many bits of proximity order as its
 * table has. A node that gets one from a sender nearer than itself refuses it as a loop.
 *
 * The budget is the number of requests that may follow from one, in all: each hop has what it was
 * given, less one for each that it sends, and hands on between three quarters and seven eighths of
 * the rest. So whatever liars do, one request of an asker brings no more than its budget of others.
 * The time is divided by hops as well: each hop keeps back what its own answer takes. Both are
 * blurred by lot, since a neighbour reads them: a number that was known for each hop would tell it
 * how far the asker is.
 *
 * Its test is tests/core/relay/test_relay.c. */
#ifndef SKAD_FORWARD_ROUTE_H
#define SKAD_FORWARD_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "src/core/routing/peers.h"

#define SKAD_ROUTE_MAX         16  /* contacts to choose from */
#define SKAD_ROUTE_LIFE_MS_MIN 100 /* less time is not handed on */
#define SKAD_ROUTE_KEPT_MS_MIN 50  /* that a hop keeps back, and at most: */
#define SKAD_ROUTE_KEPT_MS_MAX 400

/* Whether a node that asks us goes forward by it: we are nearer to the target than it is. */
bool skad_route_forward(const skad_node *node, const skad_id *target, const skad_id *requester);

/* Finds the contacts that are nearer to the target than we are, nearest first, those in doubt last
 * (balance.h). `except` may be NULL. */
size_t skad_route_nearer(const skad_node *node, const skad_id *target, const skad_id *except,
                         skad_peer_slot out[static SKAD_ROUTE_MAX]);

/* Draws one of the contacts that are nearer to the target than we are; SKAD_PEER_NONE: there is
 * none. They are of the target's bucket and of the next three. Those beyond are our neighbourhood,
 * which identities around our ID could fill; the target's bucket alone, identities around the
 * target. */
skad_peer_slot skad_route_any(skad_node *node, const skad_id *target);

/* The contacts nearest to the target that are not nearer than we are: of our neighbourhood, where
 * we are the nearest ourselves. */
size_t skad_route_beside(const skad_node *node, const skad_id *target, const skad_id *except,
                         skad_peer_slot out[static SKAD_ROUTE_MAX]);

/* Draws what the next request may cost beside itself, of a budget of at least 1: 0 to budget - 1.
 */
uint8_t skad_route_share(skad_node *node, uint8_t budget);

/* Returns how long a node that we ask may take for its answer, given how long we have; 0: there is
 * no time to ask. */
uint16_t skad_route_life_ms(skad_node *node, uint64_t left_us);

/* Returns after how long without an answer another node is asked beside: some round trips, one for
 * each hop that may be left to the target. */
uint32_t skad_route_patience_us(const skad_node *node, const skad_id *target,
                                const skad_address *address, uint16_t life_ms);

#endif
