#include "src/sim/report/archive.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/record.h"

#define NAMED_MAX 8 /* missing experiments that are named */

/* A file on its way in. */
typedef struct reading {
    skad_sim_archive *archive;
    const char *path;
    size_t line;
    char *reason;
} reading;

__attribute__((format(printf, 2, 3))) static bool fail(char *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, SKAD_SIM_ARCHIVE_REASON_BYTES, format, arguments);
    va_end(arguments);
    return false;
}

static bool damaged(const reading *self)
{
    return fail(self->reason,
                "%s: line %zu is damaged: delete the line, and run the same command again with "
                "--resume",
                self->path, self->line);
}

/* ---- Heads ---- */

static size_t count_of(const json_t *head, const char *name)
{
    const json_int_t number = json_integer_value(json_object_get(head, name));
    return number > 0 ? (size_t)number : 0;
}

static bool read_axes(skad_sim_archive *self, const json_t *head,
                      char reason[static SKAD_SIM_REASON_BYTES])
{
    const json_t *axes = json_object_get(head, "axes");
    for (size_t i = 0; i < json_array_size(axes); i++) {
        const json_t *axis = json_array_get(axes, i);
        const char *keys = json_string_value(json_object_get(axis, "keys"));
        const json_t *values = json_object_get(axis, "values");
        char *list = NULL;
        size_t len = 0;
        FILE *stream = skad_sim_must(open_memstream(&list, &len));
        for (size_t j = 0; j < json_array_size(values); j++) {
            const char *value = json_string_value(json_array_get(values, j));
            (void)fprintf(stream, "%s%s", j > 0 ? "," : "", value != NULL ? value : "");
        }
        (void)fclose(stream);
        bool good = keys != NULL && skad_sim_sweep_set_list(&self->sweep, keys, list, reason);
        free(list);
        if (!good) {
            return false;
        }
    }
    return true;
}

/* A list of experiments that a file may ask for; more would be a damaged head. */
#define EXPERIMENTS_MAX 10000000

static bool read_plan(reading *in, json_t *head)
{
    skad_sim_archive *self = in->archive;
    char why[SKAD_SIM_REASON_BYTES] = "";
    const char *command = json_string_value(json_object_get(head, "command"));
    const char *arguments = json_string_value(json_object_get(head, "arguments"));
    const size_t count = count_of(head, "experiments");
    const size_t worlds = count_of(head, "worlds");
    if (!skad_sim_record_read_scenario(json_object_get(head, "scenario"), &self->sweep.base, why) ||
        !read_axes(self, head, why)) {
        return fail(in->reason,
                    "%s: its head has what this version does not know (%s): use the "
                    "skad that wrote it",
                    in->path, why);
    }
    /* Axes have left their last values there. */
    (void)skad_sim_record_read_scenario(json_object_get(head, "scenario"), &self->sweep.base, why);
    if (command == NULL || arguments == NULL || count == 0 || count > EXPERIMENTS_MAX ||
        worlds == 0 || worlds > SKAD_SIM_WORLDS_MAX || count % worlds != 0 ||
        count != skad_sim_sweep_count(&self->sweep)) {
        return damaged(in);
    }
    self->plan = (skad_sim_plan){.command = command,
                                 .arguments = arguments,
                                 .sweep = &self->sweep,
                                 .worlds = worlds,
                                 .count = count,
                                 .head = head,
                                 .shard = 1,
                                 .shards = 1};
    self->scenarios = skad_sim_alloc(count, sizeof *self->scenarios);
    self->outcomes = skad_sim_alloc(count, sizeof *self->outcomes);
    self->have = skad_sim_alloc(count, sizeof *self->have);
    for (size_t i = 0; i < count; i++) {
        self->outcomes[i].incomplete = true;
        if (!skad_sim_sweep_at(&self->sweep, i, &self->scenarios[i], why)) {
            return damaged(in);
        }
    }
    return true;
}

/* The first of the fields that make a sweep in which two heads differ; NULL: none. */
static const char *difference(const json_t *a, const json_t *b)
{
    static const char *const names[] = {"format",   "version", "crypto", "command",
                                        "scenario", "axes",    "worlds", "experiments"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!json_equal(json_object_get(a, names[i]), json_object_get(b, names[i]))) {
            return names[i];
        }
    }
    return NULL;
}

bool skad_sim_archive_fits(const skad_sim_archive *archive, const skad_sim_plan *plan,
                           char reason[static SKAD_SIM_ARCHIVE_REASON_BYTES])
{
    json_t *head = skad_sim_plan_head(plan);
    const char *name = difference(archive->head, head);
    json_decref(head);
    return name == NULL ||
           fail(reason,
                "%s is of another sweep (its %s differs): give the same options, or "
                "another file",
                archive->path, name);
}

static bool take_head(reading *in, json_t *head)
{
    skad_sim_archive *self = in->archive;
    const char *line = json_string_value(json_object_get(head, "line"));
    const json_t *format = json_object_get(head, "format");
    if (line == NULL || strcmp(line, "head") != 0 || !json_is_integer(format)) {
        return fail(in->reason,
                    "%s: its first line is no head of a result file: give what --out "
                    "of a sweep has written",
                    in->path);
    }
    if (json_integer_value(format) != SKAD_SIM_FORMAT) {
        return fail(in->reason,
                    "%s has format %lld, this program reads %d: use the skad that "
                    "wrote it",
                    in->path, (long long)json_integer_value(format), SKAD_SIM_FORMAT);
    }
    if (self->head == NULL) {
        self->head = json_incref(head);
        self->path = skad_sim_must(strdup(in->path));
        return read_plan(in, head);
    }
    const char *name = difference(self->head, head);
    if (name == NULL) {
        return true;
    }
    return fail(in->reason,
                strcmp(name, "version") == 0
                    ? "%s and %s are of different versions (%s): run all shards with "
                      "one"
                    : "%s and %s are of different sweeps (their %s differs): merge "
                      "shards of one command",
                self->path, in->path, name);
}

/* ---- Lines ---- */

/* Points of an earlier attempt that was interrupted are in the way of those of a later one. */
static void forget_later(skad_sim_archive *self, size_t number, double simulated_s)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->points_count; i++) {
        if (self->points[i].number != number || self->points[i].so_far.simulated_s < simulated_s) {
            if (kept < i) {
                self->points[kept] = self->points[i];
            }
            kept++;
        }
    }
    self->points_count = kept;
}

static bool take_report(reading *in, const json_t *line, size_t number)
{
    skad_sim_archive *self = in->archive;
    skad_sim_point *point = skad_sim_alloc(1, sizeof *point);
    point->number = number;
    bool good = skad_sim_record_read_outcome(json_object_get(line, "so_far"), &point->so_far) &&
                skad_sim_record_read_outcome(json_object_get(line, "interval"), &point->interval);
    if (good) {
        forget_later(self, number, point->so_far.simulated_s);
        self->points = skad_sim_grow(self->points, self->points_count + 1, sizeof *self->points);
        self->points[self->points_count++] = *point;
    }
    free(point);
    return good || damaged(in);
}

static bool take_result(reading *in, const json_t *line, size_t number)
{
    skad_sim_archive *self = in->archive;
    skad_sim_outcome *out = &self->outcomes[number];
    const char *failed = json_string_value(json_object_get(line, "failed"));
    if (!skad_sim_record_read_outcome(json_object_get(line, "so_far"), out)) {
        return damaged(in);
    }
    out->incomplete = json_is_true(json_object_get(line, "incomplete"));
    out->failed = failed != NULL;
    if (failed != NULL) {
        (void)snprintf(out->reason, sizeof out->reason, "%s", failed);
    }
    self->had -= self->have[number];
    self->have[number] = !out->failed && !out->incomplete;
    self->had += self->have[number];
    return true;
}

static bool take_line(reading *in, json_t *line)
{
    if (in->line == 1) {
        return take_head(in, line);
    }
    const char *kind = json_string_value(json_object_get(line, "line"));
    const json_t *number = json_object_get(line, "experiment");
    if (kind == NULL || !json_is_integer(number) || json_integer_value(number) < 0 ||
        (size_t)json_integer_value(number) >= in->archive->plan.count) {
        return damaged(in);
    }
    const size_t at = (size_t)json_integer_value(number);
    if (strcmp(kind, "result") == 0) {
        return take_result(in, line, at);
    }
    return strcmp(kind, "report") == 0 ? take_report(in, line, at) : damaged(in);
}

bool skad_sim_archive_read(skad_sim_archive *archive, const char *path,
                           char reason[static SKAD_SIM_ARCHIVE_REASON_BYTES])
{
    reading in = {.archive = archive, .path = path, .reason = reason};
    char *text = NULL;
    size_t cap = 0;
    bool good = true;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fail(reason, "cannot read %s: %s", path, strerror(errno));
    }
    archive->whole = 0;
    for (ssize_t len = 0; good && (len = getline(&text, &cap, file)) > 0;) {
        in.line++;
        json_t *line = json_loadb(text, (size_t)len, 0, NULL);
        if (text[len - 1] != '\n' && in.line > 1) {
            json_decref(line);
            break; /* cut by a kill */
        }
        good = line != NULL ? take_line(&in, line) : damaged(&in);
        json_decref(line);
        archive->whole += (size_t)len;
    }
    free(text);
    (void)fclose(file);
    return good && (in.line > 0 || fail(reason, "%s is empty: run the sweep that writes it", path));
}

void skad_sim_archive_free(skad_sim_archive *archive)
{
    json_decref(archive->head);
    skad_sim_sweep_free(&archive->sweep);
    free(archive->path);
    free(archive->scenarios);
    free(archive->outcomes);
    free(archive->have);
    free(archive->points);
    *archive = (skad_sim_archive){0};
}

/* ---- What is in it ---- */

skad_sim_results skad_sim_archive_results(const skad_sim_archive *archive)
{
    return (skad_sim_results){.command = archive->plan.command,
                              .sweep = &archive->sweep,
                              .scenarios = archive->scenarios,
                              .outcomes = archive->outcomes,
                              .count = archive->plan.count,
                              .worlds = archive->plan.worlds,
                              .head = archive->head};
}

bool skad_sim_archive_missing(const skad_sim_archive *archive,
                              char out[static SKAD_SIM_ARCHIVE_REASON_BYTES])
{
    size_t missing = archive->plan.count - archive->had;
    size_t named = 0;
    int len = snprintf(out, SKAD_SIM_ARCHIVE_REASON_BYTES,
                       "%zu of %zu experiments are missing:", missing, archive->plan.count);
    for (size_t i = 0; i < archive->plan.count && named < NAMED_MAX; i++) {
        if (!archive->have[i]) {
            len += snprintf(out + len, SKAD_SIM_ARCHIVE_REASON_BYTES - (size_t)len, "%s %zu",
                            named++ > 0 ? "," : "", i);
        }
    }
    if (missing > NAMED_MAX) {
        (void)snprintf(out + len, SKAD_SIM_ARCHIVE_REASON_BYTES - (size_t)len, " ...");
    }
    return missing > 0;
}
