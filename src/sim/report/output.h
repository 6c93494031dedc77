/* Result files: JSON Lines, whole lines only. The first line is the head: what was run. Its field
 * "complete" says `false` until the very end, when it is overwritten in place: a run that was
 * interrupted, or whose disk was full, leaves a file that can be read and says what it is. Each
 * experiment adds a line with all its figures when it has ended, so that a killed sweep loses none
 * but those that were running. `skad sim schema` describes every field. */
#ifndef SKAD_SIM_REPORT_OUTPUT_H
#define SKAD_SIM_REPORT_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "src/sim/experiment/outcome.h"
#include "src/sim/scenario/sweep.h"

/* What a file is about. Experiments are numbered as skad_sim_sweep_at does, from 0 on. */
typedef struct skad_sim_plan {
    const char *command;
    const char *arguments; /* as they were given, for reports */
    const skad_sim_sweep *sweep;
    size_t worlds; /* of each setting: the axis "seed" */
    size_t count;  /* experiments in all shards */
    unsigned shard;
    json_t *head;    /* of the file that the plan was read from, with its version and kind of
                              cryptography; NULL: they are this program's */
    unsigned shards; /* experiment n belongs to shard n % shards + 1 */
} skad_sim_plan;

typedef struct skad_sim_output {
    const skad_sim_plan *plan;
    int fd;
    int error; /* errno of what failed first; 0: nothing */
} skad_sim_output;

/* The head as an object. */
json_t *skad_sim_plan_head(const skad_sim_plan *plan);

/* Creates or replaces the file and writes its head. */
bool skad_sim_output_open(skad_sim_output *output, const char *path, const skad_sim_plan *plan);
/* Goes on with a file whose head is right (archive.h), after its first `whole` bytes. */
bool skad_sim_output_continue(skad_sim_output *output, const char *path, const skad_sim_plan *plan,
                              size_t whole);
/* Adds the line of an experiment that has ended, or was interrupted. False if it could not be
 * written completely; then no part of it is in the file. */
bool skad_sim_output_result(skad_sim_output *output, size_t number,
                            const skad_sim_scenario *scenario, const skad_sim_outcome *outcome);
/* Adds the line of a running one: its figures so far, and those since the line before. */
bool skad_sim_output_report(skad_sim_output *output, size_t number, const skad_sim_outcome *so_far,
                            const skad_sim_outcome *interval);
/* Marks the file complete, if all of it is there, and closes it; false if anything failed. */
bool skad_sim_output_close(skad_sim_output *output, bool complete);

#endif
