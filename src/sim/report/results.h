/* Results as JSON, and the pieces of tables that several commands print. Outcomes come in settings:
 * `worlds` of them in a row differ in nothing but their seeds. */
#ifndef SKAD_SIM_REPORT_RESULTS_H
#define SKAD_SIM_REPORT_RESULTS_H

#include <jansson.h>
#include <stdio.h>

#include "src/sim/report/measures.h"
#include "src/sim/scenario/sweep.h"

typedef struct skad_sim_results {
    const char *command;
    const skad_sim_sweep *sweep;
    const skad_sim_scenario *scenarios;
    const skad_sim_outcome *outcomes;
    size_t count;
    size_t worlds;         /* of each setting; count is a multiple of it */
    const json_t *head;    /* of the file that they were read from; NULL: they are this program's */
    const bool *elsewhere; /* experiments of other shards; NULL: none */
} skad_sim_results;

/* The program's version, which reports and result files tell. */
const char *skad_sim_version(void);

/* What was run: format, version, command, cryptography, scenario. */
json_t *skad_sim_json_head(const char *command, const skad_sim_scenario *base);
/* One setting: swept values, shares and means with intervals and their methods, quantiles, counts.
 */
json_t *skad_sim_json_setting(const skad_sim_results *results, size_t setting);
/* The last line of a command with --json: the head, and all settings. */
void skad_sim_json_results(FILE *out, const skad_sim_results *results);

/* "99.12  98.3 to 99.6": a share in percent with its interval. */
#define SKAD_SIM_SHARE_BYTES 48
void skad_sim_estimate_text(const skad_sim_estimate *estimate,
                            char out[static SKAD_SIM_SHARE_BYTES]);

/* Prints the first lines of every report: seed, cryptography, and values that are not defaults. */
void skad_sim_report_setting(const skad_sim_sweep *sweep);

/* "over 1000 lookups by Wilson": how the interval of a measure was made, for the line above a
 * table. */
void skad_sim_report_method(const skad_sim_results *results, skad_sim_measure measure);

/* The columns of swept keys, which every table begins with: their names, and their values. Those
 * among the blank-separated `own` have columns elsewhere. */
void skad_sim_report_swept_head(const skad_sim_sweep *sweep, const char *own);
void skad_sim_report_swept(const skad_sim_sweep *sweep, const char *own,
                           const skad_sim_scenario *scenario);

/* A table of p50, p90 and p99 of time, requests and hops, for all that the settings did. */
void skad_sim_report_costs(const skad_sim_results *results);

/* Prints the experiments that failed or are incomplete, one line each; false if there are any. */
bool skad_sim_report_failures(const skad_sim_results *results);

#endif
