#include "src/core/routing/diversity.h"

#include "proto/address.h"

#define IPV4_GROUP_BYTES (SKAD_GROUP_IPV4_BITS / 8)
#define IPV6_GROUP_BYTES (SKAD_GROUP_IPV6_BITS / 8)

static bool is_private(const skad_address *address)
{
    skad_address any_port = *address;
    any_port.port = 1;
    return !skad_address_routable(&any_port, false) && skad_address_routable(&any_port, true);
}

uint64_t skad_address_group(const skad_address *address)
{
    if (address->family == SKAD_FAMILY_NONE || is_private(address)) {
        return 0;
    }
    unsigned bytes = address->family == SKAD_FAMILY_IPV4 ? IPV4_GROUP_BYTES : IPV6_GROUP_BYTES;
    uint64_t group = address->family;
    for (unsigned i = 0; i < bytes; i++) {
        group = group << 8 | address->ip[i];
    }
    return group;
}

uint64_t skad_group_widest(uint64_t group)
{
    unsigned level = SKAD_GROUP_LEVELS - 1;
    while (skad_group_around(group, level) == 0 && level > 0) {
        level--;
    }
    return skad_group_around(group, level);
}

bool skad_group_tally_has_room(const skad_group_tally *tally, size_t max)
{
    if (max == 0 || tally->group == 0) {
        return true;
    }
    for (unsigned i = 0; i < SKAD_GROUP_LEVELS; i++) {
        unsigned factor = skad_group_factor(tally->group, i);
        if (factor != 0 && tally->same[i] >= max * factor) {
            return false;
        }
    }
    return true;
}
