/* skad sim fuzz: random scenarios with random faults, all invariants on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/sim/base/cryptography.h"
#include "src/sim/base/memory.h"
#include "src/sim/program/command.h"
#include "src/sim/program/jobs.h"
#include "src/sim/scenario/keys.h"
#include "src/sim/scenario/random_scenario.h"

#define SEEDS_MAX 1000000

/* Prints a failing seed, how to replay it, and the values of its scenario that are not defaults. */
static void print_failure(const skad_sim_scenario *scenario, const skad_sim_outcome *outcome)
{
    skad_sim_scenario usual;
    skad_sim_row_text row;
    skad_sim_row_text other;
    skad_sim_scenario_default(&usual);
    printf("seed %" PRIu64 ": %s\n  replay: skad sim fuzz --seeds %" PRIu64 "..%" PRIu64 "\n ",
           scenario->seed, outcome->reason, scenario->seed, scenario->seed);
    for (size_t i = 0; skad_sim_scenario_row(scenario, i, &row); i++) {
        (void)skad_sim_scenario_row(&usual, i, &other);
        for (size_t at = 0; row.value[at] != 0 || other.value[at] != 0; at++) {
            if (row.value[at] != other.value[at]) {
                printf(" %s=%s", row.key, row.value);
                break;
            }
        }
    }
    printf("\n");
}

static skad_sim_exit judge(const skad_sim_jobs *jobs, const skad_sim_request *request)
{
    size_t failed = 0;
    size_t unfinished = 0;
    double simulated_s = 0;
    uint64_t events = 0;
    for (size_t i = 0; i < jobs->count; i++) {
        const skad_sim_outcome *outcome = &jobs->outcomes[i];
        failed += outcome->failed;
        unfinished += outcome->incomplete && !outcome->failed;
        simulated_s += outcome->simulated_s;
        events += outcome->counters.events;
        if (outcome->failed) {
            print_failure(&jobs->scenarios[i], outcome);
        }
    }
    size_t passed = jobs->count - failed - unfinished;
    printf("seeds %" PRIu64 "..%" PRIu64
           ": %zu passed, %zu failed, %zu not finished; %.0f simulated "
           "hours, %" PRIu64 " events\n",
           request->seed_from, request->seed_to, passed, failed, unfinished, simulated_s / 3600,
           events);
    if (request->json) {
        printf("{\"command\":\"fuzz\",\"crypto\":\"%s\",\"seed_from\":%" PRIu64
               ",\"seed_to\":%" PRIu64 ",\"passed\":%zu,\"failed\":%zu,\"incomplete\":%s}\n",
               skad_sim_crypto(), request->seed_from, request->seed_to, passed, failed,
               unfinished > 0 ? "true" : "false");
    }
    return failed + unfinished == 0 ? SKAD_SIM_EXIT_DONE : SKAD_SIM_EXIT_FAILED;
}

static skad_sim_exit run(skad_sim_request *request)
{
    uint64_t count = request->seed_to - request->seed_from + 1;
    if (count > SEEDS_MAX) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, "--seeds: a million at most");
    }
    skad_sim_scenario *scenarios = skad_sim_alloc((size_t)count, sizeof *scenarios);
    skad_sim_outcome *outcomes = skad_sim_alloc((size_t)count, sizeof *outcomes);
    for (uint64_t i = 0; i < count; i++) {
        skad_sim_random_scenario(request->seed_from + i, &scenarios[i]);
    }
    skad_sim_jobs jobs = {.scenarios = scenarios,
                          .count = (size_t)count,
                          .parallel = request->jobs,
                          .outcomes = outcomes};
    (void)skad_sim_jobs_run(&jobs);
    skad_sim_exit code = judge(&jobs, request);
    free(scenarios);
    free(outcomes);
    return code;
}

const skad_sim_command skad_sim_command_fuzz = {
    .name = "fuzz",
    .usage = "fuzz [--seeds A..B] [--jobs N] [--json]",
    .summary = "Run random scenarios with random faults, and check all invariants",
    .details =
        "Each seed is a small network with its own mixture of loss, damage, partitions, NATs,\n"
        "churn, crashes and adversaries. After each step the node concerned is checked; once\n"
        "the faults have ended, the network must recover. Prints the failing seeds, and the\n"
        "command that replays each.",
    .takes_seeds = true,
    .run = run,
};
