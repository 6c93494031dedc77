/* The heat map of an ablation, and what each defence costs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/sim/report/figures_more.h"
#include "src/sim/report/gnuplot.h"
#include "src/sim/scenario/library.h"

#define ROW_HEIGHT 30

/* From red over white to blue, as colour-blind readers see it, too (RdYlBu of ColorBrewer). */
static unsigned colour_of(double share)
{
    static const unsigned steps[] = {0xd73027, 0xf46d43, 0xfdae61, 0xfee090, 0xffffbf,
                                     0xe0f3f8, 0xabd9e9, 0x74add1, 0x4575b4};
    const size_t last = sizeof steps / sizeof steps[0] - 1;
    const double at = share * (double)last;
    return steps[(size_t)lround(at < 0 ? 0 : at > (double)last ? (double)last : at)];
}

static size_t axis_of(const skad_sim_archive *archive, const char *key)
{
    size_t i = 0;
    while (i < archive->sweep.axes_count && strcmp(archive->sweep.axes[i].keys, key) != 0) {
        i++;
    }
    return i;
}

/* ---- The matrix ---- */

typedef struct matrix {
    const skad_sim_archive *archive;
    const skad_sim_summary *summaries;
    size_t attacks; /* axes */
    size_t defences;
    size_t rows;
    size_t columns;
    bool ms; /* it shows milliseconds, not success */
} matrix;

/* The setting of a cell: the first one with both values. */
static const skad_sim_summary *cell(const matrix *self, size_t row, size_t column)
{
    const skad_sim_axis *axes = self->archive->sweep.axes;
    const size_t settings = self->archive->plan.count / self->archive->plan.worlds;
    for (size_t i = 0; i < settings; i++) {
        if (strcmp(skad_sim_axis_value(self->archive, self->attacks, i),
                   axes[self->attacks].values[row]) == 0 &&
            strcmp(skad_sim_axis_value(self->archive, self->defences, i),
                   axes[self->defences].values[column]) == 0) {
            return &self->summaries[i];
        }
    }
    return NULL;
}

/* What a cell shows: text, and how good that is, from 0 to 1. */
typedef struct shown {
    char value[16];
    char interval[32];
    double good;
} shown;

/* Times are compared with those without an attack, all defences on: tenfold is as bad as it gets.
 */
static void show(const matrix *self, const skad_sim_estimate *it, skad_sim_measure measure,
                 shown *out)
{
    const double scale = self->ms ? 1 : 100;
    (void)snprintf(out->value, sizeof out->value, "%.0f", scale * it->value);
    (void)snprintf(out->interval, sizeof out->interval, "%.0f–%.0f", scale * it->interval.low,
                   scale * it->interval.high);
    out->good = it->value;
    if (self->ms) {
        const skad_sim_summary *peace = cell(self, 0, 0);
        const double usual = peace != NULL ? peace->estimates[measure].value : 0;
        out->good = usual > 0 && it->value > 0 ? 1 - log10(it->value / usual) : 1;
        out->good = fmin(1, out->good);
    }
}

static skad_sim_measure measure_of(const matrix *self, uint64_t attack)
{
    return self->ms ? skad_sim_attack_ms(attack) : skad_sim_attack_measure(attack);
}

static void draw_cell(FILE *out, const matrix *self, size_t row, size_t column)
{
    const skad_sim_summary *it = cell(self, row, column);
    const skad_sim_measure measure = measure_of(self, it != NULL ? it->scenario->attack : 0);
    const double x = (double)column;
    const double y = (double)row;
    shown text;
    if (it == NULL || it->estimates[measure].samples == 0) {
        (void)fprintf(out, "set label \"missing\" at %g,%g center font \",9\"\n", x, y);
        return;
    }
    show(self, &it->estimates[measure], measure, &text);
    const bool dark = text.good < 0.07 || text.good > 0.93;
    (void)fprintf(
        out,
        "set object rectangle from %g,%g to %g,%g fs solid 1 border lc rgb \"#808080\" fc "
        "rgb \"#%06x\" lw 0.5\n",
        x - 0.5, y - 0.5, x + 0.5, y + 0.5, colour_of(text.good));
    (void)fprintf(out, "set label \"%s\" at %g,%g center tc rgb \"%s\" font \",13\" front\n",
                  text.value, x, y - 0.14, dark ? "#fefefe" : "#101010");
    (void)fprintf(out, "set label \"%s\" at %g,%g center tc rgb \"%s\" font \",9\" front\n",
                  text.interval, x, y + 0.24, dark ? "#fefefe" : "#101010");
}

static void draw_matrix(FILE *out, const matrix *self)
{
    const skad_sim_axis *axes = self->archive->sweep.axes;
    (void)fprintf(out, "unset grid\nunset key\nset border 0\nset x2tics (");
    for (size_t i = 0; i < self->columns; i++) {
        const char *name = axes[self->defences].values[i];
        (void)fprintf(out, "%s\"%s\" %zu", i > 0 ? ", " : "",
                      strcmp(name, "none") == 0 ? "all on" : name, i);
    }
    (void)fprintf(out, ") rotate by 40 scale 0 font \",11\"\nunset xtics\nset ytics (");
    for (size_t i = 0; i < self->rows; i++) {
        const uint64_t attack = skad_sim_attack_find(axes[self->attacks].values[i]);
        (void)fprintf(out, "%s\"%s: %s\" %zu", i > 0 ? ", " : "", axes[self->attacks].values[i],
                      skad_sim_measure_at(skad_sim_attack_measure(attack))->section, i);
    }
    (void)fprintf(out,
                  ") scale 0 font \",11\"\nset lmargin 28\nset tmargin 7\nset bmargin 1\n"
                  "set rmargin 2\nset xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\n"
                  "set x2range [-0.5:%zu.5]\n",
                  self->columns - 1, self->rows - 1, self->columns - 1);
    for (size_t row = 0; row < self->rows; row++) {
        for (size_t column = 0; column < self->columns; column++) {
            draw_cell(out, self, row, column);
        }
    }
    (void)fprintf(out, "plot NaN notitle\n");
}

static void add_matrix(const matrix *self, skad_sim_figures *figures, const char *name,
                       const char *title)
{
    skad_sim_figure *figure = NULL;
    FILE *file = skad_sim_figure_new(figures, name, title, &figure);
    if (file == NULL) {
        return;
    }
    draw_matrix(file, self);
    (void)fclose(file);
    figure->height = (unsigned)(130 + ROW_HEIGHT * self->rows);
    (void)snprintf(figure->caption, sizeof figure->caption,
                   "%s of what the attack is against, named beside it, and its 95 %% interval "
                   "over %zu worlds. Columns: all defences on, one of them off, all off; baseline: "
                   "searches as large unsigned networks do.%s",
                   self->ms ? "Milliseconds" : "Success in percent", self->archive->plan.worlds,
                   self->ms ? " Colours compare with the first row and column." : "");
}

/* ---- Costs ---- */

static double cost_of(const matrix *self, size_t column, skad_sim_measure measure,
                      const skad_sim_estimate **out)
{
    const skad_sim_summary *it = cell(self, 0, column);
    *out = it != NULL ? &it->estimates[measure] : NULL;
    return it != NULL ? it->estimates[measure].value : NAN;
}

static void draw_costs(FILE *out, const matrix *self, skad_sim_measure measure)
{
    (void)fprintf(out, "$c << EOD\n");
    for (size_t i = 0; i < self->columns; i++) {
        const skad_sim_estimate *it = NULL;
        const double value = cost_of(self, i, measure, &it);
        const char *name = self->archive->sweep.axes[self->defences].values[i];
        if (it != NULL && it->samples > 0) {
            (void)fprintf(out, "%zu %.6g %.6g %.6g \"%s\"\n", i, value, it->interval.low,
                          it->interval.high, strcmp(name, "none") == 0 ? "all on" : name);
        }
    }
    (void)fprintf(out,
                  "EOD\nset yrange [%zu.5:-0.5]\nset grid x\nunset key\nset xrange [0:*]\n"
                  "set xlabel \"%s of a lookup, without an attack\"\n"
                  "plot $c using 2:1:3:4:ytic(5) with xerrorbars lw 2 pt 7 ps 0.7 lc rgb \"%s\"\n",
                  self->columns - 1, measure == SKAD_SIM_LOOKUP_RPCS ? "requests" : "milliseconds",
                  skad_sim_colours[0]);
}

static void add_costs(const matrix *self, skad_sim_figures *figures, const char *name,
                      skad_sim_measure measure)
{
    skad_sim_figure *figure = NULL;
    char title[160];
    (void)snprintf(title, sizeof title, "what each defence costs: %s",
                   skad_sim_measure_at(measure)->about);
    FILE *out = skad_sim_figure_new(figures, name, title, &figure);
    if (out != NULL) {
        draw_costs(out, self, measure);
        (void)fclose(out);
        figure->height = (unsigned)(110 + 24 * self->columns);
        (void)snprintf(figure->caption, sizeof figure->caption,
                       "In a network without adversaries, with all defences on and with each one "
                       "off. Bars: 95 %% intervals, a bootstrap over worlds.");
    }
}

bool skad_sim_figure_ablation(const skad_sim_archive *archive, const skad_sim_summary *summaries,
                              skad_sim_figures *out)
{
    matrix self = {.archive = archive,
                   .summaries = summaries,
                   .attacks = axis_of(archive, "attack"),
                   .defences = axis_of(archive, "without")};
    if (self.attacks == archive->sweep.axes_count || self.defences == archive->sweep.axes_count) {
        return false;
    }
    self.rows = archive->sweep.axes[self.attacks].count;
    self.columns = archive->sweep.axes[self.defences].count;
    add_matrix(&self, out, "ablation", "what each defence is worth against each attack");
    self.ms = true;
    add_matrix(&self, out, "ablation-ms", "how long it takes under each attack");
    add_costs(&self, out, "cost-requests", SKAD_SIM_LOOKUP_RPCS);
    add_costs(&self, out, "cost-ms", SKAD_SIM_LOOKUP_MS);
    return true;
}
