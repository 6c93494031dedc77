#include "src/sim/world/carriers.h"

#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/world/addresses.h"

typedef struct place {
    uint32_t carrier; /* number of the carrier, from 1; 0: none */
    uint32_t row;
} place;

typedef struct carrier {
    uint32_t nodes[SKAD_SIM_CARRIER_NODES];
    uint32_t count;
    bool hairpins;
} carrier;

struct skad_sim_carriers {
    place *places;     /* of each node */
    carrier *carriers; /* the first is number 1 */
    uint32_t count;
};

skad_sim_carriers *skad_sim_carriers_new(uint32_t nodes)
{
    skad_sim_carriers *carriers = skad_sim_alloc(1, sizeof *carriers);
    carriers->places = skad_sim_alloc(nodes, sizeof *carriers->places);
    carriers->carriers = skad_sim_alloc(nodes, sizeof *carriers->carriers);
    return carriers;
}

void skad_sim_carriers_free(skad_sim_carriers *carriers)
{
    if (carriers != NULL) {
        free(carriers->places);
        free(carriers->carriers);
        free(carriers);
    }
}

uint32_t skad_sim_carriers_add(skad_sim_carriers *carriers, uint32_t node, uint32_t members,
                               bool hairpins)
{
    if (carriers->count == 0 || carriers->carriers[carriers->count - 1].count >= members) {
        carriers->carriers[carriers->count++].hairpins = hairpins;
    }
    carrier *one = &carriers->carriers[carriers->count - 1];
    carriers->places[node] = (place){.carrier = carriers->count, .row = one->count};
    one->nodes[one->count] = node;
    return one->count++;
}

static const carrier *carrier_of(const skad_sim_carriers *carriers, uint32_t node)
{
    return carriers == NULL || carriers->places[node].carrier == 0
               ? NULL
               : &carriers->carriers[carriers->places[node].carrier - 1];
}

uint32_t skad_sim_carriers_lead(const skad_sim_carriers *carriers, uint32_t node)
{
    const carrier *one = carrier_of(carriers, node);
    return one == NULL ? node : one->nodes[0];
}

uint32_t skad_sim_carriers_row(const skad_sim_carriers *carriers, uint32_t node)
{
    return carrier_of(carriers, node) == NULL ? 0 : carriers->places[node].row;
}

uint32_t skad_sim_carriers_at(const skad_sim_carriers *carriers, uint32_t lead, uint16_t port)
{
    const carrier *one = carrier_of(carriers, lead);
    const uint32_t row = port >= SKAD_SIM_NAT_PORT
                             ? (uint32_t)(port - SKAD_SIM_NAT_PORT) / SKAD_SIM_NAT_PORTS
                         : port >= SKAD_SIM_PORT ? (uint32_t)(port - SKAD_SIM_PORT)
                                                 : SKAD_SIM_NOBODY;
    if (one == NULL) {
        return lead;
    }
    return lead == one->nodes[0] && row < one->count ? one->nodes[row] : SKAD_SIM_NOBODY;
}

bool skad_sim_carriers_refuse(const skad_sim_carriers *carriers, uint32_t from, uint32_t to)
{
    const carrier *one = from == SKAD_SIM_NOBODY ? NULL : carrier_of(carriers, from);
    return one != NULL && from != to && one == carrier_of(carriers, to) && !one->hairpins;
}
