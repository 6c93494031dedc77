/* The values of an experiment: node 0 publishes them at first and announces them hourly, and others
 * get them; the results are compared with the published values. */
#ifndef SKAD_SIM_EXPERIMENT_VALUES_H
#define SKAD_SIM_EXPERIMENT_VALUES_H

#include "skad/store.h"
#include "src/sim/experiment/hops.h"
#include "src/sim/experiment/outcome.h"

typedef struct skad_sim_value {
    skad_store_name name;
    uint8_t bytes[SKAD_SIM_PUBLISHED_BYTES];
    uint64_t sequence;                       /* mutable ones: of the latest edition */
    uint8_t first[SKAD_SIM_PUBLISHED_BYTES]; /* and what the one before said */
    bool stored;                             /* a holder acknowledged it */
    bool safe; /* and no crash took all nodes at once that are to keep it */
} skad_sim_value;

typedef struct skad_sim_values {
    skad_sim_value *all;
    skad_id *keys; /* of each */
    uint32_t count;
    skad_op publishing; /* of node 0; 0: it has ended */
    skad_id key;        /* of what it publishes */
    skad_sim_hop hop;   /* of its answers so far */
    bool acknowledged;  /* the last one was */
    bool dense;         /* it met a suspiciously dense neighbourhood */
} skad_sim_values;

void skad_sim_values_free(skad_sim_values *values);

/* Publishes the scenario's values one after the other; the world's time goes on meanwhile. */
void skad_sim_values_publish(skad_sim_values *values, skad_world *world, skad_prng *prng,
                             skad_sim_outcome *outcome);
/* Publishes the mutable ones once more, with other bytes, one after the other. */
void skad_sim_values_publish_again(skad_sim_values *values, skad_world *world, skad_prng *prng,
                                   skad_sim_outcome *outcome);
/* Publishes one more of each type. */
void skad_sim_values_publish_more(skad_sim_values *values, skad_world *world, skad_prng *prng,
                                  skad_sim_outcome *outcome);
/* Takes node 0's events; true if it was one of a publication. */
bool skad_sim_values_event(skad_sim_values *values, const skad_event *event);

/* Counts a put that has ended. */
void skad_sim_puts_count(skad_sim_puts *puts, uint64_t us, uint64_t rpcs, const skad_sim_hop *hop);

/* Whether an honest node that is up holds a value. */
bool skad_sim_value_held(const skad_world *world, const skad_sim_value *value);

/* Call it after a crash: a value is not safe any more if no node is left that is to keep it. A copy
 * elsewhere does not count, because lookups need not find it. */
void skad_sim_values_recount(skad_sim_values *values, const skad_world *world);

#endif
