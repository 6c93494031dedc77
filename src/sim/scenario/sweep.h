/* Sweeps: a scenario and axes along which it changes; each combination is one experiment. */
#ifndef SKAD_SIM_SCENARIO_SWEEP_H
#define SKAD_SIM_SCENARIO_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "src/sim/scenario/scenario.h"

#define SKAD_SIM_AXES_MAX    16
#define SKAD_SIM_VALUES_MAX  256
#define SKAD_SIM_VALUE_BYTES 32

/* Keys that get the same values. */
typedef struct skad_sim_axis {
    const char *keys; /* "k siblings", borrowed */
    char (*values)[SKAD_SIM_VALUE_BYTES];
    size_t count;
} skad_sim_axis;

typedef struct skad_sim_sweep {
    skad_sim_scenario base;
    skad_sim_axis axes[SKAD_SIM_AXES_MAX];
    size_t axes_count;
} skad_sim_sweep;

void skad_sim_sweep_free(skad_sim_sweep *sweep);

/* Sets keys of the base to a single value, or adds an axis for a list "a,b,c" or a range
 * "from:to:step". Replaces an axis of the same keys. */
bool skad_sim_sweep_set(skad_sim_sweep *sweep, const char *keys, const char *values,
                        char reason[static SKAD_SIM_REASON_BYTES]);

/* Adds an axis for a list, which may have a single value. */
bool skad_sim_sweep_set_list(skad_sim_sweep *sweep, const char *keys, const char *values,
                             char reason[static SKAD_SIM_REASON_BYTES]);

/* How many experiments there are, and the n-th scenario; the last axis changes fastest. False, with
 * a reason, where a combination makes no sense. */
size_t skad_sim_sweep_count(const skad_sim_sweep *sweep);
bool skad_sim_sweep_at(const skad_sim_sweep *sweep, size_t n, skad_sim_scenario *out,
                       char reason[static SKAD_SIM_REASON_BYTES]);

#endif
