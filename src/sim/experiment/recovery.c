#include "src/sim/experiment/recovery.h"

#include "skad/record.h"
#include "src/sim/world/leagues.h"

#define PROOF_LOOKUPS 20                   /* after all faults have ended */
#define PROOF_US      (70 * SKAD_US_PER_S) /* they have ended by then */

static void end_faults(skad_sim_course *self)
{
    skad_sim_scenario *scenario = &self->world->scenario;
    self->faults_over = true;
    skad_leagues_end(self->world);
    scenario->loss = 0;
    scenario->duplicate = 0;
    scenario->corrupt = 0;
    scenario->reorder = 0;
    scenario->bandwidth_kbps = 0;
    scenario->partition_for_s = 0;
}

static void break_off(skad_sim_course *self, const char *what, uint32_t node)
{
    if (self->world->broken == NULL) {
        self->world->broken = what;
        self->world->broken_node = node;
    }
}

static uint32_t honest_up(const skad_world *world)
{
    uint32_t up = 0;
    for (uint32_t node = 0; node < world->honest; node++) {
        up += skad_world_up(world, node);
    }
    return up;
}

/* Checks that all nodes have joined. The last survivor has no node to join. */
static void prove_joined(skad_sim_course *self)
{
    const skad_world *world = self->world;
    uint32_t up = honest_up(world);
    for (uint32_t node = 0; node < world->honest; node++) {
        if (up > 1 && skad_world_up(world, node) && !world->nodes[node].joined) {
            break_off(self, "all that are up have joined once all faults have ended", node);
        }
    }
}

/* Whether all nodes agree when a value ends. Signed records end by the wall clock; if clocks differ
 * too much, some nodes take a record for expired. */
static bool ends_alike(const skad_world *world, const skad_sim_value *value)
{
    const skad_sim_scenario *scenario = &world->scenario;
    return value->name.type == SKAD_RECORD_IMMUTABLE ||
           8 * scenario->clock_skew_s < scenario->record_life_s;
}

/* Its puts are apart from the measured ones, too. */
static void prove_publishing(skad_sim_course *self)
{
    skad_sim_outcome apart = {0};
    skad_sim_values *values = &self->values;
    uint32_t before = values->count;
    skad_sim_values_publish_more(values, self->world, &self->prng, &apart);
    for (uint32_t i = before; i < values->count; i++) {
        if (!values->all[i].stored && ends_alike(self->world, &values->all[i]) &&
            honest_up(self->world) > 1) {
            break_off(self, "a value can be published once all faults have ended", 0);
        }
    }
}

/* Lookups and gets of a network that has recovered, apart from the measured ones. */
static void prove_finding(skad_sim_course *self)
{
    skad_world *world = self->world;
    skad_sim_workload *workload = &self->workload;
    for (uint32_t node = 0; node < world->count; node++) {
        skad_sim_workload_forget(workload, node);
    }
    workload->lookups = (skad_sim_lookups){0};
    workload->gets = (skad_sim_gets){0};
    world->scenario.forward = false; /* that all is found is what usual lookups promise */
    for (int i = 0; i < PROOF_LOOKUPS; i++) {
        skad_sim_workload_look_up(workload);
        skad_sim_course_until(self, world->now_us + SKAD_US_PER_S, false);
    }
    prove_publishing(self);
    for (uint32_t i = 0; i < self->values.count; i++) {
        if (self->values.all[i].safe && ends_alike(world, &self->values.all[i])) {
            skad_sim_workload_get(workload, i);
            skad_sim_course_until(self, world->now_us + SKAD_US_PER_S, false);
        }
    }
    skad_sim_course_until(self, world->now_us + PROOF_US, false);
    if (workload->lookups.nearest < workload->lookups.ended) {
        break_off(self, "lookups find the nearest node once all faults have ended", 0);
    }
    if (workload->gets.right < workload->gets.ended) {
        break_off(self, "a value with a holder left is found once all faults have ended", 0);
    }
}

/* Whether lookups have all their defences. */
static bool defended(const skad_sim_scenario *scenario)
{
    skad_sim_scenario usual;
    skad_sim_scenario_default(&usual);
    return scenario->closing_round && scenario->neighbourhood_check && scenario->eta == usual.eta &&
           scenario->beta == usual.beta && scenario->steps_to_stop == usual.steps_to_stop;
}

/* Proves the recovery as far as the scenario allows: adversaries that answer falsely, and nodes
 * that NATs hide, may keep lookups from the nearest node for ever, and churn may take all holders
 * one by one. */
void skad_sim_recovery_prove(skad_sim_course *self)
{
    skad_world *world = self->world;
    const skad_sim_scenario *scenario = &world->scenario;
    bool hidden = skad_sim_scenario_nats(scenario) > 0;
    if (scenario->settle_s <= 0 || world->broken != NULL || self->stopped) {
        return;
    }
    end_faults(self);
    skad_sim_course_until(self, world->now_us + skad_sim_us_of_s(scenario->settle_s), false);
    if (skad_sim_scenario_lies(scenario) || hidden) {
        return;
    }
    prove_joined(self);
    if (scenario->churn == SKAD_SIM_NO_CHURN && defended(scenario)) {
        prove_finding(self);
    }
}
