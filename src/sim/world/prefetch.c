#include "src/sim/world/prefetch.h"

#include "src/core/node/readers.h"
#include "src/sim/world/world.h"

#define LINE_BYTES 64 /* of a cache; wrong on some processors, which costs a little time */

static void fetch(const void *from, size_t bytes)
{
    const uint8_t *line = from;
    for (size_t i = 0; i < bytes; i += LINE_BYTES) {
        __builtin_prefetch(line + i);
    }
}

/* Whose turn an event will be, once its flight is at hand; SKAD_SIM_NOBODY: no node's. */
static uint32_t node_of(const skad_world *world, const skad_sim_event *event)
{
    if (event->kind == SKAD_SIM_DELIVER) {
        const skad_sim_flight *flight = skad_sim_flights_at(&world->flights, event->index);
        return skad_sim_node_at(&world->addresses, &flight->to);
    }
    return event->kind == SKAD_SIM_WAKE ? event->index : SKAD_SIM_NOBODY;
}

static void fetch_at(const skad_world *world, const skad_sim_event *event, unsigned stage)
{
    if (stage == 0) {
        if (event->kind == SKAD_SIM_DELIVER) {
            fetch(skad_sim_flights_at(&world->flights, event->index), SKAD_SIM_FLIGHT_BYTES_MIN);
        }
        return;
    }
    uint32_t index = node_of(world, event);
    if (index == SKAD_SIM_NOBODY) {
        return;
    }
    const skad_sim_node *node = &world->nodes[index];
    if (stage == 1) {
        fetch(node, sizeof *node);
    } else if (node->node != NULL) {
        if (stage == 2) {
            skad_node_prefetch(node->node);
        } else {
            skad_node_prefetch_tables(node->node, event->kind == SKAD_SIM_WAKE);
        }
    }
}

void skad_prefetch(const void *user, const skad_sim_event *events, size_t count, unsigned stage)
{
    for (size_t i = 0; i < count; i++) {
        fetch_at(user, &events[i], stage);
    }
}
