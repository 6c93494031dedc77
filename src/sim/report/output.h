/* The output file of a run: JSON Lines, whole lines only. The first line is the head; its field
 * "complete" says `false` until the very end, when it is overwritten in place: a run that was
 * interrupted, or whose disk was full, leaves a file that can be read and says what it is. */
#ifndef SKAD_SIM_REPORT_OUTPUT_H
#define SKAD_SIM_REPORT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "src/sim/experiment/outcome.h"

typedef struct skad_sim_output {
    int fd;
    int error; /* errno of what failed first; 0: nothing */
} skad_sim_output;

/* Creates or replaces the file and writes its head. */
bool skad_sim_output_open(skad_sim_output *output, const char *path,
                          const skad_sim_scenario *scenario);
/* Adds one line; `kind` is its field "line". False if it could not be written completely; then no
 * part of it is in the file. */
bool skad_sim_output_line(skad_sim_output *output, const char *kind,
                          const skad_sim_scenario *scenario, const skad_sim_outcome *outcome);
/* Marks the file complete, if all of it is there, and closes it; false if anything failed. */
bool skad_sim_output_close(skad_sim_output *output, bool complete);

#endif
