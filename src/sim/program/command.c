#include "src/sim/program/command.h"

#include <errno.h>
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
           (double)scenario->nodes * NODE_BYTES_MIN < (double)pages * (double)bytes;
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
                           (unsigned long long)out->scenarios[i].nodes);
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
