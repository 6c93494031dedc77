/* The progress of all experiments: one line on a terminal, redrawn a few times a second. If stderr
 * is not a terminal nothing is written. */
#ifndef SKAD_SIM_REPORT_PROGRESS_H
#define SKAD_SIM_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct skad_sim_progress_reading {
    size_t experiments;
    double done;        /* of them, those half done counted in part */
    double simulated_s; /* of all together */
    double events;
} skad_sim_progress_reading;

typedef struct skad_sim_progress {
    bool shown;
    bool drawn;
    double began_s;
    double drawn_s;
} skad_sim_progress;

void skad_sim_progress_begin(skad_sim_progress *progress, bool wanted);
void skad_sim_progress_show(skad_sim_progress *progress, const skad_sim_progress_reading *reading);
void skad_sim_progress_end(skad_sim_progress *progress);

#define SKAD_SIM_PROGRESS_BYTES 160

/* The text of the line; a pure function. */
void skad_sim_progress_line(const skad_sim_progress_reading *reading, double took_s,
                            char out[static SKAD_SIM_PROGRESS_BYTES]);

#endif
