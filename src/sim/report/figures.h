/* The figures that result files give: shares over a swept key with confidence bands, the heat map
 * of an ablation, figures over time by class of nodes, and the population of prefixes. */
#ifndef SKAD_SIM_REPORT_FIGURES_H
#define SKAD_SIM_REPORT_FIGURES_H

#include "src/sim/report/archive.h"

#define SKAD_SIM_FIGURES_MAX 16 /* of one file */

typedef struct skad_sim_figure {
    char name[48]; /* "lookups-success", unique in its archive */
    char title[160];
    char caption[640];
    unsigned height;
    char *script; /* for gnuplot */
} skad_sim_figure;

typedef struct skad_sim_figures {
    skad_sim_figure all[SKAD_SIM_FIGURES_MAX];
    size_t count;
} skad_sim_figures;

void skad_sim_figures_of(const skad_sim_archive *archive, skad_sim_figures *out);
void skad_sim_figures_free(skad_sim_figures *figures);

/* Makes room for one more, with a stream for its script: close it. NULL where there is no room. */
FILE *skad_sim_figure_new(skad_sim_figures *figures, const char *name, const char *title,
                          skad_sim_figure **out);

/* The value of axis n of an archive for a setting, as text; static storage of the archive. */
const char *skad_sim_axis_value(const skad_sim_archive *archive, size_t axis, size_t setting);

#endif
