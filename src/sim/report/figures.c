/* Shares and costs over the swept keys. */
#include "src/sim/report/figures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/figures_more.h"
#include "src/sim/report/gnuplot.h"

#define LABEL_BYTES 160
#define HEIGHT      380

/* ---- Lists of figures ---- */

void skad_sim_figures_free(skad_sim_figures *figures)
{
    for (size_t i = 0; i < figures->count; i++) {
        free(figures->all[i].script);
    }
    figures->count = 0;
}

FILE *skad_sim_figure_new(skad_sim_figures *figures, const char *name, const char *title,
                          skad_sim_figure **out)
{
    static size_t len;
    if (figures->count == SKAD_SIM_FIGURES_MAX) {
        return NULL;
    }
    skad_sim_figure *figure = &figures->all[figures->count++];
    *figure = (skad_sim_figure){.height = HEIGHT};
    (void)snprintf(figure->name, sizeof figure->name, "%s", name);
    (void)snprintf(figure->title, sizeof figure->title, "%s", title);
    *out = figure;
    return skad_sim_must(open_memstream(&figure->script, &len));
}

/* ---- Axes ---- */

const char *skad_sim_axis_value(const skad_sim_archive *archive, size_t axis, size_t setting)
{
    size_t n = setting * archive->plan.worlds;
    for (size_t i = archive->sweep.axes_count; i-- > axis + 1;) {
        n /= archive->sweep.axes[i].count;
    }
    return archive->sweep.axes[axis].values[n % archive->sweep.axes[axis].count];
}

/* The worlds of a setting are not an axis to draw. */
static bool is_drawn(const skad_sim_archive *archive, size_t axis)
{
    return archive->plan.worlds == 1 || strcmp(archive->sweep.axes[axis].keys, "seed") != 0;
}

static bool is_numeric(const skad_sim_axis *axis)
{
    for (size_t i = 0; i < axis->count; i++) {
        char *end = NULL;
        (void)strtod(axis->values[i], &end);
        if (end == axis->values[i] || *end != 0) {
            return false;
        }
    }
    return axis->count > 1;
}

/* The numeric axis with most values is the abscissa; axes_count: there is none. */
static size_t abscissa_of(const skad_sim_archive *archive)
{
    size_t best = archive->sweep.axes_count;
    for (size_t i = 0; i < archive->sweep.axes_count; i++) {
        const skad_sim_axis *axis = &archive->sweep.axes[i];
        if (is_drawn(archive, i) && is_numeric(axis) &&
            (best == archive->sweep.axes_count || axis->count > archive->sweep.axes[best].count)) {
            best = i;
        }
    }
    return best;
}

/* "paths 4, k 16": where a setting is on all axes but one. */
static void label_of(const skad_sim_archive *archive, size_t without, size_t setting,
                     char out[static LABEL_BYTES])
{
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < archive->sweep.axes_count; i++) {
        if (i != without && is_drawn(archive, i)) {
            const char *keys = archive->sweep.axes[i].keys;
            int written =
                snprintf(out + len, LABEL_BYTES - len, "%s%.*s %s", len > 0 ? ", " : "",
                         (int)strcspn(keys, " "), keys, skad_sim_axis_value(archive, i, setting));
            len += (size_t)written;
            if (len >= LABEL_BYTES) {
                return;
            }
        }
    }
}

/* ---- One measure ---- */

typedef struct drawing {
    const skad_sim_archive *archive;
    const skad_sim_summary *summaries; /* of each setting */
    size_t settings;
    size_t abscissa; /* axes_count: none */
    skad_sim_measure measure;
    double scale; /* 100 for shares */
} drawing;

static bool has_samples(const drawing *self, size_t setting)
{
    return self->summaries[setting].estimates[self->measure].samples > 0;
}

static void write_point(FILE *out, const drawing *self, size_t setting, const char *x)
{
    const skad_sim_estimate *it = &self->summaries[setting].estimates[self->measure];
    (void)fprintf(out, "%s %.9g %.9g %.9g\n", x, self->scale * it->value,
                  self->scale * it->interval.low, self->scale * it->interval.high);
}

/* Writes the data of each series as a block, and lists the series. */
static size_t write_series(FILE *out, const drawing *self,
                           char labels[static SKAD_SIM_COLOURS][LABEL_BYTES])
{
    size_t count = 0;
    for (size_t first = 0; first < self->settings && count < SKAD_SIM_COLOURS; first++) {
        char label[LABEL_BYTES];
        bool known = false;
        label_of(self->archive, self->abscissa, first, label);
        for (size_t i = 0; i < count; i++) {
            known = known || strcmp(labels[i], label) == 0;
        }
        if (known) {
            continue;
        }
        (void)fprintf(out, "$s%zu << EOD\n", count);
        for (size_t i = first; i < self->settings; i++) {
            char other[LABEL_BYTES];
            label_of(self->archive, self->abscissa, i, other);
            if (strcmp(label, other) == 0 && has_samples(self, i)) {
                write_point(out, self, i, skad_sim_axis_value(self->archive, self->abscissa, i));
            }
        }
        (void)fprintf(out, "EOD\n");
        memcpy(labels[count++], label, LABEL_BYTES);
    }
    return count;
}

static void draw_lines(FILE *out, const drawing *self)
{
    char labels[SKAD_SIM_COLOURS][LABEL_BYTES];
    const char *keys = self->archive->sweep.axes[self->abscissa].keys;
    const size_t count = write_series(out, self, labels);
    (void)fprintf(out, "set xlabel \"%.*s\"\nset grid x y\nplot ", (int)strcspn(keys, " "), keys);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s$s%zu using 1:3:4 with filledcurves lc rgb \"%s\" notitle",
                      i > 0 ? ", " : "", i, skad_sim_colours[i]);
    }
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out,
                      ", $s%zu using 1:2 with linespoints lw 2 dt %zu pt %zu ps 0.7 lc rgb \"%s\" ",
                      i, i % 4 + 1, 2 * i % 12 + 5, skad_sim_colours[i]);
        (void)fprintf(out, labels[i][0] != 0 ? "title \"%s\"" : "notitle%s", labels[i]);
    }
    (void)fprintf(out, "\n");
}

/* Without a numeric axis each setting is a point with its interval. */
static unsigned draw_points(FILE *out, const drawing *self)
{
    size_t rows = 0;
    (void)fprintf(out, "$s << EOD\n");
    for (size_t i = 0; i < self->settings; i++) {
        if (has_samples(self, i)) {
            const skad_sim_estimate *it = &self->summaries[i].estimates[self->measure];
            char label[LABEL_BYTES];
            label_of(self->archive, self->abscissa, i, label);
            (void)fprintf(out, "%zu %.9g %.9g %.9g \"%s\"\n", rows++, self->scale * it->value,
                          self->scale * it->interval.low, self->scale * it->interval.high,
                          label[0] != 0 ? label : "all");
        }
    }
    (void)fprintf(out,
                  "EOD\nset yrange [%zu.5:-0.5]\nset grid x\nunset key\n"
                  "plot $s using 2:1:3:4:ytic(5) with xerrorbars lw 2 pt 7 ps 0.7 lc rgb \"%s\"\n",
                  rows > 0 ? rows - 1 : 0, skad_sim_colours[0]);
    return (unsigned)(110 + 22 * rows);
}

/* "over 20 worlds (bootstrap)" */
static void tell_method(const drawing *self, char *out, size_t cap)
{
    bool used[SKAD_SIM_METHOD_WORLDS + 1] = {false};
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    size_t len = 0;
    for (size_t i = 0; i < self->settings; i++) {
        const skad_sim_estimate *it = &self->summaries[i].estimates[self->measure];
        if (it->samples > 0) {
            used[it->method] = true;
            least = it->samples < least ? it->samples : least;
            most = it->samples > most ? it->samples : most;
        }
    }
    const bool trials = used[SKAD_SIM_METHOD_WILSON];
    len += (size_t)snprintf(out, cap, "Bands and bars: 95 %% intervals over %" PRIu64, least);
    if (most > least) {
        len += (size_t)snprintf(out + len, cap - len, " to %" PRIu64, most);
    }
    len +=
        (size_t)snprintf(out + len, cap - len, " %s (", trials ? "independent trials" : "worlds");
    for (int i = 0, shown = 0; i <= SKAD_SIM_METHOD_WORLDS && len < cap; i++) {
        if (used[i]) {
            len += (size_t)snprintf(out + len, cap - len, "%s%s", shown++ > 0 ? ", " : "",
                                    skad_sim_method_text((skad_sim_method)i));
        }
    }
    (void)snprintf(out + (len < cap ? len : cap - 1), len < cap ? cap - len : 1, ").");
}

/* Detectors are drawn where they notice anything. */
static bool detects(skad_sim_measure measure)
{
    return measure == SKAD_SIM_LOOKUP_NOTICED || measure == SKAD_SIM_LOOKUP_DIVERGED;
}

static void draw_measure(skad_sim_figures *figures, drawing *self, skad_sim_measure measure)
{
    const skad_sim_measure_row *row = skad_sim_measure_at(measure);
    char name[48];
    char title[160];
    char method[256];
    skad_sim_figure *figure = NULL;
    bool any = false;
    self->measure = measure;
    self->scale = row->scale > 0 ? 1 : 100;
    for (size_t i = 0; i < self->settings; i++) {
        any = any || (has_samples(self, i) &&
                      (!detects(measure) || self->summaries[i].estimates[measure].value > 0));
    }
    (void)snprintf(name, sizeof name, "%s-%s", row->section, row->name);
    (void)snprintf(title, sizeof title, "%s", row->about);
    for (char *at = name; *at != 0; at++) {
        if (*at == '_') {
            *at = '-';
        }
    }
    FILE *out = any ? skad_sim_figure_new(figures, name, title, &figure) : NULL;
    if (out == NULL) {
        return;
    }
    const bool lines = self->abscissa < self->archive->sweep.axes_count;
    const char *unit = row->scale <= 0                  ? "share, %"
                       : strcmp(row->name, "rpcs") == 0 ? "requests"
                                                        : "ms";
    (void)fprintf(out, "set %slabel \"%s\"\nset %srange [0:%s]\n", lines ? "y" : "x", unit,
                  lines ? "y" : "x", row->scale > 0 ? "*" : "100");
    if (lines) {
        draw_lines(out, self);
    } else {
        figure->height = draw_points(out, self);
    }
    (void)fclose(out);
    tell_method(self, method, sizeof method);
    (void)snprintf(figure->caption, sizeof figure->caption, "%s", method);
}

/* ---- All of them ---- */

void skad_sim_figures_of(const skad_sim_archive *archive, skad_sim_figures *out)
{
    static const skad_sim_measure drawn[] = {
        SKAD_SIM_LOOKUP_SUCCESS, SKAD_SIM_GET_SUCCESS,     SKAD_SIM_PUT_SUCCESS,
        SKAD_SIM_LOOKUP_NOTICED, SKAD_SIM_LOOKUP_DIVERGED, SKAD_SIM_LOOKUP_RPCS,
        SKAD_SIM_LOOKUP_MS,      SKAD_SIM_GET_RPCS,        SKAD_SIM_GET_MS};
    const size_t settings = archive->plan.count / archive->plan.worlds;
    skad_sim_summary *summaries = skad_sim_alloc(settings, sizeof *summaries);
    *out = (skad_sim_figures){0};
    for (size_t i = 0; i < settings; i++) {
        const size_t first = i * archive->plan.worlds;
        skad_sim_summarise(&archive->scenarios[first], &archive->outcomes[first],
                           archive->plan.worlds, &summaries[i]);
    }
    drawing self = {.archive = archive,
                    .summaries = summaries,
                    .settings = settings,
                    .abscissa = abscissa_of(archive)};
    if (!skad_sim_figure_ablation(archive, summaries, out)) {
        for (size_t i = 0; settings > 1 && i < sizeof drawn / sizeof drawn[0]; i++) {
            draw_measure(out, &self, drawn[i]);
        }
    }
    skad_sim_figure_course(archive, out);
    skad_sim_figure_prefixes(archive, out);
    free(summaries);
}
