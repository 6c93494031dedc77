/* skad sim capture: how many identities, ground to lie around its key, own a record. The sample is
 * the world: gets of one world meet the same nodes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/sim/base/cryptography.h"
#include "src/sim/program/command.h"
#include "src/sim/report/captures.h"

static void prepare(skad_sim_scenario *scenario)
{
    const skad_profile *profile = skad_profile_builtin("public");
    scenario->capture = SKAD_SIM_VALUE;
    scenario->adversary = SKAD_SIM_WITHHOLD;
    scenario->placement = SKAD_SIM_NEAREST;
    scenario->ground = 64;
    scenario->get_every_ms = 200;
    scenario->visited = true;
    scenario->warmup_s = 60;
    scenario->group_bucket_max = profile->group_bucket_max;
    scenario->group_table_max = profile->group_table_max;
    scenario->group_path_max = profile->group_path_max;
    scenario->static_bits = profile->static_bits;
    scenario->dynamic_bits = profile->dynamic_bits;
    scenario->memory_kib = profile->memory_kib;
}

static void write_json(const skad_sim_batch *batch, const skad_sim_request *request)
{
    const size_t worlds = request->worlds;
    bool incomplete = false;
    printf("{\"command\":\"capture\",\"crypto\":\"%s\",\"scenario\":", skad_sim_crypto());
    skad_sim_json_scenario(stdout, &request->sweep.base);
    printf(",\"results\":[");
    for (size_t i = 0; i < batch->jobs.count; i += worlds) {
        skad_sim_capture_sum sum;
        skad_sim_capture_add_up(&batch->scenarios[i], &batch->outcomes[i], worlds, &sum);
        printf("%s{", i > 0 ? "," : "");
        skad_sim_json_swept(stdout, &request->sweep, &batch->scenarios[i]);
        printf("\"capture\":");
        skad_sim_capture_json(stdout, &sum);
        printf(",\"event_logs\":[");
        for (size_t j = i; j < i + worlds; j++) {
            char fingerprint[SKAD_SIM_FINGERPRINT_BYTES];
            skad_sim_fingerprint_text(&batch->outcomes[j].fingerprint, fingerprint);
            printf("%s\"%s\"", j > i ? "," : "", fingerprint);
            incomplete = incomplete || batch->outcomes[j].incomplete || batch->outcomes[j].failed;
        }
        printf("]}");
    }
    printf("],\"incomplete\":%s}\n", incomplete ? "true" : "false");
}

static void explain(size_t worlds)
{
    printf("put: puts after which an honest node holds the record; false: puts that report success "
           "although\nnone does; gets: that return it, early and late ones, and the 95 %% interval "
           "over %zu worlds\n(Student's t over their means); dense: gets that notice a cluster; "
           "RPCs and time of a get, RPCs of\na put; held: honest holders when the put ends, and "
           "later; core-h: what the identities cost\n\n",
           worlds);
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    char reason[SKAD_SIM_REASON_BYTES];
    if (!skad_sim_request_spread(request, reason)) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    }
    if (!skad_sim_batch_new("capture", request, &batch)) {
        return SKAD_SIM_EXIT_USAGE;
    }
    skad_sim_report_setting(&request->sweep);
    explain(request->worlds);
    (void)skad_sim_jobs_run(&batch.jobs);
    skad_sim_capture_head(stdout);
    for (size_t i = 0; i < batch.jobs.count; i += request->worlds) {
        skad_sim_capture_sum sum;
        skad_sim_capture_add_up(&batch.scenarios[i], &batch.outcomes[i], request->worlds, &sum);
        skad_sim_capture_line(stdout, &sum);
    }
    if (request->json) {
        write_json(&batch, request);
    }
    const skad_sim_request told = {.json = false};
    return skad_sim_batch_end(&batch, &told);
}

const skad_sim_command skad_sim_command_capture = {
    .name = "capture",
    .usage = "capture [--honest N] [--ground n] [--placement P] [--behaviour B] [--type T] "
             "[--worlds W] [OPTION]...",
    .summary = "Measure how many ground identities own a key, and what they cost",
    .details =
        "In each world an honest node puts one record, and others get it: half of them right\n"
        "after the put, half after a wait. The adversary's identities lie around the key.\n"
        "nearest: before the first honest node; spread: all over the region of sixteen honest\n"
        "nodes; under-threshold: as dense as the density check lets pass. withhold: routes and\n"
        "acknowledges, gives nothing; collude: names only its own; drop: is silent about the key.",
    .prepare = prepare,
    .run = run,
    .takes_worlds = true,
    .options =
        {
            {"honest", "nodes", "N", "honest nodes (default: 1000)", 0},
            {"ground", "ground", "n", "ground identities (default: 64)", 0},
            {"placement", "placement", "P", "nearest (default), spread, under-threshold", 0},
            {"behaviour", "adversary", "B", "withhold (default), collude, drop", 0},
            {"type", "capture", "T", "value (default), record, announcement", 0},
            {"gets", "gets", "G", "in each world (default: 20)", 0},
            {"wait", "wait_s", "SECONDS", "until the second half of them (default: 1800)", 0},
            {"arrive", "arrive", "WHEN", "before (default) or after the put", 0},
            {"groups", "adversary_subnets", "M", "address groups (default: one each)", 0},
            {"region-bits", "region_bits", "BITS", "of the region (default: by the nodes)", 0},
        },
};
