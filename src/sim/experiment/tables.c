#include "src/sim/experiment/tables.h"

#include <stdlib.h>

#include "src/core/routing/distance.h"
#include "src/sim/base/memory.h"

#define ROWS_MAX 4096

/* Peers that answer no more do not count. */
#define FAILURES_MAX 2

/* SKAD_SIM_NOBODY where there is none. */
static uint32_t victim_of(const skad_world *world)
{
    const skad_sim_scenario *scenario = &world->scenario;
    const bool none = scenario->aim == SKAD_SIM_AT_KEY && scenario->asker == SKAD_SIM_ALL_ASK;
    return none ? SKAD_SIM_NOBODY : (uint32_t)scenario->victim;
}

static void count_victim(skad_sim_victim *out, uint32_t node, const skad_world *world,
                         const skad_table_row *row, bool hostile)
{
    const uint32_t victim = victim_of(world);
    if (node == victim) {
        out->peers++;
        out->hostile += hostile;
    } else if (victim != SKAD_SIM_NOBODY) {
        out->known_to += skad_id_equal(&row->contact.id, skad_world_id(world, victim));
    }
}

static void count_table(const skad_world *world, uint32_t node, skad_table_row *rows,
                        skad_sim_outcome *out)
{
    size_t count =
        skad_node_table(world->nodes[node].node, skad_world_time(world, node), rows, ROWS_MAX);
    for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
        const uint32_t peer =
            skad_sim_node_at(&world->addresses, skad_sim_contact_address(&rows[i].contact));
        if (rows[i].replacement || rows[i].failures >= FAILURES_MAX) {
            continue;
        }
        const bool hostile = peer >= world->honest && peer < world->count;
        count_victim(&out->victim, node, world, &rows[i], hostile);
        if (node != victim_of(world)) {
            out->places.all++;
            out->places.hostile += hostile;
        }
    }
}

void skad_sim_tables_count(const skad_world *world, skad_sim_outcome *out)
{
    const skad_sim_scenario *scenario = &world->scenario;
    out->victim = (skad_sim_victim){0};
    out->places = (skad_sim_places){0};
    if (world->leagues == NULL || (victim_of(world) == SKAD_SIM_NOBODY &&
                                   scenario->arrival_per_s <= 0 && scenario->leave_at_s <= 0)) {
        return;
    }
    skad_table_row *rows = skad_sim_alloc(ROWS_MAX, sizeof *rows);
    for (uint32_t node = 0; node < world->honest; node++) {
        if (skad_world_up(world, node)) {
            count_table(world, node, rows, out);
        }
    }
    free(rows);
}
