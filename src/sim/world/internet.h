/* Addresses as nodes have them on the internet, in place of a network for each: many nodes in the
 * networks of few operators, some with an IPv6 address beside their IPv4 one.
 *
 * The model. Of the addresses of a large public DHT, the ten largest autonomous systems had 64.9 %,
 * the hundred largest 90.6 %, of some 2,700 (Trautwein et al., SIGCOMM 2022, section 5). A system
 * of rank r gets a node with a probability in proportion to (r + 1.4)^-1.56, which gives 65.0 and
 * 90.7 %. What it may give out grows with its share: its largest had 19 % of the nodes, some 110
 * million IPv4 addresses, which are 1,700 /16s, and an IPv6 /20, which is 4,096 /32s. A node is
 * anywhere in there: no two share an IPv4 address, or an IPv6 /64. About 45 % of users had IPv6 in
 * 2025 (the share in which one large web site is reached over it); none has IPv6 alone.
 *
 * That there are some 2,700 systems is in the paper's abstract; the two shares, and that of IPv6,
 * could not be read again at their source: take them for assumptions. They decide little. Among
 * 3,000 nodes with the limits of the public profile, of which a fifth collude, 99.85 % of lookups
 * find the nearest node, with 164.6 peers each, whether addresses are apart, or as here, or the ten
 * largest have 40 % in place of 65 %; only requests differ: 31.3 a lookup with no IPv6, 34.9 with
 * 45 %, 44.8 with 90 %. */
#ifndef SKAD_SIM_WORLD_INTERNET_H
#define SKAD_SIM_WORLD_INTERNET_H

#include <stdint.h>

#include "skad/types.h"

typedef struct skad_sim_internet skad_sim_internet;

/* Draws the addresses of so many nodes. Node 0 has both kinds if any node has. */
skad_sim_internet *skad_sim_internet_new(uint64_t seed, uint32_t nodes, double ipv6_share);
void skad_sim_internet_free(skad_sim_internet *internet);

/* The address of a node in a family: that of IPv4 where it has no other. */
skad_address skad_sim_internet_of(const skad_sim_internet *internet, uint32_t node,
                                  skad_family family);

/* The node at an address, whatever its port; UINT32_MAX: none. */
uint32_t skad_sim_internet_at(const skad_sim_internet *internet, const skad_address *address);

#endif
