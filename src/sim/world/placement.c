#include "src/sim/world/placement.h"

#include <math.h>

#include "crypto/assert.h"
#include "src/core/routing/density.h"

/* In one network of 32 the first honest node is still nearer than this part of its mean distance.
 * To get between it and the key would take tries without end; it stays the nearest. */
#define NEAREST_FLOOR 32

unsigned skad_sim_region_bits(uint64_t honest)
{
    double bits = round(log2((double)honest / SKAD_SIM_REGION_NODES));
    return bits < 1 ? 1 : (unsigned)bits;
}

/* The mean distance between honest nodes. */
static double mean_of(const skad_sim_surroundings *known)
{
    return 0x1p64 / (double)known->honest;
}

static uint64_t nearest_edge(const skad_sim_surroundings *known)
{
    uint64_t floor = (uint64_t)(mean_of(known) / NEAREST_FLOOR);
    return known->distances[0] > floor ? known->distances[0] : floor;
}

/* How many identities fit below the threshold beside the honest nodes there: the s-th closest of
 * all is to be the first beyond. */
static uint32_t room_below(const skad_sim_surroundings *known, uint64_t threshold)
{
    uint64_t room = known->s - 1;
    for (size_t i = 0; i < known->count && known->distances[i] < threshold && room > 0; i++) {
        room--;
    }
    return (uint32_t)room;
}

static void add_zone(skad_sim_zones *zones, uint64_t from, uint64_t to, uint32_t count)
{
    if (count > 0) {
        zones->all[zones->count++] = (skad_sim_zone){from, to, count};
    }
}

skad_sim_zones skad_sim_place(skad_sim_placement placement, const skad_sim_surroundings *known,
                              unsigned bits, uint32_t identities)
{
    skad_sim_zones zones = {0};
    bits = bits == 0 ? skad_sim_region_bits(known->honest) : bits;
    const uint64_t edge = UINT64_C(1) << (64 - bits);
    SKAD_ASSERT(known->count > 0 && bits >= 1 && bits < 64);
    switch (placement) {
    case SKAD_SIM_NEAREST:
        add_zone(&zones, 0, nearest_edge(known), identities);
        break;
    case SKAD_SIM_SPREAD:
        add_zone(&zones, 0, edge, identities);
        break;
    case SKAD_SIM_UNDER_THRESHOLD: {
        double usual = (double)known->s * mean_of(known);
        uint64_t threshold = (uint64_t)(usual / SKAD_DENSITY_FACTOR);
        uint32_t room = room_below(known, threshold);
        uint32_t below = identities < room ? identities : room;
        add_zone(&zones, 0, threshold, below);
        add_zone(&zones, threshold, edge > threshold ? edge : 2 * threshold, identities - below);
        break;
    }
    case SKAD_SIM_ANYWHERE:
    case SKAD_SIM_NEAR_KEY:
    case SKAD_SIM_BOTH_ENDS:
        break;
    }
    return zones;
}

double skad_sim_zones_draws(const skad_sim_zones *zones)
{
    double most = 0;
    for (size_t i = 0; i < zones->count; i++) {
        const skad_sim_zone *zone = &zones->all[i];
        most = fmax(most, (double)zone->count * 0x1p64 / (double)(zone->to - zone->from));
    }
    return most;
}

const skad_sim_zone *skad_sim_zone_of(const skad_sim_zones *zones, uint32_t number)
{
    size_t i = 0;
    while (i + 1 < zones->count && number >= zones->all[i].count) {
        number -= zones->all[i].count;
        i++;
    }
    return &zones->all[i];
}
