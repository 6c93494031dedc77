#include "src/sim/world/churn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/world/leagues.h"

#define STABLE          0
#define US_PER_MIN      (60.0 * (double)SKAD_US_PER_S)
#define TRACE_LINES_MAX 10000000

/* ---- Traces ---- */

static bool bad_line(char *reason, const char *path, size_t line, const char *what)
{
    (void)snprintf(reason, SKAD_SIM_REASON_BYTES, "%.150s: line %zu: %s", path, line, what);
    return false;
}

static bool read_line(skad_sim_churn *churn, const skad_sim_scenario *scenario, const char *text,
                      size_t number, char *reason)
{
    skad_sim_churn_line line = {0};
    char *end = NULL;
    line.at_s = strtod(text, &end);
    bool taken = end != text;
    const char *second = end;
    unsigned long node = strtoul(second, &end, 10);
    taken = taken && end != second;
    end += strspn(end, " \t");
    size_t len = strcspn(end, " \t");
    bool up = len == 2 && strncmp(end, "up", len) == 0;
    bool down = len == 4 && strncmp(end, "down", len) == 0;
    taken = taken && (up || down) && end[len + strspn(end + len, " \t")] == 0;
    bool last_ok =
        churn->lines_count == 0 || line.at_s >= churn->lines[churn->lines_count - 1].at_s;
    line.up = up;
    if (!taken) {
        return bad_line(reason, scenario->churn_file, number, "write SECONDS NODE up|down");
    }
    if (!(line.at_s >= 0) || !last_ok) {
        return bad_line(reason, scenario->churn_file, number, "earlier than the line before");
    }
    if (node == STABLE || node >= skad_sim_scenario_count(scenario)) {
        return bad_line(reason, scenario->churn_file, number,
                        "node 0 never leaves, and there are as many as `nodes` says");
    }
    line.node = (uint32_t)node;
    churn->lines = skad_sim_grow(churn->lines, churn->lines_count + 1, sizeof *churn->lines);
    churn->lines[churn->lines_count++] = line;
    return true;
}

static bool read_trace(skad_sim_churn *churn, const skad_sim_scenario *scenario, char *reason)
{
    char text[256];
    FILE *file = fopen(scenario->churn_file, "r");
    if (file == NULL) {
        (void)snprintf(reason, SKAD_SIM_REASON_BYTES, "cannot read %.150s: %s",
                       scenario->churn_file, strerror(errno));
        return false;
    }
    bool good = true;
    for (size_t number = 1; good && fgets(text, sizeof text, file) != NULL; number++) {
        text[strcspn(text, "#\r\n")] = 0;
        if (text[strspn(text, " \t")] != 0) {
            good = churn->lines_count < TRACE_LINES_MAX
                       ? read_line(churn, scenario, text, number, reason)
                       : bad_line(reason, scenario->churn_file, number, "too many lines");
        }
    }
    (void)fclose(file);
    return good;
}

bool skad_sim_churn_init(skad_sim_churn *churn, const skad_sim_scenario *scenario,
                         char reason[static SKAD_SIM_REASON_BYTES])
{
    *churn = (skad_sim_churn){0};
    skad_prng_init(&churn->prng, scenario->seed, SKAD_PRNG_CHURN);
    return scenario->churn != SKAD_SIM_TRACE || read_trace(churn, scenario, reason);
}

void skad_sim_churn_free(skad_sim_churn *churn)
{
    free(churn->lines);
    churn->lines = NULL;
}

/* ---- Times ---- */

static double mean_min(const skad_sim_scenario *scenario, bool up)
{
    return up || scenario->downtime_min <= 0 ? scenario->uptime_min : scenario->downtime_min;
}

/* Whether a node takes part. */
static bool churns(const skad_world *world, uint32_t node)
{
    return node < world->honest || !world->scenario.adversary_stays;
}

static bool drawn(const skad_world *world)
{
    return world->scenario.churn == SKAD_SIM_EXPONENTIAL ||
           world->scenario.churn == SKAD_SIM_WEIBULL;
}

static void plan_change(skad_sim_churn *churn, skad_world *world, uint32_t node)
{
    const skad_sim_scenario *scenario = &world->scenario;
    double mean = mean_min(scenario, skad_world_up(world, node));
    double stay = scenario->churn == SKAD_SIM_WEIBULL
                      ? skad_prng_weibull(&churn->prng, mean, scenario->weibull_shape)
                      : skad_prng_exponential(&churn->prng, mean);
    skad_world_plan(world, SKAD_SIM_CHANGE, node,
                    world->now_us + 1 + (uint64_t)(stay * US_PER_MIN));
}

/* Takes it that each node has been up for as long as it will stay up: this is true of exponential
 * stays, and nearly true of Weibull ones. Without churn all nodes are up since the beginning. */
void skad_sim_churn_settle(skad_sim_churn *churn, skad_world *world)
{
    if (!drawn(world)) {
        return;
    }
    double up = mean_min(&world->scenario, true);
    double down = mean_min(&world->scenario, false);
    for (uint32_t node = 1; node < world->count; node++) {
        if (!skad_world_up(world, node) || !churns(world, node)) {
            continue;
        }
        if (skad_prng_chance(&churn->prng, down / (up + down))) {
            skad_world_stop(world, node, true);
        } else {
            double for_s = skad_prng_exponential(&churn->prng, up) * 60;
            world->nodes[node].came_s =
                for_s < SKAD_SIM_BEGIN_S ? SKAD_SIM_BEGIN_S - (uint32_t)for_s : 0;
        }
    }
}

/* The rest of an exponential stay is exponential, too; a Weibull stay begins anew. */
void skad_sim_churn_begin(skad_sim_churn *churn, skad_world *world)
{
    for (uint32_t node = 1; drawn(world) && node < world->count; node++) {
        if (churns(world, node)) {
            plan_change(churn, world, node);
        }
    }
    for (size_t i = 0; i < churn->lines_count; i++) {
        uint64_t at_us = (uint64_t)(churn->lines[i].at_s * (double)SKAD_US_PER_S);
        skad_world_plan(world, SKAD_SIM_CHANGE, (uint32_t)i, world->now_us + at_us);
    }
}

static void leave(skad_sim_churn *churn, skad_world *world, uint32_t node)
{
    skad_world_stop(world, node, !world->scenario.keep_store);
    churn->departures++;
}

static void come(skad_sim_churn *churn, skad_world *world, uint32_t node)
{
    skad_world_start(world, node);
    skad_world_join(world, node, STABLE);
    churn->arrivals++;
}

uint32_t skad_sim_churn_node(const skad_sim_churn *churn, const skad_world *world, uint32_t index)
{
    return world->scenario.churn == SKAD_SIM_TRACE ? churn->lines[index].node : index;
}

void skad_sim_churn_change(skad_sim_churn *churn, skad_world *world, uint32_t index)
{
    bool trace = world->scenario.churn == SKAD_SIM_TRACE;
    uint32_t node = skad_sim_churn_node(churn, world, index);
    bool up = skad_world_up(world, node);
    bool wanted = trace ? churn->lines[index].up : !up;
    if (up && !wanted) {
        leave(churn, world, node);
    } else if (!up && wanted && !skad_leagues_absent(world, node)) {
        come(churn, world, node);
    }
    if (!trace) {
        plan_change(churn, world, node);
    }
}

void skad_sim_churn_crash(skad_sim_churn *churn, skad_world *world, double share)
{
    for (uint32_t node = 1; node < world->count; node++) {
        if (skad_world_up(world, node) && skad_prng_chance(&churn->prng, share)) {
            leave(churn, world, node);
        }
    }
}
