/* Many experiments side by side, each in a process of its own, so that one that runs out of memory
 * or fails an assertion does not end the others. */
#ifndef SKAD_SIM_PROGRAM_JOBS_H
#define SKAD_SIM_PROGRAM_JOBS_H

#include "src/sim/experiment/experiment.h"

typedef struct skad_sim_jobs {
    const skad_sim_scenario *scenarios;
    size_t count;
    unsigned parallel; /* at once; 0: as many as there are processors */
    bool build_only;
    skad_sim_outcome *outcomes; /* as many as scenarios */
    const bool *skip;           /* those that are not to run; their outcomes stay. NULL: none */
    bool quiet;                 /* no progress line */
    /* In the experiment's own process: a line of output is due; a lookup has ended. May be NULL. */
    bool (*report)(size_t number, const skad_sim_outcome *so_far, void *user);
    void (*trace)(size_t number, const skad_sim_traced *lookup, void *user);
    /* In ours: an experiment has ended. May be NULL. */
    void (*ended)(size_t number, const skad_sim_outcome *outcome, void *user);
    void *user;
} skad_sim_jobs;

/* Runs all. Ctrl-C (SIGINT) or SIGTERM ends the running ones with their results so far; those that
 * did not begin are left incomplete. False if any failed: its outcome says why. */
bool skad_sim_jobs_run(skad_sim_jobs *jobs);

#endif
