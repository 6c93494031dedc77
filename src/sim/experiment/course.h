/* The state of a running experiment: its parts, its time, and its findings so far. */
#ifndef SKAD_SIM_EXPERIMENT_COURSE_H
#define SKAD_SIM_EXPERIMENT_COURSE_H

#include "src/sim/experiment/acquaintances.h"
#include "src/sim/experiment/capture.h"
#include "src/sim/experiment/experiment.h"
#include "src/sim/experiment/values.h"
#include "src/sim/experiment/workload.h"
#include "src/sim/world/churn.h"

typedef struct skad_sim_course {
    skad_world *world;
    const skad_sim_watch *watch;
    skad_sim_outcome *outcome;
    skad_sim_churn churn;
    skad_sim_values values;
    skad_sim_workload workload;
    skad_sim_capture capture;
    skad_sim_acquaintances acquaintances;
    skad_prng prng;
    skad_sim_counters before; /* the measured time */
    double began_real_s;
    bool faults_over; /* nothing is done to the network any more, and no work begins */
    bool stopped;
} skad_sim_course;

/* The real clock, and simulated time as the world counts it. */
double skad_sim_real_s(void);
uint64_t skad_sim_us_of_s(double seconds);

/* The measured time begins now. */
void skad_sim_course_begin(skad_sim_course *self);

/* Runs until end_us, with a look at the stop flag now and then; `early`: or until all is done. */
void skad_sim_course_until(skad_sim_course *self, uint64_t end_us, bool early);

/* Fills in self->outcome with the findings so far. */
void skad_sim_course_tell(skad_sim_course *self);

#endif
