/* Address groups at their widths: which wider groups lie around one, and how much more each of them
 * is allowed. src/core/routing/diversity.h makes a group of an address and tells why there are
 * levels.
 *
 *     level        0      1      2
 *     IPv4         /24    /16    -
 *     IPv6         /56    /48    /32
 *     factor       1      2      4      of IPv4: 1, 4
 *
 * The arithmetic is a public header because a store counts by groups as well (skad/store.h), and a
 * database includes no header of the core. */
#ifndef SKAD_GROUP_H
#define SKAD_GROUP_H

#include <stdint.h>

#include "skad/compiler.h"
#include "skad/types.h"

SKAD_BEGIN

#define SKAD_GROUP_LEVELS 3

/* Bits of a prefix of level 0; the family stands above them. */
#define SKAD_GROUP_IPV4_BITS 24
#define SKAD_GROUP_IPV6_BITS 56

/* Returns how many times as many of a group of this level are allowed as of one of level 0; 0 if
 * the family of a group of level 0 has no such level. */
static inline unsigned skad_group_factor(uint64_t group, unsigned level)
{
    static const uint8_t ipv4[SKAD_GROUP_LEVELS] = {1, 4, 0};
    static const uint8_t ipv6[SKAD_GROUP_LEVELS] = {1, 2, 4};
    return group >> SKAD_GROUP_IPV6_BITS == SKAD_FAMILY_IPV6 ? ipv6[level] : ipv4[level];
}

/* Returns by how many bits a prefix of this level is shorter than one of level 0. */
static inline unsigned skad_group_shorter(unsigned level)
{
    static const uint8_t bits[SKAD_GROUP_LEVELS] = {0, 8, 24};
    return bits[level];
}

/* Returns the group of a level, 0..SKAD_GROUP_LEVELS - 1, around one of level 0; 0 if its family
 * has no such level. Groups of different levels have different numbers. */
static inline uint64_t skad_group_around(uint64_t group, unsigned level)
{
    return skad_group_factor(group, level) == 0 ? 0 : group >> skad_group_shorter(level);
}

/* Fills in a group of level 0, 0 included, and the wider ones around it; returns how many. */
static inline unsigned skad_groups_of(uint64_t group, uint64_t out[SKAD_GROUP_LEVELS])
{
    unsigned count = 0;
    out[count++] = group;
    for (unsigned level = 1; level < SKAD_GROUP_LEVELS; level++) {
        if (skad_group_around(group, level) != 0) {
            out[count++] = skad_group_around(group, level);
        }
    }
    return count;
}

SKAD_END

#endif
