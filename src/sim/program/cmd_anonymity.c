/* skad sim anonymity: how often curious nodes find out who asks, and how much of it is left hidden,
 * for lookups that their asker makes itself and for those that others forward. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/batch.h"
#include "src/sim/report/record.h"
#include "src/sim/report/stats.h"
#include "src/sim/scenario/keys.h"

/* Swept keys with columns of their own. */
#define OWN_KEYS "seed curious adversary_share forward"

static void prepare(skad_sim_scenario *scenario)
{
    char reason[SKAD_SIM_REASON_BYTES];
    (void)skad_sim_scenario_set(scenario, "curious", "anywhere", reason);
    scenario->adversary_share = 0.2;
    scenario->lookups = 1000;
    scenario->lookup_every_ms = 200;
    scenario->forward_chains = 1;
    scenario->replacements = 80; /* room for those around a target: a daemon has it, too */
    scenario->warmup_s = 2400;   /* nodes have the tokens of their contacts by then */
    scenario->duration_s = 3600;
}

/* Both kinds of lookups, unless one of them was chosen. */
static bool compare_both(skad_sim_request *request)
{
    char reason[SKAD_SIM_REASON_BYTES];
    return skad_sim_record_is_swept(&request->sweep, "forward") || request->sweep.base.forward ||
           skad_sim_sweep_set(&request->sweep, "forward", "no,yes", reason);
}

static const char *value_of(const skad_sim_scenario *scenario, const char *key,
                            skad_sim_row_text *row)
{
    const bool found = skad_sim_scenario_row(scenario, skad_sim_scenario_find(key), row);
    return found ? row->value : "";
}

static void print_row(const skad_sim_batch *batch, size_t i, skad_sim_summary *summary)
{
    const skad_sim_scenario *scenario = &batch->scenarios[i];
    skad_sim_row_text where;
    char identified[SKAD_SIM_SHARE_BYTES];
    skad_sim_summarise(scenario, &batch->outcomes[i], batch->results.worlds, summary);
    const skad_sim_outcome *sum = &summary->sum;
    const skad_sim_anonymity *it = &sum->anonymity;
    const skad_sim_estimate *bits = &summary->estimates[SKAD_SIM_ANONYMITY_BITS];
    const bool looks = sum->lookups.ended > 0;
    const skad_sim_costs costs = skad_sim_costs_of(sum, looks ? SKAD_SIM_LOOKUPS : SKAD_SIM_GETS);
    const skad_sim_measure success = looks ? SKAD_SIM_LOOKUP_SUCCESS : SKAD_SIM_GET_SUCCESS;
    const skad_sim_measure requests = looks ? SKAD_SIM_LOOKUP_RPCS : SKAD_SIM_GET_RPCS;
    skad_sim_estimate_text(&summary->estimates[SKAD_SIM_ANONYMITY_IDENTIFIED], identified);
    skad_sim_report_swept(batch->results.sweep, OWN_KEYS, scenario);
    printf("%5.2f %-8s %-7s %8" PRIu64 " %5.1f  %s  %7.1f  ", scenario->adversary_share,
           value_of(scenario, "curious", &where), scenario->forward ? "yes" : "no", it->judged,
           100 * skad_sim_share(it->seen, it->judged), identified,
           100 * skad_sim_share(it->identified, it->seen));
    printf("%5.2f  %5.2f to %5.2f %5.2f  ", bits->value, bits->interval.low, bits->interval.high,
           skad_sim_share(it->millibits_whole, it->judged) / 1000);
    printf("%7.2f %6.0f %6.0f %6.1f %6.1f\n", 100 * summary->estimates[success].value, costs.ms[0],
           costs.ms[1], summary->estimates[requests].value,
           100 * summary->estimates[SKAD_SIM_FORWARD_COPIES].value);
}

static void print_table(const skad_sim_batch *batch)
{
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    skad_sim_report_swept_head(batch->results.sweep, OWN_KEYS);
    printf("%5s %-8s %-7s %8s %5s  %6s  %16s  %7s  ", "m", "where", "forward", "judged", "seen",
           "named", "95 %", "of seen");
    printf("%5s  %14s %5s  %7s %6s %6s %6s %6s\n", "bits", "95 %", "of", "success", "p50", "p90",
           "RPCs", "copies");
    for (size_t i = 0; i < batch->jobs.count; i += batch->results.worlds) {
        print_row(batch, i, summary);
    }
    free(summary);
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    if (!compare_both(request)) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, "forward: give yes, no or both");
    }
    skad_sim_exit code = skad_sim_batch_new("anonymity", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    skad_sim_report_setting(&request->sweep);
    skad_sim_report_method(&batch.results, SKAD_SIM_ANONYMITY_IDENTIFIED);
    printf(
        "seen: lookups of which a request came to one of the curious; named: whose asker had\n"
        "sent the first such request; of seen: the same, of those that were seen; bits: left\n"
        "of the asker's identity, of as many; RPCs: requests of a lookup, of all nodes; copies:\n"
        "gets that a node answered which is not responsible for the value\n\n");
    skad_sim_batch_run(&batch);
    if (batch.whole) {
        print_table(&batch);
    }
    return skad_sim_batch_end(&batch);
}

const skad_sim_command skad_sim_command_anonymity = {
    .name = "anonymity",
    .usage = "anonymity [--fraction M] [--where W] [--forward F] [--worlds W] [OPTION]...",
    .summary = "Measure how often curious nodes find out who asks",
    .details =
        "A share of the nodes does what honest nodes do, and tells each other who asked them for\n"
        "what. They take the sender of the first request that they see for the asker, and know\n"
        "how likely that is by its budget, its time, and how near both ends are to the target.\n"
        "docs/anonymity.md has the figures and what they mean.",
    .worlds = 5,
    .prepare = prepare,
    .run = run,
    .options =
        {
            {"nodes", "nodes", "N", "how many, the curious included (default: 1000)", 0},
            {"fraction", "adversary_share", "M", "share of the curious (default: 0.2)", 0},
            {"where", "curious", "W", "anywhere (default), target, asker", 0},
            {"forward", "forward", "F", "yes: forwarded ones alone (default: both kinds)", 0},
            {"chains", "forward_chains", "C", "that a forwarded one waits for (default: 1)", 0},
            {"by-lot", "forward_by_lot", "L", "first hops by lot: yes (default), no", 0},
            {"padded", "forward_padded", "P", "budget and time by lot: yes (default), no", 0},
            {"lookups", "lookups", "L", "in each world (default: 1000)", 0},
            {"values", "values", "V", "to get, with --set get_every_ms=MS (default: 0)", 0},
        },
};
