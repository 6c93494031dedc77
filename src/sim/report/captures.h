/* What captures of keys came to: worlds that differ in nothing but their seeds, taken together. */
#ifndef SKAD_SIM_REPORT_CAPTURES_H
#define SKAD_SIM_REPORT_CAPTURES_H

#include <jansson.h>
#include <stdio.h>

#include "src/price/price.h"
#include "src/sim/report/measures.h"

typedef struct skad_sim_capture_sum {
    const skad_sim_scenario *scenario; /* of the first world */
    size_t worlds;                     /* that ended well */
    uint64_t gets;
    skad_sim_estimate all;
    skad_sim_estimate early; /* right after the put */
    skad_sim_estimate late;
    skad_sim_estimate puts_reached; /* an honest node holds the record when the put ends */
    uint64_t puts_stored;           /* report success */
    uint64_t puts_false;            /* report success, and no honest node holds the record */
    uint64_t puts_dense;
    double dense; /* share of gets that noticed */
    double rpcs_per_get;
    double rpcs_per_put;
    double holders; /* honest ones, on average */
    double holders_late;
    skad_sim_costs gets_took;
    skad_sim_costs puts_took;
    skad_price price;
} skad_sim_capture_sum;

/* Adds up `count` worlds of one setting, at most SKAD_SIM_WORLDS_MAX. Those that failed or are
 * incomplete are left out. */
void skad_sim_capture_add_up(const skad_sim_scenario *scenarios, const skad_sim_outcome *outcomes,
                             size_t count, skad_sim_capture_sum *out);

/* As one object of JSON; as a line of a table, and the lines above it. */
json_t *skad_sim_capture_json(const skad_sim_capture_sum *sum);
void skad_sim_capture_head(FILE *out);
void skad_sim_capture_line(FILE *out, const skad_sim_capture_sum *sum);

#endif
