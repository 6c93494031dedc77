/* The address of a node: its IPv4 address follows from its number, and the number from the address,
 * so that delivering a datagram needs no table. Each node has a /24 of its own, except adversaries
 * that share a given number of /24s. */
#ifndef SKAD_SIM_WORLD_ADDRESSES_H
#define SKAD_SIM_WORLD_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"

#define SKAD_SIM_PORT   4700
#define SKAD_SIM_NOBODY UINT32_MAX

typedef struct skad_sim_addresses {
    uint32_t nodes;
    uint32_t shared_from; /* nodes from here on share subnets; equal to nodes: none does */
    uint32_t hosts;       /* addresses in each of these subnets */
    bool neighbours;      /* nodes from shared_from on have the addresses of those before, and ports
                             of their own */
    uint32_t subnets;     /* number of shared subnets; 0 if no node shares one */
} skad_sim_addresses;

skad_address skad_sim_address_of(const skad_sim_addresses *addresses, uint32_t node);

/* The node that is at an address, whatever its port, or SKAD_SIM_NOBODY. */
uint32_t skad_sim_node_at(const skad_sim_addresses *addresses, const skad_address *address);

/* Address number `number` of those without a node. */
skad_address skad_sim_address_unroutable(uint32_t number);

#endif
