/* Address groups. All addresses that one party can have at little cost count as one group, and the
 * prices rise in steps: an IPv4 /24 and /16; an IPv6 /56, /48 and /32. A household has a /56, a
 * tunnel broker gives away a /48, a small registry member has a /32. A limit holds at each level,
 * and grows from level to level.
 *
 *     level        0      1      2
 *     IPv4         /24    /16    -
 *     IPv6         /56    /48    /32
 *     limit        n      2 n    4 n      of IPv4: n, 4 n
 *
 * skad/group.h has the arithmetic of the levels, which stores share.
 *
 * Every quota of addresses counts with a tally of this file: the table, lookups, the ping queue,
 * the votes about our own address, the store.
 *
 * A group is counted where a peer is admitted or asked, never where it is merely named: otherwise a
 * liar could use up an honest subnet's share by naming invented contacts in it. */
#ifndef SKAD_ROUTING_DIVERSITY_H
#define SKAD_ROUTING_DIVERSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/group.h"
#include "skad/types.h"

/* Returns the group of level 0 as a number: the family in the top bits, the prefix below; 0 for an
 * absent address, and for all private ones. These are in no group, and nothing limits them: a
 * private network often is a single subnet, and a member of it can have any number of addresses
 * there. Where private addresses may not be contacted, none gets as far as to be counted. */
uint64_t skad_address_group(const skad_address *address);

/* Returns the widest group around one of level 0. */
uint64_t skad_group_widest(uint64_t group);

/* How many of those that were counted are in the same groups as one address. */
typedef struct skad_group_tally {
    uint64_t group; /* of level 0 */
    uint16_t same[SKAD_GROUP_LEVELS];
} skad_group_tally;

/* Begins to count for one group of level 0. */
static inline skad_group_tally skad_group_tally_of(uint64_t group)
{
    return (skad_group_tally){.group = group};
}

/* Counts another one, of level 0 too. The widest groups are looked at first: most differ there. */
static inline void skad_group_tally_add(skad_group_tally *tally, uint64_t other)
{
    const uint64_t differ = tally->group ^ other;
    for (unsigned i = SKAD_GROUP_LEVELS; i-- > 0 && differ >> skad_group_shorter(i) == 0;) {
        tally->same[i] = (uint16_t)(tally->same[i] + (skad_group_factor(tally->group, i) != 0));
    }
}

/* Whether one more fits, if `max` of a group of level 0 are allowed; 0: any number. */
bool skad_group_tally_has_room(const skad_group_tally *tally, size_t max);

#endif
