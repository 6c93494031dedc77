/* Traces of single lookups as CSV (RFC 4180): a row for each node that a lookup asked, in that
 * order. */
#ifndef SKAD_SIM_REPORT_TRACES_H
#define SKAD_SIM_REPORT_TRACES_H

#include "src/sim/experiment/experiment.h"

typedef struct skad_sim_traces {
    int fd;
    int error; /* errno of what failed first; 0: nothing */
} skad_sim_traces;

/* Creates or replaces the file and writes the names of its columns. */
bool skad_sim_traces_open(skad_sim_traces *traces, const char *path);
/* Adds the rows of one lookup with one write: several experiments share the file. */
void skad_sim_traces_add(skad_sim_traces *traces, size_t experiment, const skad_sim_traced *lookup);
/* False if anything failed. */
bool skad_sim_traces_close(skad_sim_traces *traces);

#endif
