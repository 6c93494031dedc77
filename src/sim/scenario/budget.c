#include "src/sim/scenario/budget.h"

#include <inttypes.h>
#include <math.h>

#include "src/price/price.h"

#define BYTES_PER_S_MIN 100 /* about a PING: less sends nothing */

/* ---- What is bought ---- */

/* The draws that one identity takes, as if there were no puzzle. Placements near a key are so many
 * mean distances wide, of N honest nodes. */
static double draws_each(const skad_sim_scenario *scenario)
{
    const double honest = (double)scenario->nodes;
    switch ((skad_sim_placement)scenario->placement) {
    case SKAD_SIM_ANYWHERE:
        return 1;
    case SKAD_SIM_NEAR_KEY:
        return fmax(1, honest / scenario->placement_width);
    case SKAD_SIM_BOTH_ENDS:
        return fmax(1,
                    (honest / scenario->placement_width + honest / scenario->publisher_width) / 2);
    case SKAD_SIM_NEAREST:
        return honest;
    case SKAD_SIM_SPREAD:
    case SKAD_SIM_UNDER_THRESHOLD:
        break;
    }
    return scenario->region_bits > 0 ? exp2((double)scenario->region_bits)
                                     : fmax(1, honest / SKAD_SIM_REGION_NODES);
}

double skad_sim_identity_core_s(const skad_sim_scenario *scenario)
{
    const skad_price_terms terms = {.memory_kib = (uint32_t)scenario->memory_kib,
                                    .static_bits = (unsigned)scenario->static_bits,
                                    .dynamic_bits = (unsigned)scenario->dynamic_bits};
    const skad_price_rates rates = skad_price_reference(&terms);
    return skad_price_of(&terms, &rates, draws_each(scenario), 1).core_hours * 3600;
}

uint64_t skad_sim_scenario_ground(const skad_sim_scenario *scenario)
{
    if (scenario->budget_core_s <= 0) {
        return scenario->ground;
    }
    double bought = floor(scenario->budget_core_s / skad_sim_identity_core_s(scenario));
    return bought > SKAD_SIM_GROUND_MAX ? SKAD_SIM_GROUND_MAX : (uint64_t)bought;
}

/* ---- Whether it makes sense ---- */

static bool budget_fits(const skad_sim_scenario *scenario,
                        char reason[static SKAD_SIM_REASON_BYTES])
{
    double each_s = skad_sim_identity_core_s(scenario);
    if (scenario->budget_core_s > 0 && scenario->budget_core_s < each_s) {
        return skad_sim_reason(reason,
                               "budget_core_s = %g buys no identity: one costs %.4g "
                               "core-seconds, so give as many, or fewer puzzle bits",
                               scenario->budget_core_s, each_s);
    }
    if (scenario->budget_core_s > 0 && scenario->budget_core_s / each_s > SKAD_SIM_GROUND_MAX) {
        return skad_sim_reason(reason,
                               "budget_core_s = %g buys more than %d identities, at %.4g "
                               "core-seconds each: give less",
                               scenario->budget_core_s, SKAD_SIM_GROUND_MAX, each_s);
    }
    if (scenario->budget_bytes_per_s > 0 && scenario->budget_bytes_per_s < BYTES_PER_S_MIN) {
        return skad_sim_reason(reason, "budget_bytes_per_s = %g sends nothing: give %d or more",
                               scenario->budget_bytes_per_s, BYTES_PER_S_MIN);
    }
    return true;
}

static bool target_fits(const skad_sim_scenario *scenario,
                        char reason[static SKAD_SIM_REASON_BYTES])
{
    const uint64_t honest = skad_sim_scenario_honest(scenario);
    const bool aimed = scenario->aim != SKAD_SIM_AT_KEY || scenario->asker != SKAD_SIM_ALL_ASK;
    const bool hostile = scenario->adversary != SKAD_SIM_HONEST;
    if (aimed && scenario->victim >= honest) {
        return skad_sim_reason(reason,
                               "victim = %" PRIu64 " does not exist: there are %" PRIu64
                               " honest nodes, so give 1 to %" PRIu64,
                               scenario->victim, honest, honest - 1);
    }
    if (scenario->aim != SKAD_SIM_AT_KEY &&
        (scenario->key_of_value || scenario->capture != SKAD_SIM_NOTHING)) {
        return skad_sim_reason(reason, "aim = victim or joiner: there is one target, so leave out "
                                       "key_of_value and capture");
    }
    if (scenario->victim_seed == SKAD_SIM_HOSTILE_SEED &&
        (scenario->aim != SKAD_SIM_AT_JOINER || !hostile || scenario->arrival_per_s > 0)) {
        return skad_sim_reason(reason, "victim_seed = adversary needs aim = joiner, and an "
                                       "adversary that is there: leave out arrival_per_s");
    }
    return true;
}

static bool phases_fit(const skad_sim_scenario *scenario, char reason[static SKAD_SIM_REASON_BYTES])
{
    const bool phases = scenario->arrival_per_s > 0 || scenario->leave_at_s > 0 ||
                        scenario->return_at_s > 0 || scenario->honest_for_s > 0;
    if (phases && scenario->adversary == SKAD_SIM_HONEST) {
        return skad_sim_reason(reason, "adversary = none has no phases: leave out arrival_per_s, "
                                       "leave_at_s, return_at_s and honest_for_s");
    }
    if (phases && scenario->capture != SKAD_SIM_NOTHING) {
        return skad_sim_reason(reason, "a capture has one phase, arrive: leave out arrival_per_s, "
                                       "leave_at_s, return_at_s and honest_for_s");
    }
    if (scenario->arrive_from_s > 0 && scenario->arrival_per_s <= 0) {
        return skad_sim_reason(reason, "arrive_from_s needs arrival_per_s");
    }
    if (scenario->return_at_s > 0 && scenario->return_at_s <= scenario->leave_at_s) {
        return skad_sim_reason(reason, "return_at_s = %g comes before they have left, at %g",
                               scenario->return_at_s, scenario->leave_at_s);
    }
    if (scenario->return_at_s > 0 && scenario->leave_at_s <= 0) {
        return skad_sim_reason(reason, "return_at_s needs leave_at_s");
    }
    return true;
}

bool skad_sim_plan_fits(const skad_sim_scenario *scenario,
                        char reason[static SKAD_SIM_REASON_BYTES])
{
    const bool on_path = skad_sim_scenario_has(scenario, SKAD_SIM_HAS_LINKS);
    if (on_path != (scenario->link_share > 0)) {
        return skad_sim_reason(reason,
                               on_path ? "this adversary is on the path of links: set link_share"
                                       : "link_share is for adversary = on-path or on-path-late");
    }
    return budget_fits(scenario, reason) && target_fits(scenario, reason) &&
           phases_fit(scenario, reason);
}
