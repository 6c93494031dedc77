/* skad sim report: one page of all that result files tell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/sim/base/memory.h"
#include "src/sim/program/command.h"
#include "src/sim/report/gnuplot.h"
#include "src/sim/report/page.h"

#define PATH_BYTES 4096

typedef struct report {
    skad_sim_archive *archives; /* one for each sweep; shards of one go together */
    size_t count;
    const skad_sim_request *request;
} report;

static skad_sim_exit cannot_write(const char *path)
{
    char sentence[512];
    (void)snprintf(sentence, sizeof sentence, "cannot write %.200s: %s", path, strerror(errno));
    return skad_sim_complain(SKAD_SIM_EXIT_FAILED, sentence);
}

/* ---- Reading ---- */

/* Whether the head of a file is that of a sweep that is there already. */
static skad_sim_archive *sweep_of(report *self, const char *path)
{
    char reason[SKAD_SIM_ARCHIVE_REASON_BYTES];
    skad_sim_archive head = {0};
    skad_sim_archive *found = NULL;
    if (skad_sim_archive_read(&head, path, reason)) {
        for (size_t i = 0; i < self->count && found == NULL; i++) {
            if (skad_sim_archive_fits(&self->archives[i], &head.plan, reason)) {
                found = &self->archives[i];
            }
        }
    }
    skad_sim_archive_free(&head);
    return found;
}

static bool read_all(report *self, char reason[static SKAD_SIM_ARCHIVE_REASON_BYTES])
{
    const skad_sim_request *request = self->request;
    self->archives = skad_sim_alloc(request->files_count, sizeof *self->archives);
    for (size_t i = 0; i < request->files_count; i++) {
        skad_sim_archive *archive = sweep_of(self, request->files[i]);
        archive = archive != NULL ? archive : &self->archives[self->count++];
        if (!skad_sim_archive_read(archive, request->files[i], reason)) {
            return false;
        }
    }
    return true;
}

/* ---- Writing ---- */

static skad_sim_exit write_svg(const report *self, const char *name, const char *svg)
{
    char path[PATH_BYTES];
    (void)mkdir(self->request->svg, 0755);
    (void)snprintf(path, sizeof path, "%s/%s.svg", self->request->svg, name);
    return skad_sim_svg_write(path, svg) ? SKAD_SIM_EXIT_DONE : cannot_write(path);
}

/* Draws the figures of one sweep. */
static skad_sim_exit draw(const report *self, size_t number, const skad_sim_figures *figures,
                          char **svgs)
{
    char reason[SKAD_SIM_GNUPLOT_REASON_BYTES];
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    for (size_t i = 0; i < figures->count && code == SKAD_SIM_EXIT_DONE; i++) {
        const skad_sim_figure *it = &figures->all[i];
        char name[96];
        (void)snprintf(name, sizeof name, "%s-%zu-%s", self->archives[number].plan.command,
                       number + 1, it->name);
        if (!skad_sim_gnuplot(it->script, name, it->title, it->height, &svgs[i], reason)) {
            return skad_sim_complain(SKAD_SIM_EXIT_FAILED, reason);
        }
        code = self->request->svg != NULL ? write_svg(self, name, svgs[i]) : code;
    }
    return code;
}

static skad_sim_exit write_sweep(const report *self, size_t number, FILE *out)
{
    skad_sim_figures *figures = skad_sim_alloc(1, sizeof *figures);
    char *svgs[SKAD_SIM_FIGURES_MAX] = {NULL};
    skad_sim_figures_of(&self->archives[number], figures);
    skad_sim_exit code = draw(self, number, figures, svgs);
    if (code == SKAD_SIM_EXIT_DONE) {
        skad_sim_page_sweep(out, &self->archives[number], figures, svgs);
    }
    for (size_t i = 0; i < figures->count; i++) {
        free(svgs[i]);
    }
    skad_sim_figures_free(figures);
    free(figures);
    return code;
}

/* The page is made in memory first, so that a failure leaves no half of it. */
static skad_sim_exit write_page(const report *self, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    FILE *page = skad_sim_must(open_memstream(&text, &len));
    skad_sim_page_begin(page);
    for (size_t i = 0; i < self->count && code == SKAD_SIM_EXIT_DONE; i++) {
        code = write_sweep(self, i, page);
    }
    skad_sim_page_end(page);
    (void)fclose(page);
    FILE *file = code == SKAD_SIM_EXIT_DONE ? fopen(path, "we") : NULL;
    if (code == SKAD_SIM_EXIT_DONE &&
        (file == NULL || fwrite(text, 1, len, file) != len || fclose(file) != 0)) {
        code = cannot_write(path);
    }
    free(text);
    return code;
}

/* report.html has report.csv beside it. */
static skad_sim_exit write_csv(const report *self)
{
    char path[PATH_BYTES];
    const char *out = self->request->out != NULL ? self->request->out : "report.html";
    const size_t len = strlen(out);
    const size_t stem = len > 5 && strcmp(out + len - 5, ".html") == 0 ? len - 5 : len;
    (void)snprintf(path, sizeof path, "%.*s.csv", (int)stem, out);
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return cannot_write(path);
    }
    for (size_t i = 0; i < self->count; i++) {
        skad_sim_csv(file, &self->archives[i], i == 0);
    }
    return fclose(file) == 0 ? SKAD_SIM_EXIT_DONE : cannot_write(path);
}

static skad_sim_exit run(skad_sim_request *request)
{
    char reason[SKAD_SIM_ARCHIVE_REASON_BYTES];
    report self = {.request = request};
    skad_sim_exit code = SKAD_SIM_EXIT_DONE;
    if (request->out == NULL && !request->csv) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, "report: give -o FILE.html, --csv, or both");
    }
    if (!read_all(&self, reason)) {
        code = skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    }
    if (code == SKAD_SIM_EXIT_DONE && request->csv) {
        code = write_csv(&self);
    }
    if (code == SKAD_SIM_EXIT_DONE && request->out != NULL) {
        code = write_page(&self, request->out);
    }
    for (size_t i = 0; i < self.count; i++) {
        if (code == SKAD_SIM_EXIT_DONE && skad_sim_archive_missing(&self.archives[i], reason)) {
            printf("%s: %s\n", self.archives[i].path, reason);
        }
        skad_sim_archive_free(&self.archives[i]);
    }
    free(self.archives);
    return code;
}

const skad_sim_command skad_sim_command_report = {
    .name = "report",
    .usage = "report RESULTS... -o FILE.html [--csv] [--svg FOLDER]",
    .summary = "Draw what result files tell, on one page",
    .details =
        "The page needs no network and no scripts. Files of different sweeps become sections;\n"
        "shards of one sweep go together, and a sweep that was interrupted says what is\n"
        "missing. gnuplot draws. --csv writes the table beside the page, --svg each figure as\n"
        "a file of its own.",
    .argument = "RESULTS",
    .takes_files = true,
    .run = run,
};
