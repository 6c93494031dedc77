/* skad sim reality: the same experiment in virtual time and live, on UDP sockets with real
 * signatures and the machine's clock, and whether their intervals overlap. */
#include <stdio.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/batch.h"
#include "src/sim/report/agreement.h"

static void prepare(skad_sim_scenario *scenario)
{
    scenario->nodes = 100;
    scenario->adversary = SKAD_SIM_COLLUDE;
    scenario->adversary_share = 0.2;
    scenario->latency_ms = 20; /* so that what the machine adds is little beside it */
    scenario->latency_max_ms = 60;
    scenario->lookups = 120;
    scenario->lookup_every_ms = 60;
    scenario->values = 4;
    scenario->mutables = 4;
    scenario->get_every_ms = 100;
    scenario->duration_s = 9;
}

/* Live is the axis before the worlds: the first half of the experiments is virtual. */
static bool told(const skad_sim_batch *batch)
{
    const size_t worlds = batch->results.worlds;
    skad_sim_summary *virtual = skad_sim_alloc(1, sizeof *virtual);
    skad_sim_summary *live = skad_sim_alloc(1, sizeof *live);
    skad_sim_summarise(batch->scenarios, batch->outcomes, worlds, virtual);
    skad_sim_summarise(&batch->scenarios[worlds], &batch->outcomes[worlds], worlds, live);
    const bool agree = skad_sim_agreement(stdout, virtual, live);
    free(virtual);
    free(live);
    return agree;
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    char reason[SKAD_SIM_REASON_BYTES];
    if (request->sweep.axes_count > 0) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE,
                                 "reality: give single values: it compares one experiment with "
                                 "itself");
    }
    if (!skad_sim_sweep_set(&request->sweep, "live", "no,yes", reason)) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    }
    request->jobs = 1; /* live nodes of two worlds would take each other's processor */
    skad_sim_exit code = skad_sim_batch_new("reality", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    skad_sim_report_setting(&request->sweep);
    printf(
        "virtual: links and clock are simulated; live: UDP over 127.0.0.1 behind the same links, "
        "in real time\n\n");
    skad_sim_batch_run(&batch);
    const bool agree = !batch.whole || told(&batch);
    code = skad_sim_batch_end(&batch);
    if (code == SKAD_SIM_EXIT_DONE && !agree) {
        code = skad_sim_complain(SKAD_SIM_EXIT_FAILED,
                                 "reality: some intervals lie apart: try again on a machine with "
                                 "nothing else to do, and if they do again, report it");
    }
    return code;
}

const skad_sim_command skad_sim_command_reality = {
    .name = "reality",
    .usage = "reality [--nodes N] [--fraction M] [--behaviour B] [--worlds W] [OPTION]...",
    .summary = "Run one experiment in virtual time and live, and compare",
    .details =
        "Live, each node has a UDP socket on 127.0.0.1, signatures are real, and time is the\n"
        "machine's; adversaries do what simulated ones do, by the same code. Nothing leaves the\n"
        "machine. Success and requests of lookups and gets must have intervals that overlap, or\n"
        "the exit code is 1. A live world takes as long as it says: --set duration_s (9 s).",
    .worlds = 4,
    .prepare = prepare,
    .run = run,
    .options =
        {
            {"nodes", "nodes", "N", "how many, adversaries included, up to 500 (default: 100)", 0},
            {"fraction", "adversary_share", "M", "share of adversaries (default: 0.2)", 0},
            {"behaviour", "adversary", "B", "see 'skad sim adversaries' (default: collude)", 0},
            {"lookups", "lookups", "L", "in all, one each 60 ms (default: 120)", 0},
        },
};
