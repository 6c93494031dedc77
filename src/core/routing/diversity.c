#include "src/core/routing/diversity.h"

#define IPV4_GROUP_BYTES 3 /* /24 */
#define IPV6_GROUP_BYTES 7 /* /56 */
#define IPV6_BITS        (8 * IPV6_GROUP_BYTES)

/* A level of a family: by how many bits its prefix is shorter than that of level 0, and how many
 * times as many it allows. */
typedef struct group_level {
    uint8_t shorter;
    uint8_t factor; /* 0: the family has no such level */
} group_level;

static const group_level IPV4_LEVELS[SKAD_GROUP_LEVELS] = {{0, 1}, {8, 4}, {0, 0}};
static const group_level IPV6_LEVELS[SKAD_GROUP_LEVELS] = {{0, 1}, {8, 2}, {24, 4}};

static const group_level *levels_of(uint64_t group)
{
    return group >> IPV6_BITS == SKAD_FAMILY_IPV6 ? IPV6_LEVELS : IPV4_LEVELS;
}

uint64_t skad_address_group(const skad_address *address)
{
    if (address->family == SKAD_FAMILY_NONE) {
        return 0;
    }
    unsigned bytes = address->family == SKAD_FAMILY_IPV4 ? IPV4_GROUP_BYTES : IPV6_GROUP_BYTES;
    uint64_t group = address->family;
    for (unsigned i = 0; i < bytes; i++) {
        group = group << 8 | address->ip[i];
    }
    return group;
}

uint64_t skad_group_around(uint64_t group, unsigned level)
{
    return levels_of(group)[level].factor == 0 ? 0 : group >> levels_of(group)[level].shorter;
}

uint64_t skad_group_widest(uint64_t group)
{
    unsigned level = SKAD_GROUP_LEVELS - 1;
    while (skad_group_around(group, level) == 0 && level > 0) {
        level--;
    }
    return skad_group_around(group, level);
}

unsigned skad_group_factor(uint64_t group, unsigned level)
{
    return levels_of(group)[level].factor;
}

void skad_group_tally_add(skad_group_tally *tally, uint64_t other)
{
    const group_level *levels = levels_of(tally->group);
    uint64_t differ = tally->group ^ other;
    for (unsigned i = 0; i < SKAD_GROUP_LEVELS; i++) {
        tally->same[i] = (uint16_t)(tally->same[i] +
                                    (levels[i].factor != 0 && differ >> levels[i].shorter == 0));
    }
}

bool skad_group_tally_has_room(const skad_group_tally *tally, size_t max)
{
    if (max == 0) {
        return true;
    }
    const group_level *levels = levels_of(tally->group);
    for (unsigned i = 0; i < SKAD_GROUP_LEVELS; i++) {
        if (levels[i].factor != 0 && tally->same[i] >= max * levels[i].factor) {
            return false;
        }
    }
    return true;
}
