/* Results as JSON (RFC 8259), and the pieces of tables that several commands print. */
#ifndef SKAD_SIM_REPORT_RESULTS_H
#define SKAD_SIM_REPORT_RESULTS_H

#include <stdio.h>

#include "src/sim/experiment/outcome.h"
#include "src/sim/scenario/sweep.h"

/* A string with its quotes. */
void skad_sim_json_text(FILE *out, const char *text);

/* The whole scenario as an object. */
void skad_sim_json_scenario(FILE *out, const skad_sim_scenario *scenario);

/* One outcome as an object; `swept`: with the values that its scenario has on the sweep's axes
 * first (may be NULL). */
void skad_sim_json_outcome(FILE *out, const skad_sim_sweep *swept,
                           const skad_sim_scenario *scenario, const skad_sim_outcome *outcome);

/* The last line of a command with --json: what was run, with what, and all results. */
typedef struct skad_sim_results {
    const char *command;
    const skad_sim_sweep *sweep;
    const skad_sim_scenario *scenarios;
    const skad_sim_outcome *outcomes;
    size_t count;
} skad_sim_results;

/* The swept values of an experiment, as members of an object, each with a comma behind it. */
void skad_sim_json_swept(FILE *out, const skad_sim_sweep *sweep, const skad_sim_scenario *scenario);

void skad_sim_json_results(FILE *out, const skad_sim_results *results);

/* "99.12  98.3 to 99.6": a share in percent with its interval. */
#define SKAD_SIM_SHARE_BYTES 48
void skad_sim_share_text(uint64_t part, uint64_t all, char out[static SKAD_SIM_SHARE_BYTES]);

/* "p50 140, p90 160, p99 1200 ms" */
#define SKAD_SIM_DURATIONS_BYTES 80
void skad_sim_durations_text(const skad_sim_durations *it,
                             char out[static SKAD_SIM_DURATIONS_BYTES]);

/* Prints the first lines of every report: seed, cryptography, and values that are not defaults. */
void skad_sim_report_setting(const skad_sim_sweep *sweep);

/* Prints the experiments that failed or are incomplete, one line each; false if there are any. */
bool skad_sim_report_failures(const skad_sim_results *results);

#endif
