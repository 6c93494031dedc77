/* skad sim build: how long it takes to build a world, and how large the world is. */
#include <stdio.h>

#include "src/sim/program/batch.h"

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    skad_sim_exit code = skad_sim_batch_new("build", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    batch.jobs.build_only = true;
    batch.jobs.parallel = request->jobs > 0 ? request->jobs : 1;
    skad_sim_report_setting(&request->sweep);
    skad_sim_batch_run(&batch);
    printf("\n");
    skad_sim_report_swept_head(&request->sweep, "nodes k");
    printf("%9s %4s %9s %13s %11s\n", "nodes", "k", "seconds", "bytes a node", "peers each");
    for (size_t i = 0; i < batch.jobs.count; i++) {
        skad_sim_report_swept(&request->sweep, "nodes k", &batch.scenarios[i]);
        printf("%9llu %4llu %9.3f %13.0f %11.1f\n", (unsigned long long)batch.scenarios[i].nodes,
               (unsigned long long)batch.scenarios[i].k, batch.outcomes[i].build_s,
               batch.outcomes[i].bytes_per_node, batch.outcomes[i].peers_per_node);
    }
    return skad_sim_batch_end(&batch);
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
