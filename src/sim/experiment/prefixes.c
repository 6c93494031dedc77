#include "src/sim/experiment/prefixes.h"

#include "src/core/routing/distance.h"
#include "src/sim/world/placement.h"

#define QUARTER_BITS 2

void skad_sim_prefixes_count(skad_sim_prefixes *prefixes, const skad_world *world)
{
    const unsigned usual = skad_sim_region_bits(world->honest) + QUARTER_BITS;
    const unsigned bits = usual < SKAD_SIM_PREFIX_BITS_MAX ? usual : SKAD_SIM_PREFIX_BITS_MAX;
    *prefixes = (skad_sim_prefixes){.bits = bits};
    for (uint32_t node = 0; node < world->count; node++) {
        if (skad_world_up(world, node)) {
            uint64_t first = skad_id_prefix(skad_world_id(world, node));
            size_t at = bits == 0 ? 0 : (size_t)(first >> (64 - bits));
            uint16_t *place = node < world->honest ? &prefixes->honest[at] : &prefixes->adverse[at];
            *place = (uint16_t)(*place + (*place < UINT16_MAX));
        }
    }
}
