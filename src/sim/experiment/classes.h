/* Classes of nodes, so that figures over time tell who fares how: residents have been up since the
 * measured time began, newcomers are honest nodes that came since, or came back, and adversaries
 * are what the scenario says. */
#ifndef SKAD_SIM_EXPERIMENT_CLASSES_H
#define SKAD_SIM_EXPERIMENT_CLASSES_H

#include "src/sim/world/world.h"

typedef enum skad_sim_class {
    SKAD_SIM_RESIDENTS,
    SKAD_SIM_NEWCOMERS,
    SKAD_SIM_ADVERSARIES,
    SKAD_SIM_NODE_CLASSES,
} skad_sim_class;

typedef struct skad_sim_class_tally {
    uint64_t up; /* nodes, now */
    uint64_t joined;
    uint64_t
        places; /* that they hold in tables of honest nodes; only counted where reports are due */
    uint64_t lookups; /* that they made, and that ended */
    uint64_t lookups_right;
    uint64_t gets;
    uint64_t gets_right;
} skad_sim_class_tally;

/* How often each node had started when the measured time began: 0 for those that were down. */
typedef struct skad_sim_classes {
    uint32_t *births; /* NULL before: then all honest nodes are residents */
} skad_sim_classes;

void skad_sim_classes_begin(skad_sim_classes *classes, const skad_world *world);
void skad_sim_classes_free(skad_sim_classes *classes);

skad_sim_class skad_sim_class_of(const skad_sim_classes *classes, const skad_world *world,
                                 uint32_t node);

/* Counts the places of each class in the tables of honest nodes that are up; leaves the rest. */
void skad_sim_classes_places(const skad_sim_classes *classes, const skad_world *world,
                             skad_sim_class_tally out[static SKAD_SIM_NODE_CLASSES]);

#endif
