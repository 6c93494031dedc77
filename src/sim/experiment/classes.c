#include "src/sim/experiment/classes.h"

#include <stdlib.h>

#include "src/sim/base/memory.h"

#define ROWS_MAX 4096 /* of a table */

void skad_sim_classes_begin(skad_sim_classes *classes, const skad_world *world)
{
    free(classes->births);
    classes->births = skad_sim_alloc(world->count, sizeof *classes->births);
    for (uint32_t node = 0; node < world->count; node++) {
        classes->births[node] = skad_world_up(world, node) ? world->nodes[node].births : 0;
    }
}

void skad_sim_classes_free(skad_sim_classes *classes)
{
    free(classes->births);
    classes->births = NULL;
}

skad_sim_class skad_sim_class_of(const skad_sim_classes *classes, const skad_world *world,
                                 uint32_t node)
{
    if (node >= world->honest) {
        return SKAD_SIM_ADVERSARIES;
    }
    const bool same = classes->births == NULL || classes->births[node] == world->nodes[node].births;
    return same ? SKAD_SIM_RESIDENTS : SKAD_SIM_NEWCOMERS;
}

void skad_sim_classes_places(const skad_sim_classes *classes, const skad_world *world,
                             skad_sim_class_tally out[static SKAD_SIM_NODE_CLASSES])
{
    skad_table_row *rows = skad_sim_alloc(ROWS_MAX, sizeof *rows);
    for (int i = 0; i < SKAD_SIM_NODE_CLASSES; i++) {
        out[i].places = 0;
    }
    for (uint32_t node = 0; node < world->honest; node++) {
        if (!skad_world_up(world, node)) {
            continue;
        }
        const size_t count =
            skad_node_table(world->nodes[node].node, skad_world_time(world, node), rows, ROWS_MAX);
        for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
            uint32_t peer =
                skad_sim_node_at(&world->addresses, skad_sim_contact_address(&rows[i].contact));
            if (peer < world->count) {
                out[skad_sim_class_of(classes, world, peer)].places++;
            }
        }
    }
    free(rows);
}
