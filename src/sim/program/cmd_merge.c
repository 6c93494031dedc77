/* skad sim merge: joins the result files of a sweep's shards. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/sim/program/command.h"
#include "src/sim/report/archive.h"

static skad_sim_exit cannot_write(const char *path, int error)
{
    char sentence[512];
    (void)snprintf(sentence, sizeof sentence, "cannot write %.200s: %s", path, strerror(error));
    return skad_sim_complain(SKAD_SIM_EXIT_FAILED, sentence);
}

static skad_sim_exit write_all(const skad_sim_archive *archive, const char *path)
{
    skad_sim_output output;
    if (!skad_sim_output_open(&output, path, &archive->plan)) {
        return cannot_write(path, output.error);
    }
    for (size_t i = 0; i < archive->points_count; i++) {
        const skad_sim_point *point = &archive->points[i];
        (void)skad_sim_output_report(&output, point->number, &point->so_far, &point->interval);
    }
    for (size_t i = 0; i < archive->plan.count; i++) {
        if (archive->have[i] || archive->outcomes[i].failed) {
            (void)skad_sim_output_result(&output, i, &archive->scenarios[i], &archive->outcomes[i]);
        }
    }
    return skad_sim_output_close(&output, archive->had == archive->plan.count)
               ? SKAD_SIM_EXIT_DONE
               : cannot_write(path, output.error);
}

static skad_sim_exit tell(const skad_sim_archive *archive, const skad_sim_request *request)
{
    char reason[SKAD_SIM_ARCHIVE_REASON_BYTES];
    printf("%zu of %zu experiments are in %s\n", archive->had, archive->plan.count, request->out);
    if (request->json) {
        const skad_sim_results results = skad_sim_archive_results(archive);
        skad_sim_json_results(stdout, &results);
    }
    if (skad_sim_archive_missing(archive, reason)) {
        (void)snprintf(reason + strlen(reason), sizeof reason - strlen(reason),
                       "; run their shards again with --resume");
        return skad_sim_complain(SKAD_SIM_EXIT_FAILED, reason);
    }
    return SKAD_SIM_EXIT_DONE;
}

static skad_sim_exit run(skad_sim_request *request)
{
    char reason[SKAD_SIM_ARCHIVE_REASON_BYTES];
    skad_sim_archive archive = {0};
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    if (request->out == NULL) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, "merge: give -o FILE, which it writes");
    }
    for (size_t i = 0; i < request->files_count && code == SKAD_SIM_EXIT_DONE; i++) {
        if (!skad_sim_archive_read(&archive, request->files[i], reason)) {
            code = skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
        }
    }
    code = code == SKAD_SIM_EXIT_DONE ? write_all(&archive, request->out) : code;
    code = code == SKAD_SIM_EXIT_DONE ? tell(&archive, request) : code;
    skad_sim_archive_free(&archive);
    return code;
}

const skad_sim_command skad_sim_command_merge = {
    .name = "merge",
    .usage = "merge RESULTS... -o FILE [--json]",
    .summary = "Join the result files of the shards of one sweep",
    .details =
        "All files must come from one command and one version of skad. Says which experiments\n"
        "are missing; then it exits with 1, and FILE is marked incomplete.",
    .argument = "RESULTS",
    .takes_files = true,
    .run = run,
};
