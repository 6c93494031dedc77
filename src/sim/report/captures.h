/* What captures of keys came to: worlds that differ in nothing but their seeds, taken together. */
#ifndef SKAD_SIM_REPORT_CAPTURES_H
#define SKAD_SIM_REPORT_CAPTURES_H

#include <stdio.h>

#include "src/price/price.h"
#include "src/sim/report/stats.h"

/* A share of gets, as the mean over worlds, and its interval (skad_sim_t_interval). */
typedef struct skad_sim_success {
    double share;
    skad_sim_interval interval;
} skad_sim_success;

typedef struct skad_sim_capture_sum {
    const skad_sim_scenario *scenario; /* of the first world */
    size_t worlds;                     /* that ended well */
    uint64_t gets;
    skad_sim_success all;
    skad_sim_success early; /* right after the put */
    skad_sim_success late;
    uint64_t puts_reached; /* an honest node holds the record when the put ends; one put a world */
    uint64_t puts_stored;  /* report success */
    uint64_t puts_false;   /* report success, and no honest node holds the record */
    uint64_t puts_dense;
    double dense; /* share of gets that noticed */
    double rpcs_per_get;
    double rpcs_per_put;
    double holders; /* honest ones, on average */
    double holders_late;
    skad_sim_durations gets_took;
    skad_sim_durations puts_took;
    skad_price price;
} skad_sim_capture_sum;

/* Adds up `count` worlds of one setting, at most SKAD_SIM_WORLDS_MAX. Those that failed or are
 * incomplete are left out. */
#define SKAD_SIM_WORLDS_MAX 256
void skad_sim_capture_add_up(const skad_sim_scenario *scenarios, const skad_sim_outcome *outcomes,
                             size_t count, skad_sim_capture_sum *out);

/* As one object of JSON; as a line of a table, and the lines above it. */
void skad_sim_capture_json(FILE *out, const skad_sim_capture_sum *sum);
void skad_sim_capture_head(FILE *out);
void skad_sim_capture_line(FILE *out, const skad_sim_capture_sum *sum);

#endif
