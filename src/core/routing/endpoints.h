/* A peer's verified endpoints, at most one of each family. Most peers have IPv4 only. It stands in
 * the peer itself, while IPv6 stands in the cold fields (peers.h). */
#ifndef SKAD_ROUTING_ENDPOINTS_H
#define SKAD_ROUTING_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"
#include "src/core/routing/peers.h"

#define SKAD_ENDPOINTS 2 /* 0: IPv4, 1: IPv6 */

size_t skad_endpoint_index(const skad_address *address);

/* Returns a verified endpoint; family NONE where there is none. */
skad_address skad_endpoint_address(const skad_peers *peers, skad_peer_slot slot, size_t endpoint);

/* Whether exactly this address is verified. */
bool skad_endpoint_is(const skad_peers *peers, skad_peer_slot slot, const skad_address *address);

/* Whether an endpoint is outside of all groups around one of its family, or there is none: its
 * first bits tell, without its group. A group of level 0, not 0. */
bool skad_endpoint_apart(const skad_peers *peers, skad_peer_slot slot, size_t endpoint,
                         uint64_t group);

/* Returns the address group (diversity.h) of an endpoint; 0 where there is none. */
uint64_t skad_endpoint_group(const skad_peers *peers, skad_peer_slot slot, size_t endpoint);

/* Chooses the endpoint to use, given the families that we can send on: the one with fewer failures,
 * and of equals IPv4. Returns false if there is none. */
bool skad_endpoint_choose(const skad_peers *peers, skad_peer_slot slot, unsigned families,
                          skad_address *out);

/* Makes this address the verified one of its family, without failures or token. Returns false
 * without memory. */
bool skad_endpoint_set(skad_peers *peers, skad_peer_slot slot, const skad_address *address);
/* Whether strangers have to be introduced at an endpoint, as the peer says there. Does nothing
 * where it is not the verified one. A new endpoint is not guarded. */
void skad_endpoint_guard(skad_peers *peers, skad_peer_slot slot, const skad_address *address,
                         bool guarded);
void skad_endpoint_clear(skad_peers *peers, skad_peer_slot slot, size_t endpoint);

/* Returns how many requests to an endpoint in a row were unanswered. */
uint8_t skad_endpoint_failures(const skad_peers *peers, skad_peer_slot slot, size_t endpoint);
void skad_endpoint_failed(skad_peers *peers, skad_peer_slot slot, size_t endpoint);
void skad_endpoint_answered(skad_peers *peers, skad_peer_slot slot, size_t endpoint);

/* The token that the peer granted us for an endpoint. It is kept if that endpoint is the verified
 * one, and returned while it is fresh. */
void skad_endpoint_keep_token(skad_peers *peers, skad_peer_slot slot, const skad_address *address,
                              const uint8_t token[static SKAD_TOKEN_BYTES], uint64_t now_us);
/* Ceases to show the token, which did not help; its print (peer_tokens.h). */
void skad_endpoint_distrust_token(skad_peers *peers, skad_peer_slot slot,
                                  const skad_address *address, uint64_t now_us);
uint32_t skad_endpoint_token_print(const skad_peers *peers, skad_peer_slot slot,
                                   const skad_address *address);
const uint8_t *skad_endpoint_token(const skad_peers *peers, skad_peer_slot slot, size_t endpoint,
                                   uint64_t now_us);

#endif
