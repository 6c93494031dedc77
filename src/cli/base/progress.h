/* The progress of solving a puzzle: one line on a terminal that keeps changing. If stderr is not a
 * terminal nothing is written. */
#ifndef SKAD_CLI_BASE_PROGRESS_H
#define SKAD_CLI_BASE_PROGRESS_H

#include "skad/identity.h"

/* For skad_solve_options.progress; user is unused. */
void skad_progress_puzzle(const skad_progress *progress, void *user);

/* Removes the line. */
void skad_progress_clear(void);

#endif
