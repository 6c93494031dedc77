/* One experiment from beginning to end: builds the world of a scenario, lets it settle, has honest
 * nodes look up keys and get values, and compares their results with the truth. */
#ifndef SKAD_SIM_EXPERIMENT_EXPERIMENT_H
#define SKAD_SIM_EXPERIMENT_EXPERIMENT_H

#include <signal.h>
#include <stdio.h>

#include "src/sim/experiment/outcome.h"
#include "src/sim/experiment/workload.h"

/* How far it is; called a few times a second of real time. */
typedef struct skad_sim_tick {
    double simulated_s;
    double total_s;
    uint64_t events;
} skad_sim_tick;

typedef struct skad_sim_watch {
    const volatile sig_atomic_t *stop; /* raised: end with the results so far; may be NULL */
    void (*progress)(const skad_sim_tick *tick, void *user); /* may be NULL */
    /* A line is due (report_every_s). False: writing failed, end with the results so far. May be
     * NULL. */
    bool (*report)(const skad_sim_outcome *so_far, void *user);
    void (*trace)(const skad_sim_traced *lookup, void *user); /* a lookup has ended; may be NULL */
    void *user;
} skad_sim_watch;

/* The same scenario gives the same outcome, but for its real times. */
void skad_sim_experiment(const skad_sim_scenario *scenario, const skad_sim_watch *watch,
                         skad_sim_outcome *out);

/* Only makes the world and its tables: out->build_s, bytes_per_node, peers_per_node. */
void skad_sim_experiment_build(const skad_sim_scenario *scenario, skad_sim_outcome *out);

#endif
