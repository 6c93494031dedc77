/* Random scenarios for the fuzzer: small networks with a random mixture of all kinds of faults. */
#ifndef SKAD_SIM_SCENARIO_RANDOM_SCENARIO_H
#define SKAD_SIM_SCENARIO_RANDOM_SCENARIO_H

#include "src/sim/scenario/scenario.h"

/* The scenario of a seed; it always passes skad_sim_scenario_check. */
void skad_sim_random_scenario(uint64_t seed, skad_sim_scenario *out);

#endif
