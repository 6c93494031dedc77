/* Nodes that come and go: by an exponential or a Weibull distribution, or by a trace. Node 0 never
 * leaves; all other nodes join through it. */
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

/* Reads the trace, if there is one; false with a reason. */
bool skad_sim_churn_init(skad_sim_churn *churn, const skad_sim_scenario *scenario,
                         char reason[static SKAD_SIM_REASON_BYTES]);
void skad_sim_churn_free(skad_sim_churn *churn);

/* Called before tables are filled: takes down the nodes that are down in the steady state. */
void skad_sim_churn_settle(skad_sim_churn *churn, skad_world *world);
/* Plans the next change of each node; those of a trace are counted from now. */
void skad_sim_churn_begin(skad_sim_churn *churn, skad_world *world);
/* Carries out a planned change that is due: of a node, or, in a trace, of line `index`. */
void skad_sim_churn_change(skad_sim_churn *churn, skad_world *world, uint32_t index);
/* The node that such a change concerns. */
uint32_t skad_sim_churn_node(const skad_sim_churn *churn, const skad_world *world, uint32_t index);
/* Crashes a share of the nodes at once, drawn at random. */
void skad_sim_churn_crash(skad_sim_churn *churn, skad_world *world, double share);

#endif
