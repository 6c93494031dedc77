/* skad sim build: how long it takes to build a world, and how large the world is. */
#include <stdio.h>

#include "src/sim/program/command.h"

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    if (!skad_sim_batch_new("build", request, &batch)) {
        return SKAD_SIM_EXIT_USAGE;
    }
    batch.jobs.build_only = true;
    batch.jobs.parallel = request->jobs > 0 ? request->jobs : 1;
    skad_sim_report_setting(&request->sweep);
    (void)skad_sim_jobs_run(&batch.jobs);
    printf("\n%9s %4s %9s %13s %11s\n", "nodes", "k", "seconds", "bytes a node", "peers each");
    for (size_t i = 0; i < batch.jobs.count; i++) {
        printf("%9llu %4llu %9.3f %13.0f %11.1f\n", (unsigned long long)batch.scenarios[i].nodes,
               (unsigned long long)batch.scenarios[i].k, batch.outcomes[i].build_s,
               batch.outcomes[i].bytes_per_node, batch.outcomes[i].peers_per_node);
    }
    return skad_sim_batch_end(&batch, request);
}

const skad_sim_command skad_sim_command_build = {
    .name = "build",
    .usage = "build --nodes N [--k K] [OPTION]...",
    .summary = "Make a world and tell how long that takes and how large it is",
    .details = "Seconds are of real time, until all nodes are there and their tables are full.\n"
               "Bytes are all that the program has allocated, divided by the nodes.",
    .run = run,
    .options =
        {
            {"nodes", "nodes", "N", "how many (default: 1000)", 0},
            {"k", "k", "K", "bucket size, 16 to 20: holders stay 16 (default: 16)", 0},
        },
};
