/* skad sim run: one scenario from a file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/sim/program/command.h"
#include "src/sim/report/output.h"
#include "src/sim/report/stats.h"

typedef struct run_output {
    skad_sim_output output;
    const skad_sim_scenario *scenario;
} run_output;

static bool report(const skad_sim_outcome *so_far, void *user)
{
    run_output *self = user;
    return skad_sim_output_line(&self->output, "report", self->scenario, so_far);
}

static void print_share(const char *what, uint64_t part, uint64_t all)
{
    char share[SKAD_SIM_SHARE_BYTES];
    skad_sim_share_text(part, all, share);
    printf("  %-34s %s %%\n", what, share);
}

static void print_durations(const skad_sim_durations *it)
{
    char durations[SKAD_SIM_DURATIONS_BYTES];
    skad_sim_durations_text(it, durations);
    printf("  %s\n", durations);
}

static void print_lookups(const skad_sim_lookups *it)
{
    printf("lookups %" PRIu64 ": %.1f RPCs, %.0f ms each\n", it->ended,
           skad_sim_share(it->rpcs, it->ended), skad_sim_share(it->us, it->ended) / 1000);
    print_durations(&it->durations);
    print_share("found the nearest honest node", it->nearest, it->ended);
    print_share("exact", it->exact, it->ended);
    print_share("of the s nearest honest nodes", it->siblings_found, it->siblings_true);
    print_share("captured: adversaries only", it->captured, it->ended);
    print_share("noticed a dense neighbourhood", it->dense, it->ended);
    printf("  hops of the nearest:");
    for (size_t hop = 0; hop < SKAD_SIM_HOPS; hop++) {
        printf(" %" PRIu64, it->hops[hop]);
    }
    printf("\n");
}

static void print_gets(const skad_sim_gets *it)
{
    printf("gets %" PRIu64 ": %.1f RPCs each\n", it->ended, skad_sim_share(it->rpcs, it->ended));
    print_durations(&it->durations);
    print_share("right", it->right, it->ended);
    printf("  missed %" PRIu64 ", lost %" PRIu64 ", stale %" PRIu64 ", wrong %" PRIu64
           ", silent %" PRIu64 "\n",
           it->missed, it->lost, it->stale, it->wrong, it->silent);
    print_share("noticed a dense neighbourhood", it->dense, it->ended);
}

static void print_captured(const skad_sim_captured_key *it)
{
    printf("the key: %" PRIu32 " honest holders after the put, %" PRIu32 " before the late gets\n",
           it->holders, it->holders_late);
    print_share("right soon after the put", it->early_right, it->early);
    print_share("right later", it->late_right, it->late);
}

static void print_tables(const skad_sim_scenario *scenario, const skad_sim_outcome *it)
{
    if (it->places.all > 0) {
        printf("tables of honest nodes\n");
        print_share("places that adversaries have", it->places.hostile, it->places.all);
    }
    if (it->places.all > 0 &&
        (scenario->aim != SKAD_SIM_AT_KEY || scenario->asker != SKAD_SIM_ALL_ASK)) {
        print_share("the same, in the victim's table", it->victim.hostile, it->victim.peers);
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

static void print_outcome(const skad_sim_scenario *scenario, const skad_sim_outcome *it)
{
    if (it->lookups.ended > 0) {
        print_lookups(&it->lookups);
    }
    if (it->gets.ended > 0) {
        print_gets(&it->gets);
    }
    if (it->puts > 0) {
        printf("puts %" PRIu64 "\n", it->puts);
        print_durations(&it->puts_durations);
        print_share("stored at one holder at least", it->puts_stored, it->puts);
        print_share("noticed a dense neighbourhood", it->puts_dense, it->puts);
    }
    if (scenario->capture != SKAD_SIM_NOTHING) {
        print_captured(&it->captured);
    }
    print_tables(scenario, it);
    print_world(scenario, it);
}

static skad_sim_exit fail_output(const char *path, int error)
{
    char sentence[512];
    (void)snprintf(sentence, sizeof sentence, "cannot write %.200s: %s", path, strerror(error));
    return skad_sim_complain(SKAD_SIM_EXIT_FAILED, sentence);
}

static skad_sim_exit end_output(skad_sim_request *request, run_output *self,
                                const skad_sim_outcome *outcome)
{
    bool whole = !outcome->failed && !outcome->incomplete;
    (void)skad_sim_output_line(&self->output, "result", self->scenario, outcome);
    return skad_sim_output_close(&self->output, whole)
               ? SKAD_SIM_EXIT_DONE
               : fail_output(request->out, self->output.error);
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    if (!skad_sim_batch_new("run", request, &batch)) {
        return SKAD_SIM_EXIT_USAGE;
    }
    run_output self = {.scenario = &batch.scenarios[0]};
    skad_sim_exit written = SKAD_SIM_EXIT_DONE;
    if (request->out != NULL) {
        if (batch.jobs.count > 1) {
            (void)skad_sim_batch_end(&batch, &(skad_sim_request){0});
            return skad_sim_complain(SKAD_SIM_EXIT_USAGE, "--out: of one experiment, not of lists");
        }
        if (!skad_sim_output_open(&self.output, request->out, self.scenario)) {
            return fail_output(request->out, self.output.error);
        }
        batch.jobs.report = report;
        batch.jobs.user = &self;
    }
    skad_sim_report_setting(&request->sweep);
    (void)skad_sim_jobs_run(&batch.jobs);
    for (size_t i = 0; i < batch.jobs.count; i++) {
        printf("\n");
        print_outcome(&batch.scenarios[i], &batch.outcomes[i]);
    }
    if (request->out != NULL) {
        written = end_output(request, &self, &batch.outcomes[0]);
    }
    skad_sim_exit code = skad_sim_batch_end(&batch, request);
    return code != SKAD_SIM_EXIT_DONE ? code : written;
}

const skad_sim_command skad_sim_command_run = {
    .name = "run",
    .usage = "run SCENARIO.conf [--out FILE] [OPTION]...",
    .summary = "Run one scenario",
    .details = "docs/scenarios has examples; 'skad sim keys' tells what may be in them.",
    .argument = "SCENARIO.conf",
    .takes_out = true,
    .run = run,
};
