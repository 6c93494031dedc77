/* Plots by gnuplot, as SVG that stands inline in a page or in a file of its own. Ink is
 * currentColor, so that a page's light or dark scheme decides; colours of series are those of Okabe
 * and Ito (2008), which colour-blind readers tell apart, and which are readable on both. */
#ifndef SKAD_SIM_REPORT_GNUPLOT_H
#define SKAD_SIM_REPORT_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

#define SKAD_SIM_GNUPLOT_REASON_BYTES 256
#define SKAD_SIM_COLOURS              8
extern const char *const skad_sim_colours[SKAD_SIM_COLOURS];

/* Runs a script, which need not set a terminal. `name`: of letters, digits and `-`; IDs within the
 * SVG begin with it. Free *svg. False: the reason says in one line what is missing or wrong. */
bool skad_sim_gnuplot(const char *script, const char *name, const char *title, unsigned height,
                      char **svg, char reason[static SKAD_SIM_GNUPLOT_REASON_BYTES]);

/* Writes an SVG as a file of its own, with a background for each scheme. */
bool skad_sim_svg_write(const char *path, const char *svg);

#endif
