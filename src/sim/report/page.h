/* A report as one HTML file: no script, no request to anywhere, light or dark as the reader's
 * system is, and printable. */
#ifndef SKAD_SIM_REPORT_PAGE_H
#define SKAD_SIM_REPORT_PAGE_H

#include <stdio.h>

#include "src/sim/report/figures.h"

/* The head of the page, with the style. */
void skad_sim_page_begin(FILE *out);
/* A sweep: what was run and what is missing, its figures (an SVG for each), and its table. */
void skad_sim_page_sweep(FILE *out, const skad_sim_archive *archive,
                         const skad_sim_figures *figures, char *const *svgs);
void skad_sim_page_end(FILE *out);

/* The same table as CSV (RFC 4180): a row for each setting and measure. With `head`, the names of
 * the columns first. */
void skad_sim_csv(FILE *out, const skad_sim_archive *archive, bool head);

#endif
