/* Result files that are read again: to go on with a sweep that was killed, to merge the shards of
 * one, and to report. */
#ifndef SKAD_SIM_REPORT_ARCHIVE_H
#define SKAD_SIM_REPORT_ARCHIVE_H

#include "src/sim/report/output.h"
#include "src/sim/report/results.h"

#define SKAD_SIM_ARCHIVE_REASON_BYTES 512

/* A line of a running experiment. */
typedef struct skad_sim_point {
    size_t number;
    skad_sim_outcome so_far;
    skad_sim_outcome interval;
} skad_sim_point;

typedef struct skad_sim_archive {
    json_t *head; /* of the first file; NULL: nothing was read */
    char *path;   /* of it */
    skad_sim_sweep sweep;
    skad_sim_plan plan; /* as if it were one shard; points into head and sweep */
    skad_sim_scenario *scenarios;
    skad_sim_outcome *outcomes; /* incomplete: missing */
    bool *have;
    size_t had;             /* how many of them */
    skad_sim_point *points; /* by experiment, as they came */
    size_t points_count;
    size_t whole; /* bytes of the last file that are whole lines */
} skad_sim_archive;

/* Reads a file into the archive; all files must be of one sweep. Of two lines for one experiment
 * the later one counts. A last line that was cut is left out, since that is what a kill leaves.
 * False: the reason says in one line what is wrong, and what to do. */
bool skad_sim_archive_read(skad_sim_archive *archive, const char *path,
                           char reason[static SKAD_SIM_ARCHIVE_REASON_BYTES]);
void skad_sim_archive_free(skad_sim_archive *archive);

/* Whether a plan is that of the archive, but for its shard; else the reason names what differs. */
bool skad_sim_archive_fits(const skad_sim_archive *archive, const skad_sim_plan *plan,
                           char reason[static SKAD_SIM_ARCHIVE_REASON_BYTES]);

/* The results of an archive, to print. */
skad_sim_results skad_sim_archive_results(const skad_sim_archive *archive);

/* "3 of 76 experiments are missing: 16, 32, 48": the first ones; false if none is. */
bool skad_sim_archive_missing(const skad_sim_archive *archive,
                              char out[static SKAD_SIM_ARCHIVE_REASON_BYTES]);

#endif
