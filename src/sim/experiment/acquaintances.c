#include "src/sim/experiment/acquaintances.h"

#include <stdlib.h>

#include "src/core/node/readers.h"
#include "src/sim/base/memory.h"

#define ROWS_MAX          4096
#define ROUND_TRIP_MS_MAX 1000 /* well below the shortest timeout of a new peer */
#define FAILURES_MAX      2    /* unanswered requests in a row: the peer counts as unresponsive */

static bool is_quiet(const skad_sim_scenario *scenario)
{
    double one_way_ms =
        scenario->latency == SKAD_SIM_CONSTANT ? scenario->latency_ms : scenario->latency_max_ms;
    return scenario->loss <= 0 && scenario->corrupt <= 0 && scenario->reorder <= 0 &&
           scenario->bandwidth_kbps <= 0 && scenario->partition_for_s <= 0 &&
           scenario->link_share <= 0 && scenario->crash_share <= 0 &&
           scenario->churn == SKAD_SIM_NO_CHURN && skad_sim_scenario_nats(scenario) <= 0 &&
           scenario->latency != SKAD_SIM_MATRIX && 2 * one_way_ms <= ROUND_TRIP_MS_MAX;
}

/* Lists the honest peers in a table that are not unresponsive; `members`: of buckets only. */
static size_t peers_of(const skad_world *world, uint32_t node, bool members, uint32_t *out)
{
    skad_table_row *rows = skad_sim_alloc(ROWS_MAX, sizeof *rows);
    size_t count =
        skad_node_table(world->nodes[node].node, skad_world_time(world, node), rows, ROWS_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
        uint32_t peer =
            skad_sim_node_at(&world->addresses, skad_sim_contact_address(&rows[i].contact));
        if (peer < world->honest && rows[i].failures < FAILURES_MAX &&
            (!members || skad_node_is_member(world->nodes[node].node, &rows[i].contact.id))) {
            out[kept++] = peer;
        }
    }
    free(rows);
    return kept;
}

void skad_sim_acquaintances_note(skad_sim_acquaintances *known, const skad_world *world)
{
    uint32_t *peers = skad_sim_alloc(ROWS_MAX, sizeof *peers);
    bool wanted =
        world->scenario.invariants && world->leagues != NULL && is_quiet(&world->scenario);
    for (uint32_t node = 0; wanted && node < world->honest; node++) {
        size_t count = peers_of(world, node, true, peers);
        known->pairs = skad_sim_grow(known->pairs, known->count + count + 1, sizeof *known->pairs);
        for (size_t i = 0; i < count; i++) {
            known->pairs[known->count++] = (skad_sim_acquaintance){node, peers[i]};
        }
    }
    free(peers);
}

void skad_sim_acquaintances_check(const skad_sim_acquaintances *known, skad_world *world)
{
    uint32_t *peers = skad_sim_alloc(ROWS_MAX, sizeof *peers);
    uint32_t node = SKAD_SIM_NOBODY;
    size_t count = 0;
    for (size_t i = 0; i < known->count && world->broken == NULL; i++) {
        if (known->pairs[i].node != node) {
            node = known->pairs[i].node;
            count = peers_of(world, node, false, peers);
        }
        size_t at = 0;
        while (at < count && peers[at] != known->pairs[i].peer) {
            at++;
        }
        if (at == count && !world->nodes[known->pairs[i].peer].was_client) {
            world->broken = "without faults no honest node forgets another that lives";
            world->broken_node = node;
        }
    }
    free(peers);
}

void skad_sim_acquaintances_free(skad_sim_acquaintances *known)
{
    free(known->pairs);
    *known = (skad_sim_acquaintances){0};
}
