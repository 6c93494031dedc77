/* A sweep as commands run it: all its experiments, or those of a shard that its file does not have
 * yet, with a line in the file for each one that ends. */
#ifndef SKAD_SIM_PROGRAM_BATCH_H
#define SKAD_SIM_PROGRAM_BATCH_H

#include "src/sim/program/command.h"
#include "src/sim/program/jobs.h"
#include "src/sim/report/archive.h"
#include "src/sim/report/traces.h"

typedef struct skad_sim_batch {
    skad_sim_scenario *scenarios;
    skad_sim_outcome *outcomes;
    bool *elsewhere; /* those of other shards */
    bool *skip;      /* these, and those that the file has */
    skad_sim_jobs jobs;
    skad_sim_results results;
    skad_sim_plan plan;
    skad_sim_output output;
    skad_sim_traces traces;
    skad_sim_outcome *before; /* in an experiment's process: at its last report */
    int *report_error;        /* of all these processes: errno of what failed first; 0: nothing */
    const skad_sim_request *request;
    bool whole; /* no shard: there are results of all settings to print */
} skad_sim_batch;

/* Makes the worlds of a request the axis that changes fastest. False, with a reason, where the seed
 * is a list already. */
bool skad_sim_request_spread(skad_sim_request *request, char reason[static SKAD_SIM_REASON_BYTES]);

/* Expands the sweep, worlds included, and opens its files. DONE, or the exit code after a
 * complaint: then there is nothing to free. */
skad_sim_exit skad_sim_batch_new(const char *command, skad_sim_request *request,
                                 skad_sim_batch *out);
/* Runs what is to be run. */
void skad_sim_batch_run(skad_sim_batch *batch);
/* Closes the files, prints the JSON line if it is wanted, complains of failures, frees; returns the
 * exit code. */
skad_sim_exit skad_sim_batch_end(skad_sim_batch *batch);
/* The same, where the command has printed JSON of its own. */
skad_sim_exit skad_sim_batch_close(skad_sim_batch *batch);

#endif
