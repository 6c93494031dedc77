/* The work of an experiment, and its parts in their order. */
#include "src/sim/experiment/experiment.h"

#include <inttypes.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/experiment/course.h"
#include "src/sim/experiment/recovery.h"
#include "src/sim/world/leagues.h"
#include "src/sim/world/phases.h"
#include "src/sim/world/prefill_world.h"

#define JOIN_SPACING_US (20 * SKAD_US_PER_MS)
#define JOIN_LIMIT_US   (600 * SKAD_US_PER_S)
#define JOIN_AFTER_US   (60 * SKAD_US_PER_S) /* buckets are refreshed meanwhile */

typedef enum work_kind { WORK_LOOKUP, WORK_GET, WORK_REPORT, WORK_CRASH } work_kind;

/* ---- What the world tells ---- */

static void on_event(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    skad_sim_course *self = user;
    if (event->kind == SKAD_EVENT_JOINED || event->kind == SKAD_EVENT_ISOLATED) {
        world->nodes[node].joined = event->kind == SKAD_EVENT_JOINED;
    } else if (world->scenario.capture != SKAD_SIM_NOTHING) {
        skad_sim_capture_event(self, node, event);
    } else if (node != SKAD_SIM_PUBLISHER || !skad_sim_values_event(&self->values, event)) {
        skad_sim_workload_event(&self->workload, node, event);
    }
}

static void on_change(skad_world *world, uint32_t index, void *user)
{
    skad_sim_course *self = user;
    if (self->faults_over) {
        return;
    }
    skad_sim_workload_forget(&self->workload, skad_sim_churn_node(&self->churn, world, index));
    skad_sim_churn_change(&self->churn, world, index);
}

static void again(skad_sim_course *self, work_kind kind, double every_s)
{
    uint64_t every_us = skad_sim_us_of_s(every_s);
    skad_world_plan(self->world, SKAD_SIM_WORK, (uint32_t)kind,
                    self->world->now_us + (every_us == 0 ? 1 : every_us));
}

static void crash(skad_sim_course *self)
{
    skad_world *world = self->world;
    skad_sim_churn_crash(&self->churn, world, world->scenario.crash_share);
    for (uint32_t node = 0; node < world->count; node++) {
        if (!skad_world_up(world, node)) {
            skad_sim_workload_forget(&self->workload, node);
        }
    }
    skad_sim_values_recount(&self->values, world);
}

static void get(skad_sim_course *self)
{
    skad_store_name bait;
    if (skad_leagues_bait(self->world, &bait)) {
        skad_sim_workload_take_bait(&self->workload, &bait);
    } else {
        skad_sim_workload_get(&self->workload,
                              (uint32_t)skad_prng_below(&self->prng, self->values.count));
    }
}

static void on_work(skad_world *world, uint32_t index, void *user)
{
    skad_sim_course *self = user;
    const skad_sim_scenario *scenario = &world->scenario;
    if (self->faults_over) {
        return;
    }
    switch ((work_kind)index) {
    case WORK_LOOKUP:
        skad_sim_workload_look_up(&self->workload);
        if (self->workload.lookups_begun < scenario->lookups) {
            again(self, WORK_LOOKUP, scenario->lookup_every_ms / 1000);
        }
        break;
    case WORK_GET:
        get(self);
        again(self, WORK_GET, scenario->get_every_ms / 1000);
        break;
    case WORK_REPORT:
        skad_sim_course_tell(self);
        self->stopped = self->stopped || !self->watch->report(self->outcome, self->watch->user);
        again(self, WORK_REPORT, scenario->report_every_s);
        break;
    case WORK_CRASH:
        crash(self);
        break;
    }
}

/* ---- From beginning to end ---- */

static void join_all(skad_sim_course *self)
{
    skad_world *world = self->world;
    for (uint32_t node = 1; node < world->count; node++) {
        if (skad_world_up(world, node)) {
            skad_world_join(world, node, SKAD_SIM_PUBLISHER);
            skad_sim_course_until(self, world->now_us + JOIN_SPACING_US, false);
        }
    }
    uint64_t end_us = world->now_us + JOIN_LIMIT_US;
    uint32_t waiting = 1;
    while (waiting > 0 && world->now_us < end_us && world->broken == NULL && !self->stopped) {
        skad_sim_course_until(self, world->now_us + SKAD_US_PER_S, false);
        waiting = 0;
        for (uint32_t node = 0; node < world->count; node++) {
            waiting += skad_world_up(world, node) && !world->nodes[node].joined;
        }
    }
    skad_sim_course_until(self, world->now_us + JOIN_AFTER_US, false);
}

static void build(skad_sim_course *self)
{
    double start_s = skad_sim_real_s();
    skad_phases_prepare(self->world);
    skad_sim_churn_settle(&self->churn, self->world);
    if (self->world->scenario.build == SKAD_SIM_FILLED) {
        skad_sim_prefill(self->world);
    } else {
        join_all(self);
    }
    self->outcome->build_s += skad_sim_real_s() - start_s;
}

static void plan_work(skad_sim_course *self)
{
    const skad_sim_scenario *scenario = &self->world->scenario;
    if (scenario->lookups > 0) {
        again(self, WORK_LOOKUP, 0);
    }
    if (scenario->get_every_ms > 0) {
        again(self, WORK_GET, 0);
    }
    if (scenario->report_every_s > 0 && self->watch->report != NULL) {
        again(self, WORK_REPORT, scenario->report_every_s);
    }
    if (scenario->crash_share > 0) {
        again(self, WORK_CRASH, scenario->crash_at_s);
    }
}

static void measure(skad_sim_course *self)
{
    skad_world *world = self->world;
    const skad_sim_scenario *scenario = &world->scenario;
    skad_sim_course_until(self, world->now_us + skad_sim_us_of_s(scenario->warmup_s), false);
    skad_sim_course_begin(self);
    if (scenario->second_edition) {
        skad_sim_values_publish_again(&self->values, world, &self->prng, self->outcome);
    }
    plan_work(self);
    skad_phases_begin(world);
    skad_leagues_begin(world, self->values.keys, self->values.count);
    skad_sim_acquaintances_note(&self->acquaintances, world);
    skad_sim_course_until(self, world->now_us + skad_sim_us_of_s(scenario->duration_s), true);
    skad_sim_acquaintances_check(&self->acquaintances, world);
    skad_sim_course_tell(self);
}

/* ---- The whole ---- */

static bool begin(skad_sim_course *self, const skad_sim_scenario *scenario, skad_sim_outcome *out)
{
    double start_s = skad_sim_real_s();
    *out = (skad_sim_outcome){0};
    self->outcome = out;
    self->world = skad_sim_alloc(1, sizeof *self->world);
    skad_prng_init(&self->prng, scenario->seed, SKAD_PRNG_WORK);
    if (!skad_sim_churn_init(&self->churn, scenario, out->reason) ||
        !skad_world_init(self->world, scenario, out->reason)) {
        out->failed = true;
        return false;
    }
    self->world->listener = (skad_sim_listener){on_event, on_work, on_change, self};
    skad_sim_workload_init(&self->workload, self->world, &self->values, &self->prng);
    self->workload.trace = self->watch->trace;
    self->workload.trace_user = self->watch->user;
    self->began_real_s = start_s;
    out->build_s = skad_sim_real_s() - start_s;
    return true;
}

static void end(skad_sim_course *self)
{
    skad_world *world = self->world;
    skad_sim_outcome *out = self->outcome;
    if (world->broken != NULL) {
        (void)snprintf(
            out->reason, sizeof out->reason, "broken after %.6f s at node %" PRIu32 ": %.150s",
            (double)world->now_us / (double)SKAD_US_PER_S, world->broken_node, world->broken);
        out->failed = true;
    }
    out->incomplete = self->stopped;
    skad_world_free(world);
    skad_sim_churn_free(&self->churn);
    skad_sim_values_free(&self->values);
    skad_sim_acquaintances_free(&self->acquaintances);
    skad_sim_workload_free(&self->workload);
    free(world);
}

void skad_sim_experiment(const skad_sim_scenario *scenario, const skad_sim_watch *watch,
                         skad_sim_outcome *out)
{
    skad_sim_course self = {.watch = watch};
    bool begun = begin(&self, scenario, out);
    if (begun && scenario->capture != SKAD_SIM_NOTHING) {
        skad_sim_capture_prepare(&self);
        build(&self);
        skad_sim_churn_begin(&self.churn, self.world);
        skad_sim_capture_run(&self);
    } else if (begun) {
        build(&self);
        skad_sim_values_publish(&self.values, self.world, &self.prng, out);
        skad_sim_churn_begin(&self.churn, self.world);
        measure(&self);
        skad_sim_recovery_prove(&self);
    }
    end(&self);
}

void skad_sim_experiment_build(const skad_sim_scenario *scenario, skad_sim_outcome *out)
{
    static const skad_sim_watch unwatched = {0};
    skad_sim_course self = {.watch = &unwatched};
    if (begin(&self, scenario, out)) {
        build(&self);
        self.world->began_us = self.world->now_us;
        skad_sim_course_tell(&self);
    }
    end(&self);
}
