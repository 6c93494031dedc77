#include "src/sim/foresight.h"

#include "src/core/state.h"
#include "src/sim/world.h"

#define LINE_BYTES 64 /* of a cache; wrong on some processors, which costs a little time */

/* NULL, for what is not there yet, is allowed. */
static void fetch(const void *from, size_t bytes)
{
    const uint8_t *line = from;
    for (size_t i = 0; line != NULL && i < bytes; i += LINE_BYTES) {
        __builtin_prefetch(line + i);
    }
}

/* Whose turn an event will be; SKAD_SIM_NOBODY: no node's. */
static uint32_t node_of(const skad_world *world, const skad_sim_event *event)
{
    if (event->kind == SKAD_SIM_DELIVER) {
        const skad_sim_flight *flight = skad_sim_flights_at(&world->flights, event->index);
        return skad_sim_node_at(&world->places, &flight->to);
    }
    return event->kind == SKAD_SIM_WAKE ? event->index : SKAD_SIM_NOBODY;
}

static void fetch_event(const skad_world *world, const skad_sim_event *event)
{
    if (event->kind == SKAD_SIM_DELIVER) {
        fetch(skad_sim_flights_at(&world->flights, event->index), SKAD_SIM_FLIGHT_BYTES_MIN);
    } else if (event->kind == SKAD_SIM_WAKE) {
        fetch(&world->nodes[event->index], sizeof *world->nodes);
    }
}

static void fetch_tables(const skad_node *core)
{
    const skad_peers *peers = &core->table.peers;
    fetch(peers->prefixes, peers->used * sizeof *peers->prefixes);
    fetch(core->pending.due_us, core->pending.used * sizeof *core->pending.due_us);
    fetch(core->pending.rpcs, core->pending.used * sizeof *core->pending.rpcs);
    fetch(core->duplicates.prints, (core->duplicates.mask + 1) * sizeof *core->duplicates.prints);
    fetch(core->table.buckets, core->table.buckets_count * sizeof *core->table.buckets);
    fetch(core->observed.votes[0], SKAD_OBSERVED_VOTES * sizeof *core->observed.votes[0]);
}

void skad_foresee(const void *user, const skad_sim_event *events, size_t count)
{
    const skad_world *world = user;
    const skad_node *cores[SKAD_SIM_SOON];
    size_t cores_count = 0;
    for (size_t i = 0; i < count; i++) {
        fetch_event(world, &events[i]);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t node = node_of(world, &events[i]);
        const skad_node *core = node == SKAD_SIM_NOBODY ? NULL : world->nodes[node].node;
        if (core != NULL) {
            fetch(core, sizeof *core);
            cores[cores_count++] = core;
        }
    }
    for (size_t i = 0; i < cores_count; i++) {
        fetch_tables(cores[i]);
    }
}
