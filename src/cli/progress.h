/* One line on a terminal that keeps changing. Where stderr is no terminal nothing is written. */
#ifndef SKAD_CLI_PROGRESS_H
#define SKAD_CLI_PROGRESS_H

#include <stdint.h>

#include "skad/identity.h"

/* For skad_solve_options.progress; user is unused. */
void skad_progress_puzzle(const skad_progress *progress, void *user);

/* Bytes of a file that are done; `total` 0 while it is unknown. */
void skad_progress_bytes(const char *what, uint64_t done, uint64_t total);

/* Takes the line away. */
void skad_progress_clear(void);

#endif
