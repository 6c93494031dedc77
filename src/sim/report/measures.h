/* The measures of a setting: shares and means over its worlds, which differ in nothing but their
 * seeds, with intervals, and quantiles of time, requests and hops. Tables, JSON, reports and plots
 * all take them from here. */
#ifndef SKAD_SIM_REPORT_MEASURES_H
#define SKAD_SIM_REPORT_MEASURES_H

#include "src/sim/report/fields.h"
#include "src/sim/report/stats.h"

typedef enum skad_sim_measure {
    SKAD_SIM_LOOKUP_SUCCESS,
    SKAD_SIM_LOOKUP_EXACT,
    SKAD_SIM_LOOKUP_RECALL,
    SKAD_SIM_LOOKUP_CAPTURED,
    SKAD_SIM_LOOKUP_NOTICED,
    SKAD_SIM_LOOKUP_DIVERGED,
    SKAD_SIM_LOOKUP_RPCS,
    SKAD_SIM_LOOKUP_MS,
    SKAD_SIM_GET_SUCCESS,
    SKAD_SIM_GET_NOTICED,
    SKAD_SIM_GET_RPCS,
    SKAD_SIM_GET_MS,
    SKAD_SIM_PUT_SUCCESS,
    SKAD_SIM_PUT_NOTICED,
    SKAD_SIM_PUT_RPCS,
    SKAD_SIM_PUT_MS,
    SKAD_SIM_FORWARD_REQUESTS,
    SKAD_SIM_FORWARD_COPIES,
    SKAD_SIM_ANONYMITY_SEEN,
    SKAD_SIM_ANONYMITY_IDENTIFIED,
    SKAD_SIM_ANONYMITY_BITS,
    SKAD_SIM_MEASURES,
} skad_sim_measure;

typedef struct skad_sim_measure_row {
    const char *section; /* "lookups" */
    const char *name;
    const char *about;
    size_t part; /* places of two uint64_t in skad_sim_outcome */
    size_t whole;
    double scale; /* 0: a share; else a mean, of parts times this */
} skad_sim_measure_row;

const skad_sim_measure_row *skad_sim_measure_at(skad_sim_measure measure);

typedef struct skad_sim_summary {
    const skad_sim_scenario *scenario; /* of the first world */
    size_t worlds;                     /* that ended well */
    size_t missing;                    /* that failed, were interrupted, or did not begin */
    skad_sim_outcome sum;              /* of all fields, over worlds; prefixes are of the first */
    skad_sim_estimate estimates[SKAD_SIM_MEASURES];
} skad_sim_summary;

/* Takes `count` worlds of one setting together, at most SKAD_SIM_WORLDS_MAX. */
void skad_sim_summarise(const skad_sim_scenario *scenario, const skad_sim_outcome *outcomes,
                        size_t count, skad_sim_summary *out);

/* Whether lookups, or all that a setting does, meet the same key in one world, so that they are no
 * independent trials. */
bool skad_sim_shares_target(const skad_sim_scenario *scenario, skad_sim_measure measure);

/* What an attack of the library is against. */
skad_sim_measure skad_sim_attack_measure(uint64_t attack);
/* And the time that this takes. */
skad_sim_measure skad_sim_attack_ms(uint64_t attack);

/* Quantiles that all reports have: 50, 90 and 99 %. */
#define SKAD_SIM_QUANTILES 3
extern const int skad_sim_percents[SKAD_SIM_QUANTILES];

typedef enum skad_sim_work {
    SKAD_SIM_LOOKUPS,
    SKAD_SIM_GETS,
    SKAD_SIM_PUTS,
    SKAD_SIM_WORKS,
} skad_sim_work;

typedef struct skad_sim_costs {
    const char *name; /* "lookups" */
    uint64_t ended;
    double ms[SKAD_SIM_QUANTILES];
    uint64_t requests[SKAD_SIM_QUANTILES];
    uint64_t hops[SKAD_SIM_QUANTILES];
} skad_sim_costs;

skad_sim_costs skad_sim_costs_of(const skad_sim_outcome *sum, skad_sim_work work);

#endif
