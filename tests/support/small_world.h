/* What tests of whole simulated worlds share: a scenario that is soon over, and its run. */
#ifndef SKAD_TESTS_SMALL_WORLD_H
#define SKAD_TESTS_SMALL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/sim/experiment/experiment.h"

/* So many nodes, a hundred lookups within five seconds, ten minutes. */
static inline skad_sim_scenario test_small_world(uint64_t nodes)
{
    skad_sim_scenario scenario;
    skad_sim_scenario_default(&scenario);
    scenario.nodes = nodes;
    scenario.lookups = 100;
    scenario.lookup_every_ms = 50;
    scenario.duration_s = 600;
    return scenario;
}

/* Runs it with nobody watching. Fails the test if the run fails. */
static inline skad_sim_outcome test_run_world(const skad_sim_scenario *scenario)
{
    static const skad_sim_watch nobody = {0};
    skad_sim_outcome outcome;
    skad_sim_experiment(scenario, &nobody, &outcome);
    if (outcome.failed) {
        fail_msg("seed %lu: %s", (unsigned long)scenario->seed, outcome.reason);
    }
    return outcome;
}

#endif
