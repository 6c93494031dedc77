#include "src/sim/experiment/experiment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "skad/record.h"
#include "src/sim/base/memory.h"
#include "src/sim/experiment/askers.h"
#include "src/sim/experiment/values.h"
#include "src/sim/world/adversary.h"
#include "src/sim/world/churn.h"
#include "src/sim/world/filling.h"
#include "src/sim/world/population.h"

#define JOIN_SPACING_US (20 * SKAD_US_PER_MS)
#define JOIN_LIMIT_US   (600 * SKAD_US_PER_S)
#define JOIN_AFTER_US   (60 * SKAD_US_PER_S) /* buckets are refreshed meanwhile */
#define STEPS_A_LOOK    4096 /* events between two looks at the stop flag and the real clock */
#define PROOF_LOOKUPS   20   /* after all faults have ended */
#define PROOF_US        (70 * SKAD_US_PER_S) /* they have ended by then */

typedef enum work_kind { WORK_LOOKUP, WORK_GET, WORK_REPORT, WORK_CRASH } work_kind;

typedef struct experiment {
    skad_world *world;
    const skad_sim_watch *watch;
    skad_sim_outcome *outcome;
    skad_sim_churn churn;
    skad_sim_values values;
    skad_sim_askers askers;
    skad_dice dice;
    skad_sim_counters before;
    double began_real_s;
    bool faults_over;
    bool stopped;
} experiment;

static double real_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint64_t us_of_s(double seconds)
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
    counters->parted -= before->parted;
    counters->choked -= before->choked;
    counters->nowhere -= before->nowhere;
    counters->ticks -= before->ticks;
    counters->events -= before->events;
}

static void count_nodes(experiment *self)
{
    const skad_world *world = self->world;
    skad_sim_outcome *out = self->outcome;
    double peers = 0;
    out->up = 0;
    out->joined = 0;
    for (uint32_t node = 0; node < world->count; node++) {
        if (skad_world_up(world, node)) {
            skad_node_stats stats;
            skad_node_stats_get(world->nodes[node].node, skad_world_time(world, node), &stats);
            out->up++;
            out->joined += stats.joined;
            peers += stats.peers;
        }
    }
    out->peers_per_node = out->up > 0 ? peers / (double)out->up : 0;
    out->bytes_per_node = (double)skad_population_bytes() / (double)world->count;
}

static void tell(experiment *self)
{
    const skad_world *world = self->world;
    skad_sim_outcome *out = self->outcome;
    out->lookups = self->askers.lookups;
    out->gets = self->askers.gets;
    out->counters = world->counters;
    subtract(&out->counters, &self->before);
    out->print = world->print;
    out->arrivals = self->churn.arrivals;
    out->departures = self->churn.departures;
    out->simulated_s = (double)(world->now_us - world->began_us) / (double)SKAD_US_PER_S;
    out->real_s = real_s() - self->began_real_s;
    out->price = skad_adversary_price(world);
    count_nodes(self);
}

/* ---- What the world tells ---- */

static void on_event(skad_world *world, uint32_t node, const skad_event *event, void *user)
{
    experiment *self = user;
    if (event->kind == SKAD_EVENT_JOINED || event->kind == SKAD_EVENT_ISOLATED) {
        world->nodes[node].joined = event->kind == SKAD_EVENT_JOINED;
    } else if (node != SKAD_SIM_PUBLISHER || !skad_sim_values_event(&self->values, event)) {
        skad_sim_askers_event(&self->askers, node, event);
    }
}

static void on_change(skad_world *world, uint32_t index, void *user)
{
    experiment *self = user;
    if (self->faults_over) {
        return;
    }
    skad_sim_askers_forget(&self->askers, skad_sim_churn_node(&self->churn, world, index));
    skad_sim_churn_change(&self->churn, world, index);
}

static void again(experiment *self, work_kind kind, double every_s)
{
    uint64_t every_us = us_of_s(every_s);
    skad_world_plan(self->world, SKAD_SIM_WORK, (uint32_t)kind,
                    self->world->now_us + (every_us == 0 ? 1 : every_us));
}

static void crash(experiment *self)
{
    skad_world *world = self->world;
    skad_sim_churn_crash(&self->churn, world, world->scenario.crash_share);
    for (uint32_t node = 0; node < world->count; node++) {
        if (!skad_world_up(world, node)) {
            skad_sim_askers_forget(&self->askers, node);
        }
    }
    skad_sim_values_recount(&self->values, world);
}

static void on_work(skad_world *world, uint32_t index, void *user)
{
    experiment *self = user;
    const skad_sim_scenario *scenario = &world->scenario;
    if (self->faults_over) {
        return;
    }
    switch ((work_kind)index) {
    case WORK_LOOKUP:
        skad_sim_askers_look_up(&self->askers);
        if (self->askers.lookups_begun < scenario->lookups) {
            again(self, WORK_LOOKUP, scenario->lookup_every_ms / 1000);
        }
        break;
    case WORK_GET:
        skad_sim_askers_get(&self->askers,
                            (uint32_t)skad_dice_below(&self->dice, self->values.count));
        again(self, WORK_GET, scenario->get_every_ms / 1000);
        break;
    case WORK_REPORT:
        tell(self);
        self->stopped = self->stopped || !self->watch->report(self->outcome, self->watch->user);
        again(self, WORK_REPORT, scenario->report_every_s);
        break;
    case WORK_CRASH:
        crash(self);
        break;
    }
}

/* ---- Time ---- */

/* Whether the experiment is over before its time: all lookups have ended, and nothing else goes
 * on. */
static bool all_done(const experiment *self)
{
    const skad_sim_scenario *scenario = &self->world->scenario;
    return scenario->lookups > 0 && scenario->get_every_ms <= 0 && scenario->settle_s <= 0 &&
           self->askers.lookups_begun >= scenario->lookups && self->askers.awaited == 0;
}

static void look_around(experiment *self, uint64_t from_us, uint64_t end_us)
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

/* Runs until end_us, with a look at the stop flag now and then; `early`: or until all is done. */
static void run_until(experiment *self, uint64_t end_us, bool early)
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

/* ---- From beginning to end ---- */

static void join_all(experiment *self)
{
    skad_world *world = self->world;
    for (uint32_t node = 1; node < world->count; node++) {
        if (skad_world_up(world, node)) {
            skad_world_join(world, node, SKAD_SIM_PUBLISHER);
            run_until(self, world->now_us + JOIN_SPACING_US, false);
        }
    }
    uint64_t end_us = world->now_us + JOIN_LIMIT_US;
    uint32_t waiting = 1;
    while (waiting > 0 && world->now_us < end_us && world->broken == NULL && !self->stopped) {
        run_until(self, world->now_us + SKAD_US_PER_S, false);
        waiting = 0;
        for (uint32_t node = 0; node < world->count; node++) {
            waiting += skad_world_up(world, node) && !world->nodes[node].joined;
        }
    }
    run_until(self, world->now_us + JOIN_AFTER_US, false);
}

static void build(experiment *self)
{
    double start_s = real_s();
    skad_sim_churn_settle(&self->churn, self->world);
    if (self->world->scenario.build == SKAD_SIM_FILLED) {
        skad_sim_fill(self->world);
    } else {
        join_all(self);
    }
    self->outcome->build_s += real_s() - start_s;
}

static void plan_work(experiment *self)
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

static void measure(experiment *self)
{
    skad_world *world = self->world;
    const skad_sim_scenario *scenario = &world->scenario;
    run_until(self, world->now_us + us_of_s(scenario->warmup_s), false);
    world->began_us = world->now_us;
    self->before = world->counters;
    self->churn.arrivals = 0;
    self->churn.departures = 0;
    self->began_real_s = real_s();
    plan_work(self);
    run_until(self, world->now_us + us_of_s(scenario->duration_s), true);
    tell(self);
}

/* ---- Whether a network recovers ---- */

static void end_faults(experiment *self)
{
    skad_sim_scenario *scenario = &self->world->scenario;
    self->faults_over = true;
    scenario->loss = 0;
    scenario->duplicate = 0;
    scenario->corrupt = 0;
    scenario->reorder = 0;
    scenario->bandwidth_kbps = 0;
    scenario->partition_for_s = 0;
}

static void break_off(experiment *self, const char *what, uint32_t node)
{
    if (self->world->broken == NULL) {
        self->world->broken = what;
        self->world->broken_node = node;
    }
}

/* The last survivor has nobody to join. */
static void prove_joined(experiment *self)
{
    const skad_world *world = self->world;
    uint32_t up = 0;
    for (uint32_t node = 0; node < world->honest; node++) {
        up += skad_world_up(world, node);
    }
    for (uint32_t node = 0; node < world->honest; node++) {
        if (up > 1 && skad_world_up(world, node) && !world->nodes[node].joined) {
            break_off(self, "all that are up have joined once all faults have ended", node);
        }
    }
}

/* What is signed ends by the wall clock; where clocks differ too much, some take it for expired. */
static bool ends_alike(const skad_world *world, const skad_sim_value *value)
{
    const skad_sim_scenario *scenario = &world->scenario;
    return value->name.type == SKAD_RECORD_IMMUTABLE ||
           8 * scenario->clock_skew_s < scenario->record_life_s;
}

/* Lookups and gets of a network that has recovered, apart from the measured ones. */
static void prove_finding(experiment *self)
{
    skad_world *world = self->world;
    skad_sim_askers *askers = &self->askers;
    for (uint32_t node = 0; node < world->count; node++) {
        skad_sim_askers_forget(askers, node);
    }
    askers->lookups = (skad_sim_lookups){0};
    askers->gets = (skad_sim_gets){0};
    for (int i = 0; i < PROOF_LOOKUPS; i++) {
        skad_sim_askers_look_up(askers);
        run_until(self, world->now_us + SKAD_US_PER_S, false);
    }
    for (uint32_t i = 0; i < self->values.count; i++) {
        if (self->values.all[i].safe && ends_alike(world, &self->values.all[i])) {
            skad_sim_askers_get(askers, i);
            run_until(self, world->now_us + SKAD_US_PER_S, false);
        }
    }
    run_until(self, world->now_us + PROOF_US, false);
    if (askers->lookups.nearest < askers->lookups.ended) {
        break_off(self, "lookups find the nearest node once all faults have ended", 0);
    }
    if (askers->gets.right < askers->gets.ended) {
        break_off(self, "a value with a holder left is found once all faults have ended", 0);
    }
}

/* Whether lookups have all that they are made of. */
static bool defended(const skad_sim_scenario *scenario)
{
    skad_sim_scenario usual;
    skad_sim_scenario_default(&usual);
    return scenario->closing_round && scenario->neighbourhood_check && scenario->eta == usual.eta &&
           scenario->beta == usual.beta && scenario->steps_to_stop == usual.steps_to_stop;
}

/* Adversaries, and nodes that NATs hide, may keep lookups from the nearest node for ever, and churn
 * may take all holders one after the other. */
static void prove(experiment *self)
{
    skad_world *world = self->world;
    const skad_sim_scenario *scenario = &world->scenario;
    bool hidden = scenario->nat_full_cone + scenario->nat_restricted + scenario->nat_symmetric > 0;
    if (scenario->settle_s <= 0 || world->broken != NULL || self->stopped) {
        return;
    }
    end_faults(self);
    run_until(self, world->now_us + us_of_s(scenario->settle_s), false);
    if (scenario->adversary != SKAD_SIM_HONEST || hidden) {
        return;
    }
    prove_joined(self);
    if (scenario->churn == SKAD_SIM_NO_CHURN && defended(scenario)) {
        prove_finding(self);
    }
}

/* ---- The whole ---- */

static bool begin(experiment *self, const skad_sim_scenario *scenario, skad_sim_outcome *out)
{
    double start_s = real_s();
    *out = (skad_sim_outcome){0};
    self->outcome = out;
    self->world = skad_sim_alloc(1, sizeof *self->world);
    skad_dice_init(&self->dice, scenario->seed, SKAD_DICE_WORK);
    if (!skad_sim_churn_init(&self->churn, scenario, out->reason) ||
        !skad_world_init(self->world, scenario, out->reason)) {
        out->failed = true;
        return false;
    }
    self->world->listener = (skad_sim_listener){on_event, on_work, on_change, self};
    skad_sim_askers_init(&self->askers, self->world, &self->values, &self->dice);
    self->began_real_s = start_s;
    out->build_s = real_s() - start_s;
    return true;
}

static void end(experiment *self)
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
    skad_sim_askers_free(&self->askers);
    free(world);
}

void skad_sim_experiment(const skad_sim_scenario *scenario, const skad_sim_watch *watch,
                         skad_sim_outcome *out)
{
    experiment self = {.watch = watch};
    if (begin(&self, scenario, out)) {
        build(&self);
        skad_sim_values_publish(&self.values, self.world, &self.dice, out);
        skad_sim_churn_begin(&self.churn, self.world);
        measure(&self);
        prove(&self);
    }
    end(&self);
}

void skad_sim_experiment_build(const skad_sim_scenario *scenario, skad_sim_outcome *out)
{
    static const skad_sim_watch nobody = {0};
    experiment self = {.watch = &nobody};
    if (begin(&self, scenario, out)) {
        build(&self);
        self.world->began_us = self.world->now_us;
        tell(&self);
    }
    end(&self);
}
