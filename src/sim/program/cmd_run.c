/* skad sim run: one scenario from a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/batch.h"
#include "src/sim/report/captures.h"
#include "src/sim/report/stats.h"

static void print_estimate(const char *what, const skad_sim_summary *summary,
                           skad_sim_measure measure)
{
    char share[SKAD_SIM_SHARE_BYTES];
    skad_sim_estimate_text(&summary->estimates[measure], share);
    printf("  %-34s %s %%\n", what, share);
}

static void print_costs(const skad_sim_summary *summary, skad_sim_work work)
{
    const skad_sim_costs it = skad_sim_costs_of(&summary->sum, work);
    printf("  %-34s p50 %.0f, p90 %.0f, p99 %.0f\n", "milliseconds", it.ms[0], it.ms[1], it.ms[2]);
    printf("  %-34s p50 %" PRIu64 ", p90 %" PRIu64 ", p99 %" PRIu64 "\n", "requests",
           it.requests[0], it.requests[1], it.requests[2]);
    printf("  %-34s p50 %" PRIu64 ", p90 %" PRIu64 ", p99 %" PRIu64 "\n", "hops", it.hops[0],
           it.hops[1], it.hops[2]);
}

static void print_lookups(const skad_sim_summary *summary)
{
    const skad_sim_lookups *it = &summary->sum.lookups;
    printf("lookups %" PRIu64 ": %.1f RPCs, %.0f ms each\n", it->ended,
           skad_sim_share(it->rpcs, it->ended), skad_sim_share(it->us, it->ended) / 1000);
    print_costs(summary, SKAD_SIM_LOOKUPS);
    print_estimate("found the nearest honest node", summary, SKAD_SIM_LOOKUP_SUCCESS);
    print_estimate("exact", summary, SKAD_SIM_LOOKUP_EXACT);
    print_estimate("of the s nearest honest nodes", summary, SKAD_SIM_LOOKUP_RECALL);
    print_estimate("captured: adversaries only", summary, SKAD_SIM_LOOKUP_CAPTURED);
    print_estimate("noticed a dense neighbourhood", summary, SKAD_SIM_LOOKUP_NOTICED);
    print_estimate("detector of NDSS 2024 notices", summary, SKAD_SIM_LOOKUP_DIVERGED);
    printf("  hops of the nearest:");
    for (size_t hop = 0; hop < SKAD_SIM_HOPS; hop++) {
        printf(" %" PRIu64, it->hops[hop]);
    }
    printf("\n");
}

static void print_gets(const skad_sim_summary *summary)
{
    const skad_sim_gets *it = &summary->sum.gets;
    printf("gets %" PRIu64 ": %.1f RPCs each\n", it->ended, skad_sim_share(it->rpcs, it->ended));
    print_costs(summary, SKAD_SIM_GETS);
    print_estimate("right", summary, SKAD_SIM_GET_SUCCESS);
    printf("  missed %" PRIu64 ", lost %" PRIu64 ", stale %" PRIu64 ", wrong %" PRIu64
           ", silent %" PRIu64 "\n",
           it->missed, it->lost, it->stale, it->wrong, it->silent);
    print_estimate("noticed a dense neighbourhood", summary, SKAD_SIM_GET_NOTICED);
}

/* Of the hops that were counted the median, and the one that the table's density lets expect. */
static void print_forwarding(const skad_sim_scenario *scenario, const skad_sim_summary *summary)
{
    const skad_sim_forwarding *it = &summary->sum.forwarding;
    const bool gets = summary->sum.gets.ended > 0;
    const uint64_t median =
        skad_sim_hops_at(gets ? summary->sum.gets.hops : summary->sum.lookups.hops, 0.5);
    printf("forwarded %" PRIu64 ": %.2f requests each in the whole network\n", it->errands,
           skad_sim_share(it->requests, it->errands));
    printf("  %-34s %" PRIu64 ", predicted %.0f\n", "hops, median", median,
           skad_sim_chain_model(scenario));
    printf("  %-34s %.1f %% of %" PRIu64 "\n", "values that were given by a copy",
           100 * skad_sim_share(it->copies, it->values), it->values);
}

static void print_puts(const skad_sim_summary *summary)
{
    printf("puts %" PRIu64 "\n", summary->sum.puts.ended);
    print_costs(summary, SKAD_SIM_PUTS);
    print_estimate("stored at one holder at least", summary, SKAD_SIM_PUT_SUCCESS);
    print_estimate("noticed a dense neighbourhood", summary, SKAD_SIM_PUT_NOTICED);
}

static void print_share(const char *what, const skad_sim_estimate *estimate)
{
    char share[SKAD_SIM_SHARE_BYTES];
    skad_sim_estimate_text(estimate, share);
    printf("  %-34s %s %%\n", what, share);
}

static void print_captured(const skad_sim_capture_sum *it)
{
    printf("the key: %.1f honest holders after the put, %.1f before the late gets\n", it->holders,
           it->holders_late);
    print_share("right soon after the put", &it->early);
    print_share("right later", &it->late);
}

static void print_swept(const skad_sim_batch *batch, const skad_sim_scenario *scenario)
{
    const char *own = batch->results.worlds > 1 ? "seed" : "";
    skad_sim_report_swept_head(batch->results.sweep, own);
    printf("\n");
    skad_sim_report_swept(batch->results.sweep, own, scenario);
    printf("\n");
}

static void print_part(const char *what, uint64_t part, uint64_t all)
{
    printf("  %-34s %.1f %%\n", what, 100 * skad_sim_share(part, all));
}

static void print_tables(const skad_sim_scenario *scenario, const skad_sim_outcome *it)
{
    if (it->places.all == 0) {
        return;
    }
    printf("tables of honest nodes\n");
    print_part("places that adversaries have", it->places.hostile, it->places.all);
    if (scenario->aim != SKAD_SIM_AT_KEY || scenario->asker != SKAD_SIM_ALL_ASK) {
        print_part("the same, in the victim's table", it->victim.hostile, it->victim.peers);
        printf("  the victim is known to %" PRIu64 " honest nodes\n", it->victim.known_to);
    }
}

static void print_world(const skad_sim_scenario *scenario, const skad_sim_outcome *it)
{
    char fingerprint[SKAD_SIM_FINGERPRINT_BYTES];
    const skad_sim_counters *counters = &it->counters;
    skad_sim_fingerprint_text(&it->fingerprint, fingerprint);
    printf("nodes %" PRIu64 " of %" PRIu64 " up, %" PRIu64 " joined; %.1f peers, %.0f bytes each\n",
           it->up, skad_sim_scenario_count(scenario), it->joined, it->peers_per_node,
           it->bytes_per_node);
    printf("came %" PRIu64 ", went %" PRIu64 "\n", it->arrivals, it->departures);
    printf("datagrams: sent %" PRIu64 ", delivered %" PRIu64 ", lost %" PRIu64 ", nowhere %" PRIu64
           ", shut out %" PRIu64 ", parted %" PRIu64 ", choked %" PRIu64 "\n",
           counters->sent, counters->delivered, counters->lost, counters->unroutable,
           counters->shut_out, counters->partitioned, counters->queue_full);
    if (it->price > 0) {
        printf("the adversary paid %.3g hashes for its identities\n", it->price);
    }
    printf("simulated %.1f s in %.2f s: %.0f times as fast, %.0f datagrams delivered a second; "
           "built in %.2f s\n",
           it->simulated_s, it->real_s, it->real_s > 0 ? it->simulated_s / it->real_s : 0,
           it->real_s > 0 ? (double)counters->delivered / it->real_s : 0, it->build_s);
    printf("event log %s%s\n", fingerprint, it->incomplete ? "; incomplete" : "");
}

/* A setting of several worlds has the figures of all of them, and the event log of each. */
static void print_setting(const skad_sim_batch *batch, size_t first, skad_sim_summary *summary)
{
    const skad_sim_scenario *scenario = &batch->scenarios[first];
    const size_t worlds = batch->results.worlds;
    skad_sim_summarise(scenario, &batch->outcomes[first], worlds, summary);
    if (batch->results.sweep->axes_count > (worlds > 1)) {
        print_swept(batch, scenario);
    }
    if (summary->sum.lookups.ended > 0) {
        print_lookups(summary);
    }
    if (summary->sum.gets.ended > 0) {
        print_gets(summary);
    }
    if (summary->sum.forwarding.errands > 0) {
        print_forwarding(scenario, summary);
    }
    if (summary->sum.puts.ended > 0) {
        print_puts(summary);
    }
    if (scenario->capture != SKAD_SIM_NOTHING) {
        skad_sim_capture_sum sum;
        skad_sim_capture_add_up(scenario, &batch->outcomes[first], worlds, &sum);
        print_captured(&sum);
    }
    print_tables(scenario, &summary->sum);
    for (size_t i = first; i < first + worlds; i++) {
        print_world(scenario, &batch->outcomes[i]);
    }
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    skad_sim_exit code = skad_sim_batch_new("run", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    skad_sim_report_setting(&request->sweep);
    skad_sim_report_method(&batch.results, SKAD_SIM_LOOKUP_SUCCESS);
    skad_sim_report_method(&batch.results, SKAD_SIM_GET_SUCCESS);
    skad_sim_batch_run(&batch);
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    for (size_t i = 0; batch.whole && i < batch.jobs.count; i += batch.results.worlds) {
        printf("\n");
        print_setting(&batch, i, summary);
    }
    free(summary);
    return skad_sim_batch_end(&batch);
}

const skad_sim_command skad_sim_command_run = {
    .name = "run",
    .usage = "run SCENARIO.conf [--worlds W] [--out FILE] [OPTION]...",
    .summary = "Run one scenario",
    .details = "docs/scenarios has examples; 'skad sim keys' tells what may be in them.",
    .argument = "SCENARIO.conf",
    .worlds = 1,
    .run = run,
};
