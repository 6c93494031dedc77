/* The capture of a key: one record is put by an honest node, and others get it, half of them right
 * after the put and half after a while, in which upkeep may mend what the put missed. Adversaries
 * stand around its key since before the put, or come after it. */
#ifndef SKAD_SIM_EXPERIMENT_CAPTURE_H
#define SKAD_SIM_EXPERIMENT_CAPTURE_H

#include "src/sim/experiment/outcome.h"
#include "src/sim/world/target.h"

struct skad_sim_course;

typedef struct skad_sim_capture {
    skad_sim_target target;
    skad_op putting;  /* of the publisher; 0: ended */
    skad_sim_hop hop; /* of its answers so far */
    bool late;        /* gets begin after the wait */
    uint32_t awaited;
    struct skad_sim_capture_get {
        skad_op op; /* 0: none */
        uint64_t began_us;
        skad_sim_hop hop;
    } * gets; /* by node: one at a time */
} skad_sim_capture;

/* Before tables are filled: adversaries that come later are not there. */
void skad_sim_capture_prepare(struct skad_sim_course *course);

/* The put, the arrival, and all gets. Frees what it needed. */
void skad_sim_capture_run(struct skad_sim_course *course);

/* Takes a node's event. */
void skad_sim_capture_event(struct skad_sim_course *course, uint32_t node, const skad_event *event);

#endif
