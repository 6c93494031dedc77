/* Address groups. All addresses that one hoster or one household can have at little cost count as
 * one group. An IPv4 group is a /24, an IPv6 group a /56.
 *
 * A group is counted where a peer is admitted or asked, never where it is merely named: otherwise a
 * liar could use up an honest subnet's share by naming invented contacts in it. */
#ifndef SKAD_ROUTING_DIVERSITY_H
#define SKAD_ROUTING_DIVERSITY_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

/* Returns a group as a number: the family in the top bits, the prefix below; 0 for an absent
 * address. */
uint64_t skad_address_group(const skad_address *address);

#endif
