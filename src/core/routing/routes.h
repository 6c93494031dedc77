/* A peer's verified endpoints, at most one of each family. Most peers have IPv4 only, which stands
 * in the peer itself; IPv6 stands in its annex (peers.h). */
#ifndef SKAD_ROUTING_ROUTES_H
#define SKAD_ROUTING_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"
#include "src/core/routing/peers.h"

#define SKAD_ROUTES 2 /* 0: IPv4, 1: IPv6 */

size_t skad_route_index(const skad_address *address);

/* A verified endpoint; family NONE where there is none. */
skad_address skad_route_address(const skad_peers *peers, skad_peer_slot slot, size_t route);

/* Whether this very address is verified. */
bool skad_route_is(const skad_peers *peers, skad_peer_slot slot, const skad_address *address);

/* The address group (diversity.h) of a route; 0 where there is none. */
uint64_t skad_route_group(const skad_peers *peers, skad_peer_slot slot, size_t route);

/* The route to use given the families that we can send on: the one with fewer failures, IPv4 before
 * IPv6. False if there is none. */
bool skad_route_choose(const skad_peers *peers, skad_peer_slot slot, unsigned families,
                       skad_address *out);

/* Makes this address the verified one of its family, without failures or token. False without
 * memory. */
bool skad_route_set(skad_peers *peers, skad_peer_slot slot, const skad_address *address);
void skad_route_clear(skad_peers *peers, skad_peer_slot slot, size_t route);

/* Unanswered requests to a route in a row. */
uint8_t skad_route_failures(const skad_peers *peers, skad_peer_slot slot, size_t route);
void skad_route_failed(skad_peers *peers, skad_peer_slot slot, size_t route);
void skad_route_answered(skad_peers *peers, skad_peer_slot slot, size_t route);

/* What the peer granted us for an endpoint: kept if that is the verified one; given while it is
 * fresh. */
void skad_route_keep_token(skad_peers *peers, skad_peer_slot slot, const skad_address *address,
                           const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us);
const uint8_t *skad_route_token(const skad_peers *peers, skad_peer_slot slot, size_t route,
                                uint64_t now_us);

#endif
