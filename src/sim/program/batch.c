#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "src/sim/program/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/sim/base/memory.h"

/* The least memory of a node; a scenario that cannot fit is refused before anything starts. */
#define NODE_BYTES_MIN 8192.0

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
    if (request->worlds <= 1) {
        return true;
    }
    for (size_t i = 0; i < request->sweep.axes_count; i++) {
        if (strcmp(request->sweep.axes[i].keys, "seed") == 0) {
            return skad_sim_reason(reason, "seed: give one; --worlds counts up from it");
        }
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

/* ---- While it runs ---- */

static bool on_report(size_t number, const skad_sim_outcome *so_far, void *user)
{
    skad_sim_batch *self = user;
    skad_sim_outcome *interval = skad_sim_alloc(1, sizeof *interval);
    *interval = *so_far;
    skad_sim_outcome_since(interval, self->before);
    *self->before = *so_far;
    bool good = skad_sim_output_report(&self->output, number, so_far, interval);
    free(interval);
    *self->report_error = good ? *self->report_error : self->output.error;
    return good;
}

static void on_trace(size_t number, const skad_sim_traced *lookup, void *user)
{
    skad_sim_batch *self = user;
    skad_sim_traces_add(&self->traces, number, lookup);
}

static void on_end(size_t number, const skad_sim_outcome *outcome, void *user)
{
    skad_sim_batch *self = user;
    (void)skad_sim_output_result(&self->output, number, &self->scenarios[number], outcome);
}

/* ---- Making it ---- */

static void free_all(skad_sim_batch *self)
{
    free(self->scenarios);
    free(self->outcomes);
    free(self->elsewhere);
    free(self->skip);
    free(self->before);
    (void)munmap(self->report_error, sizeof *self->report_error);
}

static bool expand(skad_sim_batch *self, char reason[static SKAD_SIM_REASON_BYTES])
{
    const skad_sim_request *request = self->request;
    for (size_t i = 0; i < self->plan.count; i++) {
        if (!skad_sim_sweep_at(&request->sweep, i, &self->scenarios[i], reason)) {
            return false;
        }
        if (!fits_memory(&self->scenarios[i])) {
            return skad_sim_reason(reason,
                                   "%" PRIu64 " nodes are more than this machine's memory holds",
                                   skad_sim_scenario_count(&self->scenarios[i]));
        }
        self->elsewhere[i] = i % request->shards + 1 != request->shard;
        self->skip[i] = self->elsewhere[i];
        self->outcomes[i].incomplete = true;
    }
    return true;
}

static skad_sim_exit cannot_write(const char *path, int error)
{
    char sentence[512];
    (void)snprintf(sentence, sizeof sentence, "cannot write %.200s: %s", path, strerror(error));
    return skad_sim_complain(SKAD_SIM_EXIT_FAILED, sentence);
}

/* Takes over what the file has. */
static skad_sim_exit resume(skad_sim_batch *self, const char *path)
{
    char reason[SKAD_SIM_ARCHIVE_REASON_BYTES];
    skad_sim_archive archive = {0};
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    if (!skad_sim_archive_read(&archive, path, reason) ||
        !skad_sim_archive_fits(&archive, &self->plan, reason)) {
        code = skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    } else if (!skad_sim_output_continue(&self->output, path, &self->plan, archive.whole)) {
        code = cannot_write(path, self->output.error);
    }
    for (size_t i = 0; code == SKAD_SIM_EXIT_DONE && i < self->plan.count; i++) {
        if (archive.have[i] && !self->elsewhere[i]) {
            self->outcomes[i] = archive.outcomes[i];
            self->skip[i] = true;
        }
    }
    skad_sim_archive_free(&archive);
    return code;
}

static skad_sim_exit open_files(skad_sim_batch *self)
{
    const skad_sim_request *request = self->request;
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    if (request->traces != NULL) {
        if (!skad_sim_traces_open(&self->traces, request->traces)) {
            return cannot_write(request->traces, self->traces.error);
        }
        self->jobs.trace = on_trace;
    }
    if (request->out == NULL) {
        return SKAD_SIM_EXIT_DONE;
    }
    if (request->resume && access(request->out, F_OK) == 0) {
        code = resume(self, request->out);
    } else if (!skad_sim_output_open(&self->output, request->out, &self->plan)) {
        code = cannot_write(request->out, self->output.error);
    }
    self->jobs.report = on_report;
    self->jobs.ended = on_end;
    return code;
}

static bool makes_sense(const skad_sim_request *request, char reason[static SKAD_SIM_REASON_BYTES])
{
    if (request->out == NULL && request->shards > 1) {
        return skad_sim_reason(reason, "--shard: give --out FILE as well, and merge the files");
    }
    if (request->out == NULL && request->resume) {
        return skad_sim_reason(reason, "--resume: give --out FILE, with which it goes on");
    }
    return true;
}

skad_sim_exit skad_sim_batch_new(const char *command, skad_sim_request *request,
                                 skad_sim_batch *out)
{
    char reason[SKAD_SIM_REASON_BYTES] = "";
    if (!makes_sense(request, reason) || !skad_sim_request_spread(request, reason)) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    }
    const size_t count = skad_sim_sweep_count(&request->sweep);
    const size_t worlds = request->worlds > 1 ? request->worlds : 1;
    *out = (skad_sim_batch){.request = request, .whole = request->shards == 1};
    out->scenarios = skad_sim_alloc(count, sizeof *out->scenarios);
    out->outcomes = skad_sim_alloc(count, sizeof *out->outcomes);
    out->elsewhere = skad_sim_alloc(count, sizeof *out->elsewhere);
    out->skip = skad_sim_alloc(count, sizeof *out->skip);
    out->before = skad_sim_alloc(1, sizeof *out->before);
    out->report_error = mmap(NULL, sizeof *out->report_error, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)skad_sim_must(out->report_error == MAP_FAILED ? NULL : out->report_error);
    out->plan = (skad_sim_plan){.command = command,
                                .arguments = request->arguments,
                                .sweep = &request->sweep,
                                .worlds = worlds,
                                .count = count,
                                .shard = request->shard,
                                .shards = request->shards};
    out->jobs = (skad_sim_jobs){.scenarios = out->scenarios,
                                .count = count,
                                .parallel = request->jobs,
                                .outcomes = out->outcomes,
                                .skip = out->skip,
                                .user = out};
    out->results = (skad_sim_results){.command = command,
                                      .sweep = &request->sweep,
                                      .scenarios = out->scenarios,
                                      .outcomes = out->outcomes,
                                      .count = count,
                                      .worlds = worlds,
                                      .elsewhere = out->elsewhere};
    skad_sim_exit code =
        expand(out, reason) ? open_files(out) : skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    if (code != SKAD_SIM_EXIT_DONE) {
        free_all(out);
    }
    return code;
}

void skad_sim_batch_run(skad_sim_batch *batch)
{
    (void)skad_sim_jobs_run(&batch->jobs);
}

/* ---- Ending it ---- */

static size_t count_ended(const skad_sim_batch *self, size_t *own)
{
    size_t ended = 0;
    *own = 0;
    for (size_t i = 0; i < self->plan.count; i++) {
        *own += !self->elsewhere[i];
        ended += !self->elsewhere[i] && !self->outcomes[i].incomplete && !self->outcomes[i].failed;
    }
    return ended;
}

static skad_sim_exit close_files(skad_sim_batch *self)
{
    const skad_sim_request *request = self->request;
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    size_t own = 0;
    const size_t ended = count_ended(self, &own);
    if (request->traces != NULL && !skad_sim_traces_close(&self->traces)) {
        code = cannot_write(request->traces, self->traces.error);
    }
    self->output.error = self->output.error != 0 ? self->output.error : *self->report_error;
    if (request->out != NULL && !skad_sim_output_close(&self->output, ended == own)) {
        code = cannot_write(request->out, self->output.error);
    }
    if (request->shards > 1) {
        printf("shard %u/%u: %zu of its %zu experiments are in %s\n", request->shard,
               request->shards, ended, own, request->out);
    }
    return code;
}

skad_sim_exit skad_sim_batch_close(skad_sim_batch *batch)
{
    skad_sim_exit code = close_files(batch);
    bool good = skad_sim_report_failures(&batch->results);
    free_all(batch);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        char sentence[128];
        (void)snprintf(sentence, sizeof sentence, "cannot write to stdout: %s", strerror(errno));
        return skad_sim_complain(SKAD_SIM_EXIT_FAILED, sentence);
    }
    return good ? code : SKAD_SIM_EXIT_FAILED;
}

skad_sim_exit skad_sim_batch_end(skad_sim_batch *batch)
{
    if (batch->request->json && batch->whole) {
        skad_sim_json_results(stdout, &batch->results);
    }
    return skad_sim_batch_close(batch);
}
