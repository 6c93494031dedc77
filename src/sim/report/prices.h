/* What the adversary of a setting pays, at the rates of the attacker of reference (docs/price.md):
 * tables, JSON and reports tell the same. */
#ifndef SKAD_SIM_REPORT_PRICES_H
#define SKAD_SIM_REPORT_PRICES_H

#include "src/price/price.h"
#include "src/sim/scenario/scenario.h"

/* The identities of a scenario from so many draws, by its puzzle bits, for one epoch. */
skad_price skad_sim_price_of(const skad_sim_scenario *scenario, double draws);

/* In dollars, of the cheaper of cores and GPUs. */
double skad_sim_dollars(const skad_price *price);

#endif
