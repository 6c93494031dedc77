/* Time and telling. */
#include "src/sim/experiment/course.h"

#include <string.h>
#include <time.h>

#include "src/sim/experiment/tables.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/population.h"

#define STEPS_A_LOOK 4096 /* events between two looks at the stop flag and the real clock */

double skad_sim_real_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

uint64_t skad_sim_us_of_s(double seconds)
{
    return (uint64_t)(seconds * (double)SKAD_US_PER_S);
}

/* ---- Telling ---- */

static void subtract(skad_sim_counters *counters, const skad_sim_counters *before)
{
    counters->sent -= before->sent;
    counters->sent_bytes -= before->sent_bytes;
    counters->delivered -= before->delivered;
    counters->lost -= before->lost;
    counters->shut_out -= before->shut_out;
    counters->partitioned -= before->partitioned;
    counters->queue_full -= before->queue_full;
    counters->unroutable -= before->unroutable;
    counters->ticks -= before->ticks;
    counters->events -= before->events;
}

static void count_nodes(skad_sim_course *self)
{
    const skad_world *world = self->world;
    skad_sim_outcome *out = self->outcome;
    double peers = 0;
    out->up = 0;
    out->joined = 0;
    memcpy(out->classes, self->workload.classes, sizeof out->classes);
    for (uint32_t node = 0; node < world->count; node++) {
        if (skad_world_up(world, node)) {
            skad_node_stats stats;
            skad_node_stats_get(world->nodes[node].node, skad_world_time(world, node), &stats);
            const skad_sim_class class = skad_sim_class_of(&self->workload.born, world, node);
            out->classes[class].up++;
            out->classes[class].joined += stats.joined;
            out->up++;
            out->joined += stats.joined;
            peers += stats.peers;
        }
    }
    out->peers_per_node = out->up > 0 ? peers / (double)out->up : 0;
    if (world->scenario.report_every_s > 0) {
        skad_sim_classes_places(&self->workload.born, world, out->classes);
    }
    skad_sim_prefixes_count(&out->prefixes, world);
    out->bytes_per_node = (double)skad_population_bytes() / (double)world->count;
}

void skad_sim_course_tell(skad_sim_course *self)
{
    const skad_world *world = self->world;
    skad_sim_outcome *out = self->outcome;
    out->lookups = self->workload.lookups;
    out->gets = self->workload.gets;
    out->forwarding = self->workload.forwarding;
    out->forwarding.requests = skad_chains_requests(world);
    skad_sim_witness_judge(&self->workload.witness, world->honest, &out->anonymity);
    out->counters = world->counters;
    subtract(&out->counters, &self->before);
    out->fingerprint = world->fingerprint;
    out->arrivals = self->churn.arrivals;
    out->departures = self->churn.departures;
    out->simulated_s = (double)(world->now_us - world->began_us) / (double)SKAD_US_PER_S;
    out->real_s = skad_sim_real_s() - self->began_real_s;
    out->price = skad_leagues_price(world);
    out->draws = skad_leagues_draws(world);
    count_nodes(self);
    skad_sim_tables_count(world, out);
}

/* ---- Time ---- */

void skad_sim_course_begin(skad_sim_course *self)
{
    self->world->began_us = self->world->now_us;
    self->before = self->world->counters;
    self->churn.arrivals = 0;
    self->churn.departures = 0;
    skad_sim_classes_begin(&self->workload.born, self->world);
    self->began_real_s = skad_sim_real_s();
}

/* Whether the experiment is over before its time: all lookups have ended, and nothing else goes
 * on. */
static bool all_done(const skad_sim_course *self)
{
    const skad_sim_scenario *scenario = &self->world->scenario;
    return scenario->lookups > 0 && scenario->get_every_ms <= 0 && scenario->settle_s <= 0 &&
           self->workload.lookups_begun >= scenario->lookups && self->workload.awaited == 0;
}

static void look_around(skad_sim_course *self, uint64_t from_us, uint64_t end_us)
{
    const skad_world *world = self->world;
    const skad_sim_watch *watch = self->watch;
    self->stopped = self->stopped || (watch->stop != NULL && *watch->stop != 0);
    if (watch->progress != NULL) {
        const skad_sim_tick tick = {
            .simulated_s = (double)(world->now_us - from_us) / (double)SKAD_US_PER_S,
            .total_s = (double)(end_us - from_us) / (double)SKAD_US_PER_S,
            .events = world->counters.events,
        };
        watch->progress(&tick, watch->user);
    }
}

void skad_sim_course_until(skad_sim_course *self, uint64_t end_us, bool early)
{
    skad_world *world = self->world;
    uint64_t from_us = world->now_us;
    bool more = true;
    while (more && !self->stopped && world->broken == NULL) {
        for (int i = 0; i < STEPS_A_LOOK && more && world->broken == NULL; i++) {
            more = skad_world_step(world, end_us) && !(early && all_done(self));
        }
        look_around(self, from_us, end_us);
    }
}
