/* Where around a key ground identities are to lie, as zones of distance from it. An attacker knows
 * the honest nodes near the key, since a crawl shows them, and demands no more than it needs: each
 * try costs the same, and a zone of a share p of the key space takes 1/p tries for each identity.
 *
 *   nearest          all within the distance of the first honest node
 *   spread           all over the region of the key, which holds about sixteen honest nodes
 *   under-threshold  as many as possible within a quarter of the usual radius of s nodes, so that
 *                    the s-th closest node of all still lies there, where the density check begins
 *                    to notice (core/routing/density.h); the others evenly up to the region's edge
 *
 * Distances are of the first 64 bits. */
#ifndef SKAD_SIM_WORLD_PLACEMENT_H
#define SKAD_SIM_WORLD_PLACEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "src/sim/scenario/scenario.h"

#define SKAD_SIM_ZONES_MAX 2

typedef struct skad_sim_zone {
    uint64_t from; /* distances from here ... */
    uint64_t to;   /* ... to here, exclusive */
    uint32_t count;
} skad_sim_zone;

typedef struct skad_sim_zones {
    skad_sim_zone all[SKAD_SIM_ZONES_MAX];
    size_t count;
} skad_sim_zones;

/* What the adversary knows of the honest nodes. */
typedef struct skad_sim_surroundings {
    const uint64_t *distances; /* of the nearest from the key, ascending, s of them or all */
    size_t count;
    uint64_t honest; /* in the network */
    uint64_t s;      /* siblings */
} skad_sim_surroundings;

/* The bits that the IDs of a region share with its key: so many that a network of this many nodes
 * has about sixteen there. */
unsigned skad_sim_region_bits(uint64_t honest);

/* The zones for so many identities, for one of the placements around the key of a capture. Bits: of
 * the region, 0: as above. */
skad_sim_zones skad_sim_place(skad_sim_placement placement, const skad_sim_surroundings *known,
                              unsigned bits, uint32_t identities);

/* The expected number of keys to be drawn until all zones are full. One draw may fall into either
 * zone, so the dearer one decides. */
double skad_sim_zones_draws(const skad_sim_zones *zones);

/* The zone that the n-th identity has to be in. */
const skad_sim_zone *skad_sim_zone_of(const skad_sim_zones *zones, uint32_t number);

#endif
