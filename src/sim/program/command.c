#include "src/sim/program/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/sim/base/memory.h"

/* The least memory of a node; a scenario that cannot fit is refused before anything starts. */
#define NODE_BYTES_MIN 8192.0

skad_sim_exit skad_sim_complain(skad_sim_exit code, const char *sentence)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "skad sim: %s\n", sentence);
    return code;
}

static bool fits_memory(const skad_sim_scenario *scenario)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long bytes = sysconf(_SC_PAGESIZE);
    return pages <= 0 || bytes <= 0 ||
           (double)skad_sim_scenario_count(scenario) * NODE_BYTES_MIN <
               (double)pages * (double)bytes;
}

bool skad_sim_request_spread(skad_sim_request *request, char reason[static SKAD_SIM_REASON_BYTES])
{
    char *seeds = NULL;
    size_t len = 0;
    for (size_t i = 0; i < request->sweep.axes_count; i++) {
        if (strcmp(request->sweep.axes[i].keys, "seed") == 0) {
            return skad_sim_reason(reason, "seed: give one; --worlds counts up from it");
        }
    }
    if (request->worlds == 1) {
        return true;
    }
    const uint64_t first = request->sweep.base.seed;
    FILE *list = skad_sim_must(open_memstream(&seeds, &len));
    for (unsigned i = 0; i < request->worlds; i++) {
        (void)fprintf(list, "%s%" PRIu64, i > 0 ? "," : "", first + i);
    }
    (void)fclose(list);
    bool good = skad_sim_sweep_set(&request->sweep, "seed", seeds, reason);
    request->sweep.base.seed = first;
    free(seeds);
    return good;
}

bool skad_sim_batch_new(const char *command, const skad_sim_request *request, skad_sim_batch *out)
{
    char reason[SKAD_SIM_REASON_BYTES] = "";
    size_t count = skad_sim_sweep_count(&request->sweep);
    *out = (skad_sim_batch){0};
    out->scenarios = skad_sim_alloc(count, sizeof *out->scenarios);
    out->outcomes = skad_sim_alloc(count, sizeof *out->outcomes);
    for (size_t i = 0; i < count; i++) {
        bool good = skad_sim_sweep_at(&request->sweep, i, &out->scenarios[i], reason);
        if (good && !fits_memory(&out->scenarios[i])) {
            (void)snprintf(reason, sizeof reason,
                           "%llu nodes are more than this machine's memory holds",
                           (unsigned long long)skad_sim_scenario_count(&out->scenarios[i]));
            good = false;
        }
        if (!good) {
            (void)skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
            free(out->scenarios);
            free(out->outcomes);
            return false;
        }
    }
    out->jobs = (skad_sim_jobs){.scenarios = out->scenarios,
                                .count = count,
                                .parallel = request->jobs,
                                .outcomes = out->outcomes};
    out->results = (skad_sim_results){.command = command,
                                      .sweep = &request->sweep,
                                      .scenarios = out->scenarios,
                                      .outcomes = out->outcomes,
                                      .count = count};
    return true;
}

skad_sim_exit skad_sim_batch_end(skad_sim_batch *batch, const skad_sim_request *request)
{
    if (request->json) {
        skad_sim_json_results(stdout, &batch->results);
    }
    bool good = skad_sim_report_failures(&batch->results);
    free(batch->scenarios);
    free(batch->outcomes);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        char sentence[128];
        (void)snprintf(sentence, sizeof sentence, "cannot write to stdout: %s", strerror(errno));
        return skad_sim_complain(SKAD_SIM_EXIT_FAILED, sentence);
    }
    return good ? SKAD_SIM_EXIT_DONE : SKAD_SIM_EXIT_FAILED;
}
