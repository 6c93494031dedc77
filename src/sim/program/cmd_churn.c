/* skad sim churn: the experiment of "Kademlia in Rust under churn". What share of gets succeeds
 * while nodes come and go, over their mean time up. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/batch.h"
#include "src/sim/report/stats.h"

static void prepare(skad_sim_scenario *scenario)
{
    scenario->nodes = 400;
    scenario->build = SKAD_SIM_JOINED;
    scenario->churn = SKAD_SIM_EXPONENTIAL;
    scenario->uptime_min = 10;
    scenario->values = 20;
    scenario->mutables = 5;
    scenario->get_every_ms = 6000;
    scenario->warmup_s = 3600;
    scenario->duration_s = 3600;
}

#define OWN_KEYS                                                                                   \
    "seed uptime_min k siblings paths alpha" /* swept keys with columns of their own               \
                                              */

static void print_row(const skad_sim_batch *batch, size_t i, skad_sim_summary *summary)
{
    const skad_sim_scenario *scenario = &batch->scenarios[i];
    char share[SKAD_SIM_SHARE_BYTES];
    skad_sim_summarise(scenario, &batch->outcomes[i], batch->results.worlds, summary);
    const skad_sim_outcome *outcome = &summary->sum;
    const skad_sim_gets *it = &outcome->gets;
    skad_sim_estimate_text(&summary->estimates[SKAD_SIM_GET_SUCCESS], share);
    skad_sim_report_swept(batch->results.sweep, OWN_KEYS, scenario);
    double total_s = outcome->simulated_s;
    printf("%7g %3" PRIu64 " %2" PRIu64 " %2" PRIu64 " %7" PRIu64 "  %s %6" PRIu64 " %6" PRIu64
           " %5" PRIu64 " %6" PRIu64 " %6.1f %9" PRIu64 " %8.0f\n",
           scenario->uptime_min, scenario->k, scenario->paths, scenario->alpha, it->ended, share,
           it->missed, it->lost, it->wrong, it->silent, skad_sim_share(it->rpcs, it->ended),
           outcome->departures, outcome->real_s > 0 ? total_s / outcome->real_s : 0);
}

static void print_table(const skad_sim_batch *batch)
{
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    skad_sim_report_swept_head(batch->results.sweep, OWN_KEYS);
    printf("%7s %3s %2s %2s %7s  %7s  %16s %6s %6s %5s %6s %6s %9s %8s\n", "up min", "k", "d", "a",
           "gets", "right", "95 %", "missed", "lost", "wrong", "silent", "RPCs", "crashes",
           "speed");
    for (size_t i = 0; i < batch->jobs.count; i += batch->results.worlds) {
        print_row(batch, i, summary);
    }
    free(summary);
    skad_sim_report_costs(&batch->results);
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    skad_sim_exit code = skad_sim_batch_new("churn", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    skad_sim_report_setting(&request->sweep);
    skad_sim_report_method(&batch.results, SKAD_SIM_GET_SUCCESS);
    printf(
        "right: gets that returned the value; missed: not found, though a node that was up held\n"
        "it; lost: not found, and none did; speed: simulated over real time\n\n");
    skad_sim_batch_run(&batch);
    if (batch.whole) {
        print_table(&batch);
    }
    return skad_sim_batch_end(&batch);
}
const skad_sim_command skad_sim_command_churn = {
    .name = "churn",
    .usage = "churn [--nodes N] [--uptime MINUTES] [--k K] [--alpha A] [--hours H] [OPTION]...",
    .summary = "Measure how gets fare while nodes come and go",
    .details =
        "By default 400 nodes, each up and then down for exponentially distributed times of\n"
        "equal mean; who comes back has lost its records, and joins through node 0, which never\n"
        "leaves and announces 25 values hourly. After an hour to settle, one node asks for one\n"
        "of them every six seconds.",
    .worlds = 5,
    .prepare = prepare,
    .run = run,
    .options =
        {
            {"nodes", "nodes", "N", "how many, up or down (default: 400)", 0},
            {"uptime", "uptime_min", "MINUTES", "mean time up, and down (default: 10)", 0},
            {"k", "k siblings", "K", "bucket size and holders (default: 16)", 0},
            {"alpha", "alpha", "A", "concurrent queries on a path (default: 1)", 0},
            {"paths", "paths", "D", "disjoint paths (default: 4)", 0},
            {"hours", "duration_s", "H", "measured, after one to settle (default: 1)", 3600},
        },
};
