/* Counting by exact proximity order: the last bucket has peers of several. */
#include "src/daemon/control/topology.h"

#include "crypto/assert.h"

bool skad_topology_in_use(const skad_table_row *row)
{
    return row->sibling || !row->replacement;
}

size_t skad_topology_enough(size_t k)
{
    return k < 4 ? 1 : k / 4;
}

/* Returns the first order, at most `bits`, that has fewer than enough connected peers. */
static unsigned first_gap(const size_t connected[static SKAD_TOPOLOGY_ORDERS], size_t enough,
                          unsigned bits)
{
    unsigned order = 0;
    while (order < bits && connected[order] >= enough) {
        order++;
    }
    return order;
}

/* Returns the last order that enough neighbours share or exceed; 0 if there are not so many. */
static unsigned neighbourhood(const size_t connected[static SKAD_TOPOLOGY_ORDERS])
{
    size_t neighbours = 0;
    unsigned order = SKAD_TOPOLOGY_ORDERS;
    while (order > 0 && neighbours < SKAD_TOPOLOGY_NEIGHBOURS) {
        order--;
        neighbours += connected[order];
    }
    return order;
}

void skad_topology_take(const skad_table_row *rows, size_t rows_count, size_t k,
                        unsigned region_bits, skad_topology *out)
{
    size_t connected[SKAD_TOPOLOGY_ORDERS] = {0};

    SKAD_ASSERT(region_bits < SKAD_TOPOLOGY_ORDERS);
    *out = (skad_topology){0};
    for (size_t i = 0; i < rows_count; i++) {
        SKAD_ASSERT(rows[i].order < SKAD_TOPOLOGY_ORDERS);
        const bool in_use = skad_topology_in_use(&rows[i]);
        const bool answers = in_use && rows[i].failures == 0;
        out->population += in_use;
        out->connected += answers;
        connected[rows[i].order] += answers;
    }
    const unsigned gap = first_gap(connected, skad_topology_enough(k), region_bits);
    const unsigned near = neighbourhood(connected);
    out->connected_depth = gap < near ? gap : near;
}
