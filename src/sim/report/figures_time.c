/* Figures over time, by class of nodes. */
#include <inttypes.h>
#include <stdlib.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/figures_more.h"
#include "src/sim/report/gnuplot.h"

#define TIMES_MAX 1024

static const char *const CLASS_NAMES[SKAD_SIM_NODE_CLASSES] = {"residents", "newcomers",
                                                               "adversaries"};

/* All points of one time, worlds and settings together. */
typedef struct instant {
    double time_s;
    skad_sim_class_tally classes[SKAD_SIM_NODE_CLASSES]; /* of the interval before it */
} instant;

typedef struct course {
    instant instants[TIMES_MAX];
    size_t count;
} course;

static instant *instant_at(course *self, double time_s)
{
    for (size_t i = 0; i < self->count; i++) {
        const double off = self->instants[i].time_s - time_s;
        if (off < 0.001 && off > -0.001) {
            return &self->instants[i];
        }
    }
    if (self->count == TIMES_MAX) {
        return NULL;
    }
    self->instants[self->count] = (instant){.time_s = time_s};
    return &self->instants[self->count++];
}

static void add_point(course *self, const skad_sim_point *point)
{
    instant *at = instant_at(self, point->so_far.simulated_s);
    for (int class = 0; at != NULL && class < SKAD_SIM_NODE_CLASSES; class ++) {
        const skad_sim_class_tally *from = &point->interval.classes[class];
        at->classes[class].up += from->up;
        at->classes[class].places += from->places;
        at->classes[class].lookups += from->lookups;
        at->classes[class].lookups_right += from->lookups_right;
        at->classes[class].gets += from->gets;
        at->classes[class].gets_right += from->gets_right;
    }
}

static int by_time(const void *a, const void *b)
{
    const double left = ((const instant *)a)->time_s;
    const double right = ((const instant *)b)->time_s;
    return (left > right) - (left < right);
}

/* Writes a block for each class, if it has anything, and plots those. */
static void draw_success(FILE *out, const course *self, bool gets)
{
    size_t shown = 0;
    for (int class = 0; class < SKAD_SIM_NODE_CLASSES; class ++) {
        (void)fprintf(out, "$c%d << EOD\n", class);
        for (size_t i = 0; i < self->count; i++) {
            const skad_sim_class_tally *it = &self->instants[i].classes[class];
            const uint64_t all = gets ? it->gets : it->lookups;
            const uint64_t right = gets ? it->gets_right : it->lookups_right;
            const skad_sim_interval interval = skad_sim_wilson(right, all);
            if (all > 0) {
                (void)fprintf(out, "%.3f %.6g %.6g %.6g\n", self->instants[i].time_s,
                              100 * skad_sim_share(right, all), 100 * interval.low,
                              100 * interval.high);
                shown |= (size_t)1 << class;
            }
        }
        (void)fprintf(out, "EOD\n");
    }
    (void)fprintf(out, "set grid x y\nset yrange [0:100]\nset ylabel \"%%\"\n"
                       "set xlabel \"simulated seconds\"\nplot ");
    for (int class = 0, count = 0; class < SKAD_SIM_NODE_CLASSES; class ++) {
        if ((shown & (size_t)1 << class) != 0) {
            (void)fprintf(out,
                          "%s$c%d using 1:3:4 with filledcurves lc rgb \"%s\" notitle, "
                          "$c%d using 1:2 with linespoints lw 2 dt %d pt %d ps 0.6 lc rgb \"%s\" "
                          "title \"%s\"",
                          count++ > 0 ? ", " : "", class, skad_sim_colours[class], class, class + 1,
                          5 + 2 * class, skad_sim_colours[class], CLASS_NAMES[class]);
        }
    }
    (void)fprintf(out, shown == 0 ? "NaN notitle\n" : "\n");
}

static void draw_places(FILE *out, const course *self)
{
    (void)fprintf(out, "$p << EOD\n");
    for (size_t i = 0; i < self->count; i++) {
        const skad_sim_class_tally *it = self->instants[i].classes;
        const uint64_t all = it[0].places + it[1].places + it[2].places;
        (void)fprintf(out, "%.3f %.6g %.6g %.6g\n", self->instants[i].time_s,
                      100 * skad_sim_share(it[0].places, all),
                      100 * skad_sim_share(it[1].places, all),
                      100 * skad_sim_share(it[2].places, all));
    }
    (void)fprintf(out, "EOD\nset grid x y\nset yrange [0:100]\nset ylabel \"%% of table places\"\n"
                       "set xlabel \"simulated seconds\"\nplot ");
    for (int class = 0; class < SKAD_SIM_NODE_CLASSES; class ++) {
        (void)fprintf(out,
                      "%s$p using 1:%d with linespoints lw 2 dt %d pt %d ps 0.6 lc rgb \"%s\" "
                      "title \"%s\"",
                      class > 0 ? ", " : "", class + 2, class + 1, 5 + 2 * class,
                      skad_sim_colours[class], CLASS_NAMES[class]);
    }
    (void)fprintf(out, "\n");
}

static void add(skad_sim_figures *figures, const course *self, const char *name, const char *title,
                const char *caption)
{
    skad_sim_figure *figure = NULL;
    FILE *out = skad_sim_figure_new(figures, name, title, &figure);
    if (out == NULL) {
        return;
    }
    if (name[0] == 't') {
        draw_places(out, self);
    } else {
        draw_success(out, self, name[0] == 'g');
    }
    (void)fclose(out);
    (void)snprintf(figure->caption, sizeof figure->caption, "%s", caption);
}

void skad_sim_figure_course(const skad_sim_archive *archive, skad_sim_figures *out)
{
    course *self = skad_sim_alloc(1, sizeof *self);
    uint64_t gets = 0;
    uint64_t lookups = 0;
    for (size_t i = 0; i < archive->points_count; i++) {
        add_point(self, &archive->points[i]);
        gets += archive->points[i].interval.gets.ended;
        lookups += archive->points[i].interval.lookups.ended;
    }
    qsort(self->instants, self->count, sizeof self->instants[0], by_time);
    if (gets > 0) {
        add(out, self, "gets-over-time", "gets that return the value, over time",
            "By class of the node that asks, each point since the one before; all worlds and "
            "settings together. Bands: Wilson's 95 % intervals over gets, too narrow where gets "
            "share a key.");
    }
    if (lookups > 0) {
        add(out, self, "lookups-over-time",
            "lookups that return the nearest honest node, over time",
            "By class of the node that asks, each point since the one before; all worlds and "
            "settings together. Bands: Wilson's 95 % intervals over lookups.");
    }
    if (self->count > 0) {
        add(out, self, "tables-over-time", "places in the tables of honest nodes, over time",
            "Residents have been up since the measured time began; newcomers came, or came back, "
            "since.");
    }
    free(self);
}
