/* What an adversary may spend, and whether its plan can be carried out: identities for so many
 * core-seconds, and a target that exists. */
#ifndef SKAD_SIM_SCENARIO_BUDGET_H
#define SKAD_SIM_SCENARIO_BUDGET_H

#include "src/sim/scenario/scenario.h"

/* The core-seconds of the attacker of reference (src/price) for one identity of the scenario's
 * placement: the expected draws, each a static puzzle's chance, and one dynamic puzzle. */
double skad_sim_identity_core_s(const skad_sim_scenario *scenario);

/* The adversaries beside the honest nodes: `ground`, or what the budget buys. */
uint64_t skad_sim_scenario_ground(const skad_sim_scenario *scenario);

/* Whether the budget buys anything, the target exists, and phases follow each other. */
bool skad_sim_plan_fits(const skad_sim_scenario *scenario,
                        char reason[static SKAD_SIM_REASON_BYTES]);

#endif
