/* The address of a node: it follows from its number, and the number from the address, so that
 * delivering a datagram needs no table. All nodes of a world have addresses of one family: IPv4, a
 * /24 each, except adversaries that share a given number of /24s, prefixes or addresses; or IPv6, a
 * /32 each, except adversaries that are all in one allocation. With addresses as on the internet
 * (internet.h) there is a table of them, and nodes may have an address of each family. Nodes behind
 * one carrier-grade NAT (carriers.h) share the address of one. */
#ifndef SKAD_SIM_WORLD_ADDRESSES_H
#define SKAD_SIM_WORLD_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_SIM_PORT   4700
#define SKAD_SIM_NOBODY UINT32_MAX

/* Outer ports: SKAD_SIM_PORT and the next ones for each node behind one carrier; of symmetric NATs
 * so many from SKAD_SIM_NAT_PORT on, and the next so many for each node behind one carrier. */
#define SKAD_SIM_NAT_PORT      20000
#define SKAD_SIM_NAT_PORTS     4096
#define SKAD_SIM_CARRIER_NODES 8

struct skad_sim_internet;
struct skad_sim_carriers;

typedef struct skad_sim_addresses {
    uint32_t nodes;
    uint32_t shared_from; /* nodes from here on share networks; equal to nodes: none does */
    uint32_t hosts;       /* addresses in each of these subnets */
    bool neighbours;      /* nodes from shared_from on have the addresses of those before, and ports
                             of their own */
    uint32_t subnets;     /* number of shared /24s; 0 if no node shares one */
    bool ipv6;
    unsigned allocation;  /* length of the prefix of the nodes from shared_from on; 0: none. IPv6,
                             16..56: each has a /64, spread over the widest subnets first. IPv4,
                             9..24: one after the other in the next of its /24s */
    uint32_t allocations; /* how many such prefixes, in a /32 or, where they fit, a /16 each; 0: one
                           */
    uint32_t crowd;       /* IPv4 addresses of all of them, with ports; 0: as many as there are */
    struct skad_sim_internet *internet; /* of the nodes before shared_from; NULL: as computed */
    struct skad_sim_carriers *carriers; /* of nodes with networks of their own; NULL: none */
} skad_sim_addresses;

#pragma GCC visibility push(default) /* adversaries that are shared objects call these */

skad_address skad_sim_address_of(const skad_sim_addresses *addresses, uint32_t node);

/* The address from which a node sends to one of a family: its own of that family, if it has one. */
skad_address skad_sim_address_facing(const skad_sim_addresses *addresses, uint32_t node,
                                     skad_family family);
/* The families of its addresses, and one at which two nodes may know each other: IPv6 for half of
 * the pairs that both have it. */
uint8_t skad_sim_families_of(const skad_sim_addresses *addresses, uint32_t node);
skad_address skad_sim_address_between(const skad_sim_addresses *addresses, uint32_t from,
                                      uint32_t to);

/* The node that is at an address, whatever its port, or SKAD_SIM_NOBODY. */
uint32_t skad_sim_node_at(const skad_sim_addresses *addresses, const skad_address *address);

/* Address number `number` of those without a node; 256 in a row share a /24 or a /64. */
skad_address skad_sim_address_unroutable(const skad_sim_addresses *addresses, uint32_t number);

/* A contact with one address, and the address of such a contact. */
skad_contact skad_sim_contact(const skad_id *id, const skad_address *address);
const skad_address *skad_sim_contact_address(const skad_contact *contact);

#pragma GCC visibility pop

#endif
