#include "src/core/routing/diversity.h"

#define IPV4_GROUP_BYTES 3 /* /24 */
#define IPV6_GROUP_BYTES 7 /* /56 */

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
