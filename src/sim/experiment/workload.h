/* Honest nodes at work: they look up keys and get values, and their results are compared with the
 * truth, which only the world knows. A node does one thing at a time. */
#ifndef SKAD_SIM_EXPERIMENT_WORKLOAD_H
#define SKAD_SIM_EXPERIMENT_WORKLOAD_H

#include "src/sim/experiment/outcome.h"
#include "src/sim/experiment/values.h"

typedef struct skad_sim_asking {
    skad_op op; /* 0: nothing */
    uint32_t value;
    uint64_t began_us;
    skad_sim_hop hop; /* of a get */
} skad_sim_asking;

/* A lookup that has ended, for those who want to see its steps. */
typedef struct skad_sim_traced {
    const skad_world *world;
    const skad_lookup_report *report;
    uint64_t number; /* of the lookup, from 0 on */
    uint32_t asker;
    bool right; /* it returned the nearest honest node */
} skad_sim_traced;

typedef struct skad_sim_workload {
    skad_world *world;
    const skad_sim_values *values;
    skad_prng *prng;
    skad_sim_asking *askings; /* by node */
    uint32_t awaited;         /* of them */
    uint64_t lookups_begun;
    skad_sim_lookups lookups;
    skad_sim_gets gets;
    skad_sim_forwarding forwarding;
    skad_sim_witness witness; /* of what the curious saw */
    skad_sim_classes born;    /* since when the askers are up */
    skad_sim_class_tally classes[SKAD_SIM_NODE_CLASSES];
    void (*trace)(const skad_sim_traced *lookup, void *user); /* may be NULL */
    void *trace_user;
} skad_sim_workload;

void skad_sim_workload_init(skad_sim_workload *workload, skad_world *world,
                            const skad_sim_values *values, skad_prng *prng);
void skad_sim_workload_free(skad_sim_workload *workload);

/* Starts work at a node that is up, honest and idle; does nothing if there is hardly one. */
void skad_sim_workload_look_up(skad_sim_workload *workload);
void skad_sim_workload_get(skad_sim_workload *workload, uint32_t value);

/* Gets what attackers published to frame its holders; the result is not judged. */
void skad_sim_workload_take_bait(skad_sim_workload *workload, const skad_store_name *bait);

/* Takes a node's event: judges it if it was asked for. */
void skad_sim_workload_event(skad_sim_workload *workload, uint32_t node, const skad_event *event);

/* A node goes down: its work ends and is not counted. */
void skad_sim_workload_forget(skad_sim_workload *workload, uint32_t node);

#endif
