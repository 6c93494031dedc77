#include "src/core/routing/density.h"

#include <math.h>

#include "src/core/routing/distance.h"

uint64_t skad_density_radius(const skad_table *table, size_t s)
{
    if (s == 0 || table->siblings_count < s) {
        return 0;
    }
    const skad_peer *peer = &table->peers.peers[table->siblings[s - 1]];
    uint64_t radius = skad_id_prefix(&peer->id) ^ skad_id_prefix(&table->self);
    return radius == 0 ? 1 : radius;
}

/* Returns the radius of s nodes around us that stands for our place among the others. */
static uint64_t own_place(const skad_table *table, size_t s)
{
    const size_t wide = SKAD_DENSITY_CIRCLES * s;
    return table->siblings_count < wide ? skad_density_radius(table, s)
                                        : skad_density_radius(table, wide) / SKAD_DENSITY_CIRCLES;
}

uint64_t skad_density_usual(const skad_table *table, size_t s)
{
    const uint64_t own = skad_density_radius(table, s);
    const uint64_t median = skad_places_median(&table->places, own_place(table, s));
    const uint64_t least = median / 2;
    return own > median ? median : own < least ? least : own;
}

uint64_t skad_density_median(const skad_table *table, size_t s)
{
    return skad_places_median(&table->places, own_place(table, s));
}

bool skad_density_disputed(const skad_table *table, size_t s)
{
    const uint64_t own = own_place(table, s);
    const uint64_t median = skad_places_median(&table->places, own);
    return own != 0 && (own < median / 2 || own / 2 > median);
}

uint64_t skad_density_network_size(uint64_t radius, size_t s)
{
    if (radius == 0) {
        return 0;
    }
    double share = (double)radius * 0x1p-64; /* of the key space within the radius */
    double size = (double)(s - 1) / share;
    return size < 0x1p62 ? (uint64_t)size : UINT64_C(1) << 62;
}

bool skad_density_crowded(uint64_t radius, uint64_t distance)
{
    return radius != 0 && distance < radius / 5 * 2;
}

unsigned skad_density_region_bits(uint64_t radius)
{
    if (radius == 0) {
        return 0;
    }
    const unsigned bits = (unsigned)__builtin_clzll(radius);
    /* The region of that many bits is between one and two radii wide. Half of it is closer in size
     * from 1.41 on, where the radius is less than 0.71 of it. */
    const double width = bits == 0 ? 0x1p64 : (double)(UINT64_C(1) << (64 - bits));
    const unsigned closest = (double)radius < width * M_SQRT1_2 ? bits + 1 : bits;
    return closest < SKAD_REGION_BITS_MAX ? closest : SKAD_REGION_BITS_MAX;
}

bool skad_density_suspicious(uint64_t radius, uint64_t distance)
{
    return radius != 0 && distance < radius / SKAD_DENSITY_FACTOR;
}
