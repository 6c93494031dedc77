#include "src/sim/report/prices.h"

#include <math.h>

/* The address groups that they come from: what the scenario says, one each if it says nothing. */
static double groups_of(const skad_sim_scenario *scenario, double identities)
{
    if (scenario->adversary_allocation > 0) {
        return fmin(identities, (double)scenario->adversary_allocations);
    }
    return scenario->adversary_subnets > 0 ? fmin(identities, (double)scenario->adversary_subnets)
                                           : identities;
}

skad_price skad_sim_price_of(const skad_sim_scenario *scenario, double draws)
{
    const skad_price_terms terms = {.memory_kib = (uint32_t)scenario->memory_kib,
                                    .static_bits = (unsigned)scenario->static_bits,
                                    .dynamic_bits = (unsigned)scenario->dynamic_bits};
    const skad_price_rates rates = skad_price_reference(&terms);
    const uint64_t adversaries =
        scenario->adversary == SKAD_SIM_HONEST
            ? 0
            : skad_sim_scenario_count(scenario) - skad_sim_scenario_honest(scenario);
    const double identities = (double)adversaries;
    skad_price price = skad_price_of(&terms, &rates, draws, identities);
    price.groups = groups_of(scenario, identities);
    return price;
}

double skad_sim_dollars(const skad_price *price)
{
    return skad_price_money(price, SKAD_PRICE_CORE_HOUR, SKAD_PRICE_GPU_HOUR);
}
