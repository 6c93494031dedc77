#include "src/sim/world/phases.h"

#include "src/sim/world/leagues.h"

/* An index below these is a node that arrives. */
#define ALL_LEAVE  UINT32_MAX
#define ALL_RETURN (UINT32_MAX - 1)

static void plan(skad_world *world, uint32_t index, double at_s)
{
    skad_world_plan(world, SKAD_SIM_PHASE, index,
                    world->now_us + (uint64_t)(at_s * (double)SKAD_US_PER_S));
}

static uint32_t victim_of(const skad_world *world)
{
    return (uint32_t)world->scenario.victim;
}

void skad_phases_prepare(skad_world *world)
{
    const skad_sim_scenario *scenario = &world->scenario;
    if (scenario->aim == SKAD_SIM_AT_JOINER && skad_world_up(world, victim_of(world))) {
        skad_world_stop(world, victim_of(world), true);
    }
    for (uint32_t node = world->honest; scenario->arrival_per_s > 0 && node < world->count;
         node++) {
        if (skad_world_up(world, node)) {
            skad_world_stop(world, node, true);
        }
    }
}

static void join_victim(skad_world *world)
{
    uint32_t seed = SKAD_SIM_PUBLISHER;
    for (uint32_t node = world->honest;
         world->scenario.victim_seed == SKAD_SIM_HOSTILE_SEED && node < world->count; node++) {
        if (skad_world_up(world, node)) {
            seed = node;
            break;
        }
    }
    if (!skad_world_up(world, victim_of(world))) {
        skad_world_start(world, victim_of(world));
        skad_world_join(world, victim_of(world), seed);
    }
}

void skad_phases_begin(skad_world *world)
{
    const skad_sim_scenario *scenario = &world->scenario;
    for (uint32_t node = world->honest; scenario->arrival_per_s > 0 && node < world->count;
         node++) {
        plan(world, node,
             scenario->arrive_from_s + (node - world->honest) / scenario->arrival_per_s);
    }
    if (scenario->leave_at_s > 0) {
        plan(world, ALL_LEAVE, scenario->leave_at_s);
    }
    if (scenario->return_at_s > 0) {
        plan(world, ALL_RETURN, scenario->return_at_s);
    }
    if (scenario->aim == SKAD_SIM_AT_JOINER) {
        join_victim(world);
    }
}

/* Those of a crowd are never up. */
static void come(skad_world *world, uint32_t node)
{
    if (!skad_world_up(world, node) && !skad_leagues_absent(world, node)) {
        skad_world_start(world, node);
        skad_world_join(world, node, SKAD_SIM_PUBLISHER);
    }
}

static bool gone(const skad_world *world)
{
    const skad_sim_scenario *scenario = &world->scenario;
    double since_s = (double)(world->now_us - world->began_us) / (double)SKAD_US_PER_S;
    return scenario->leave_at_s > 0 && since_s > scenario->leave_at_s &&
           (scenario->return_at_s <= 0 || since_s < scenario->return_at_s);
}

void skad_phases_due(skad_world *world, uint32_t index)
{
    if (index < world->count) {
        if (!gone(world)) {
            come(world, index);
        }
        return;
    }
    for (uint32_t node = world->honest; node < world->count; node++) {
        if (index == ALL_RETURN) {
            come(world, node);
        } else if (skad_world_up(world, node)) {
            skad_world_stop(world, node, true);
        }
    }
}

bool skad_phases_honest(const skad_world *world)
{
    const skad_sim_scenario *scenario = &world->scenario;
    if (!scenario->adversary_waits && scenario->honest_for_s <= 0) {
        return false;
    }
    return world->began_us == UINT64_MAX || (double)(world->now_us - world->began_us) <
                                                scenario->honest_for_s * (double)SKAD_US_PER_S;
}
