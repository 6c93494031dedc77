/* skad sim adversary: S/Kademlia's experiment. What share of lookups finds the nearest honest node
 * when a share of the nodes is hostile, over d disjoint paths; beside it the paper's model,
 * computed from the hop distribution that the same network has without adversaries. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/batch.h"
#include "src/sim/report/stats.h"
#include "src/sim/scenario/keys.h"

#define OWN_KEYS "seed adversary_share paths" /* swept keys with columns of their own */

static void prepare(skad_sim_scenario *scenario)
{
    scenario->nodes = 10000;
    scenario->adversary = SKAD_SIM_COLLUDE;
    scenario->adversary_share = 0.2;
    scenario->lookups = 1000;
    scenario->lookup_every_ms = 10;
    scenario->duration_s = 3600;
}

/* The same experiment without adversaries, which the model's hop distribution comes from. */
static bool same_but_honest(const skad_sim_scenario *a, const skad_sim_scenario *b)
{
    skad_sim_row_text one;
    skad_sim_row_text other;
    bool same = b->adversary_share <= 0;
    for (size_t i = 0; same && skad_sim_scenario_row(a, i, &one); i++) {
        (void)skad_sim_scenario_row(b, i, &other);
        same = strcmp(one.key, "adversary_share") == 0 || strcmp(one.value, other.value) == 0;
    }
    return same;
}

static const skad_sim_outcome *honest_twin(const skad_sim_batch *batch, size_t i)
{
    for (size_t j = 0; j < batch->jobs.count; j++) {
        if (same_but_honest(&batch->scenarios[i], &batch->scenarios[j])) {
            return &batch->outcomes[j];
        }
    }
    return NULL;
}

static void print_row(const skad_sim_batch *batch, size_t i, skad_sim_summary *summary)
{
    const skad_sim_scenario *scenario = &batch->scenarios[i];
    const skad_sim_outcome *twin = honest_twin(batch, i);
    char share[SKAD_SIM_SHARE_BYTES];
    char model[16] = "-";
    skad_sim_summarise(scenario, &batch->outcomes[i], batch->results.worlds, summary);
    const skad_sim_lookups *it = &summary->sum.lookups;
    skad_sim_estimate_text(&summary->estimates[SKAD_SIM_LOOKUP_SUCCESS], share);
    skad_sim_report_swept(batch->results.sweep, OWN_KEYS, scenario);
    if (twin != NULL && twin->lookups.ended > 0) {
        (void)snprintf(model, sizeof model, "%.2f",
                       100 * skad_sim_path_model(twin->lookups.hops, scenario->adversary_share,
                                                 (unsigned)scenario->paths));
    }
    printf("%5.2f %2" PRIu64 " %8" PRIu64 "  %s  %6s %7.2f %8.2f %6.1f %7.0f  ",
           scenario->adversary_share, scenario->paths, it->ended, share, model,
           100 * skad_sim_share(it->siblings_found, it->siblings_true),
           100 * skad_sim_share(it->captured, it->ended), skad_sim_share(it->rpcs, it->ended),
           skad_sim_share(it->us, it->ended) / 1000);
    for (size_t hop = 0; hop < 8; hop++) {
        printf(" %" PRIu64, it->hops[hop]);
    }
    printf("\n");
}

static void print_table(const skad_sim_batch *batch)
{
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    skad_sim_report_swept_head(batch->results.sweep, OWN_KEYS);
    printf("%5s %2s %8s  %7s  %16s  %6s %7s %8s %6s %7s   %s\n", "m", "d", "lookups", "success",
           "95 %", "model", "recall", "captured", "RPCs", "ms", "hops 0 1 2 ...");
    for (size_t i = 0; i < batch->jobs.count; i += batch->results.worlds) {
        print_row(batch, i, summary);
    }
    free(summary);
    skad_sim_report_costs(&batch->results);
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    skad_sim_exit code = skad_sim_batch_new("adversary", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    skad_sim_report_setting(&request->sweep);
    skad_sim_report_method(&batch.results, SKAD_SIM_LOOKUP_SUCCESS);
    printf(
        "success: lookups that return the nearest honest node; model: at least one of d paths is\n"
        "clean, from the hops without adversaries; recall: of the s nearest honest nodes; hops:\n"
        "lookups by the answers between the asker and the first mention of the nearest\n\n");
    skad_sim_batch_run(&batch);
    if (batch.whole) {
        print_table(&batch);
    }
    return skad_sim_batch_end(&batch);
}
const skad_sim_command skad_sim_command_adversary = {
    .name = "adversary",
    .usage = "adversary [--nodes N] [--fraction M] [--paths D] [--lookups L] [OPTION]...",
    .summary = "Measure how lookups fare when a share of the nodes is hostile",
    .details =
        "By default the setting of S/Kademlia's evaluation: 10,000 nodes, k = s = 16, alpha = 1,\n"
        "no churn, adversaries that name nothing but the colluders closest to the target. The\n"
        "paper's whole figure: skad sim adversary --fraction 0:0.9:0.05 --paths 1,2,4,8\n"
        "The model is printed where --fraction includes 0.",
    .worlds = 1,
    .prepare = prepare,
    .run = run,
    .options =
        {
            {"nodes", "nodes", "N", "how many, adversaries included (default: 10000)", 0},
            {"fraction", "adversary_share", "M", "share of adversaries (default: 0.2)", 0},
            {"paths", "paths", "D", "disjoint paths (default: 4)", 0},
            {"lookups", "lookups", "L", "in all (default: 1000)", 0},
            {"k", "k siblings", "K", "bucket size and holders (default: 16)", 0},
            {"alpha", "alpha", "A", "concurrent queries on a path (default: 1)", 0},
            {"behaviour", "adversary", "B",
             "see 'skad sim adversaries' (default: collude); A:0.5,B:0.5 mixes", 0},
        },
};
