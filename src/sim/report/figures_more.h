/* The figures that not every sweep has. */
#ifndef SKAD_SIM_REPORT_FIGURES_MORE_H
#define SKAD_SIM_REPORT_FIGURES_MORE_H

#include "src/sim/report/figures.h"

/* The heat map of attacks and defences, if the sweep has both; false if not. */
bool skad_sim_figure_ablation(const skad_sim_archive *archive, const skad_sim_summary *summaries,
                              skad_sim_figures *out);

/* Success over time by class of the asking node, and who holds the places of tables, if there are
 * reports. */
void skad_sim_figure_course(const skad_sim_archive *archive, skad_sim_figures *out);

/* The population of each prefix against Poisson, with the detector's threshold: of the first world
 * with adversaries, or of the first. */
void skad_sim_figure_prefixes(const skad_sim_archive *archive, skad_sim_figures *out);

#endif
