/* Nodes that come and go: by an exponential or a Weibull distribution, or by a trace. Node 0 never
 * leaves; everybody else joins through it. */
#ifndef SKAD_SIM_WORLD_CHURN_H
#define SKAD_SIM_WORLD_CHURN_H

#include "src/sim/world/world.h"

typedef struct skad_sim_churn_line {
    double at_s;
    uint32_t node;
    bool up;
} skad_sim_churn_line;

typedef struct skad_sim_churn {
    skad_prng prng;
    skad_sim_churn_line *lines; /* of a trace */
    size_t lines_count;
    uint64_t arrivals;
    uint64_t departures;
} skad_sim_churn;

/* Reads the trace, where there is one; false with a reason. */
bool skad_sim_churn_init(skad_sim_churn *churn, const skad_sim_scenario *scenario,
                         char reason[static SKAD_SIM_REASON_BYTES]);
void skad_sim_churn_free(skad_sim_churn *churn);

/* Before tables are filled: takes down those that are down in the steady state. */
void skad_sim_churn_settle(skad_sim_churn *churn, skad_world *world);
/* Plans everybody's next change; those of a trace are counted from now. */
void skad_sim_churn_begin(skad_sim_churn *churn, skad_world *world);
/* A planned change is due: of a node, or, in a trace, of line `index`. */
void skad_sim_churn_change(skad_sim_churn *churn, skad_world *world, uint32_t index);
/* Whom that concerns. */
uint32_t skad_sim_churn_node(const skad_sim_churn *churn, const skad_world *world, uint32_t index);
/* So many nodes, drawn at random, crash at once. */
void skad_sim_churn_crash(skad_sim_churn *churn, skad_world *world, double share);

#endif
