/* skad sim capture: how many identities, ground to lie around its key, own a record. The sample is
 * the world: gets of one world meet the same nodes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/batch.h"
#include "src/sim/report/captures.h"
#include "src/sim/report/record.h"

/* Swept keys with columns of their own. */
#define OWN_KEYS "seed nodes ground placement adversary capture"

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

static void write_json(const skad_sim_batch *batch)
{
    const size_t worlds = batch->results.worlds;
    bool incomplete = false;
    json_t *object = skad_sim_json_head("capture", &batch->results.sweep->base);
    json_t *list = skad_sim_must(json_array());
    for (size_t i = 0; i < batch->jobs.count; i += worlds) {
        skad_sim_capture_sum sum;
        skad_sim_capture_add_up(&batch->scenarios[i], &batch->outcomes[i], worlds, &sum);
        json_t *setting = skad_sim_json_setting(&batch->results, i / worlds);
        incomplete = incomplete || json_is_true(json_object_get(setting, "incomplete"));
        skad_sim_record_add(setting, "capture", skad_sim_capture_json(&sum));
        (void)json_array_append_new(list, setting);
    }
    skad_sim_record_add(object, "results", list);
    skad_sim_record_add(object, "incomplete", json_boolean(incomplete));
    skad_sim_record_write(stdout, object);
}

static void explain(size_t worlds)
{
    printf(
        "put: puts after which an honest node holds the record; false: puts that report success "
        "although\nnone does; gets: that return it, early and late ones, and the 95 %% interval "
        "over %zu worlds\n(bootstrap; if all agree or few, Wilson over worlds); dense: gets that "
        "notice a cluster; "
        "RPCs and time of a get, RPCs of\na put; held: honest holders when the put ends, and "
        "later; core-h: what the identities cost\n\n",
        worlds);
}

static void print_table(const skad_sim_batch *batch)
{
    skad_sim_report_swept_head(batch->results.sweep, OWN_KEYS);
    skad_sim_capture_head(stdout);
    for (size_t i = 0; i < batch->jobs.count; i += batch->results.worlds) {
        skad_sim_capture_sum sum;
        skad_sim_capture_add_up(&batch->scenarios[i], &batch->outcomes[i], batch->results.worlds,
                                &sum);
        skad_sim_report_swept(batch->results.sweep, OWN_KEYS, &batch->scenarios[i]);
        skad_sim_capture_line(stdout, &sum);
    }
    skad_sim_report_costs(&batch->results);
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_batch batch;
    skad_sim_exit code = skad_sim_batch_new("capture", request, &batch);
    if (code != SKAD_SIM_EXIT_DONE) {
        return code;
    }
    skad_sim_report_setting(&request->sweep);
    explain(batch.results.worlds);
    skad_sim_batch_run(&batch);
    if (batch.whole) {
        print_table(&batch);
        if (request->json) {
            write_json(&batch);
        }
    }
    return skad_sim_batch_close(&batch);
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
    .worlds = 20,
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
