/* A scenario as a whole: its defaults, whether it makes sense, and the network profile of it. */
#include "src/sim/scenario/scenario.h"

#include "src/sim/scenario/budget.h"

#include <inttypes.h>

#define AUDIT_PERIOD_S_MIN 30

void skad_sim_scenario_default(skad_sim_scenario *out)
{
    *out = (skad_sim_scenario){
        .seed = 1,
        .nodes = 1000,
        .duration_s = 600,
        .k = 16,
        .siblings = 16,
        .paths = 4,
        .alpha = 1,
        .beta = 16,
        .steps_to_stop = 384,
        .ipv6_share = 0.45,
        .record_life_s = 86400,
        .eta = 5,
        .replacements = 16,
        .closing_round = true,
        .neighbourhood_check = true,
        .neighbourhoods = true,
        .static_bits = 16,
        .dynamic_bits = 22,
        .latency = SKAD_SIM_UNIFORM,
        .latency_ms = 5,
        .latency_max_ms = 25,
        .latency_sigma = 0.5,
        .nat_life_s = 120,
        .nat_carrier_nodes = 4,
        .uptime_min = 60,
        .weibull_shape = 0.5,
        .partition_share = 0.5,
        .adversary_hosts = 200,
        .placement_width = 1,
        .publisher_width = 1,
        .dead_subnets = 4,
        .adversary_allocations = 1,
        .attack_rate = 20,
        .late_ms = 900,
        .victim = 1,
        .lookup_every_ms = 100,
        .forward_by_lot = true,
        .forward_padded = true,
        .gets = 20,
        .wait_s = 1800,
    };
}

bool skad_sim_scenario_has(const skad_sim_scenario *scenario, skad_sim_trait trait)
{
    return (skad_sim_behaviour_at(scenario->adversary)->traits & trait) != 0;
}

double skad_sim_scenario_nats(const skad_sim_scenario *scenario)
{
    return scenario->nat_full_cone + scenario->nat_address + scenario->nat_restricted +
           scenario->nat_symmetric;
}

bool skad_sim_scenario_lies(const skad_sim_scenario *scenario)
{
    return skad_sim_scenario_has(scenario, SKAD_SIM_LIES);
}

bool skad_sim_scenario_attacks(const skad_sim_scenario *scenario)
{
    return skad_sim_scenario_has(scenario, SKAD_SIM_SENDS);
}

uint64_t skad_sim_scenario_count(const skad_sim_scenario *scenario)
{
    return scenario->nodes + skad_sim_scenario_ground(scenario);
}

uint64_t skad_sim_scenario_honest(const skad_sim_scenario *scenario)
{
    uint64_t adversaries = (uint64_t)(scenario->adversary_share * (double)scenario->nodes);
    return scenario->nodes - adversaries;
}

uint64_t skad_sim_scenario_subnets(const skad_sim_scenario *scenario)
{
    const bool alone = scenario->adversary_subnets == 0 && scenario->adversary_allocation == 0;
    return alone ? scenario->adversary_addresses : scenario->adversary_subnets;
}

/* Whether the length of an allocation is one of the family. */
static bool families_fit(const skad_sim_scenario *scenario,
                         char reason[static SKAD_SIM_REASON_BYTES])
{
    const uint64_t length = scenario->adversary_allocation;
    const uint64_t least = scenario->ipv6 ? SKAD_SIM_ALLOCATION_MIN : SKAD_SIM_ALLOCATION_MIN_IPV4;
    const uint64_t most = scenario->ipv6 ? SKAD_SIM_ALLOCATION_MAX : SKAD_SIM_ALLOCATION_MAX_IPV4;
    if (scenario->ipv6 && scenario->adversary_subnets + scenario->adversary_addresses > 0) {
        return skad_sim_reason(reason, "adversary_subnets and adversary_addresses are of IPv4; "
                                       "with ipv6 = yes set adversary_allocation");
    }
    if (length > 0 && (length < least || length > most)) {
        return skad_sim_reason(reason,
                               "adversary_allocation is %" PRIu64 ": give %" PRIu64 " to %" PRIu64
                               " with ipv6 = %s",
                               length, least, most, scenario->ipv6 ? "yes" : "no");
    }
    if (scenario->adversary_allocations > 1 &&
        (length == 0 || (scenario->ipv6 && length < SKAD_SIM_ALLOCATIONS_FROM))) {
        return skad_sim_reason(reason,
                               "adversary_allocations needs adversary_allocation, the length of "
                               "each prefix; with ipv6 = yes from %d on",
                               SKAD_SIM_ALLOCATIONS_FROM);
    }
    if (length > 0 && scenario->adversary_subnets > 0) {
        return skad_sim_reason(reason, "adversary_subnets and adversary_allocation both say where "
                                       "adversaries are: set one of them");
    }
    if (skad_sim_scenario_has(scenario, SKAD_SIM_NEIGHBOURS) &&
        length + scenario->adversary_addresses > 0) {
        return skad_sim_reason(reason, "adversary = frame shares the addresses of honest nodes, so "
                                       "it has no adversary_allocation or adversary_addresses");
    }
    return true;
}

/* Whether the /24s of adversaries have room for their prefixes and addresses. */
static bool capacity_fits(const skad_sim_scenario *scenario,
                          char reason[static SKAD_SIM_REASON_BYTES])
{
    const uint64_t length = scenario->adversary_allocation;
    uint64_t subnets = skad_sim_scenario_subnets(scenario);
    if (scenario->ipv6) {
        return true;
    }
    if (length > 0) {
        subnets = scenario->adversary_allocations << (SKAD_SIM_ALLOCATION_MAX_IPV4 - length);
    }
    if (subnets > SKAD_SIM_SUBNETS_MAX) {
        return skad_sim_reason(reason,
                               "adversaries would have %" PRIu64 " /24s: give them %d or fewer",
                               subnets, SKAD_SIM_SUBNETS_MAX);
    }
    if (scenario->adversary_addresses > subnets * scenario->adversary_hosts) {
        return skad_sim_reason(reason,
                               "adversary_addresses = %" PRIu64 " do not fit into %" PRIu64
                               " /24s of %" PRIu64 ": give fewer, or more of those",
                               scenario->adversary_addresses, subnets, scenario->adversary_hosts);
    }
    return true;
}

static bool addresses_fit(const skad_sim_scenario *scenario,
                          char reason[static SKAD_SIM_REASON_BYTES])
{
    if (scenario->addresses == SKAD_SIM_INTERNET &&
        (scenario->ipv6 || skad_sim_scenario_has(scenario, SKAD_SIM_NEIGHBOURS))) {
        return skad_sim_reason(reason,
                               "addresses = internet has both families, and a node at each: "
                               "leave out ipv6 and adversary = frame");
    }
    return families_fit(scenario, reason) && capacity_fits(scenario, reason);
}

static bool placement_fits(const skad_sim_scenario *scenario,
                           char reason[static SKAD_SIM_REASON_BYTES])
{
    bool near = scenario->placement != SKAD_SIM_ANYWHERE;
    if (scenario->key_of_value && (!near || scenario->values + scenario->mutables == 0)) {
        return skad_sim_reason(reason, "key_of_value needs a placement near it, and values or "
                                       "mutables");
    }
    if (scenario->graves_width > 0 &&
        (!skad_sim_scenario_has(scenario, SKAD_SIM_NAMES_DEAD) || !near || scenario->graves == 0)) {
        return skad_sim_reason(reason,
                               "graves_width needs adversary = graveyard, a number of graves, "
                               "and a placement near the key");
    }
    if (scenario->second_edition && scenario->mutables == 0) {
        return skad_sim_reason(reason, "second_edition needs mutables");
    }
    return true;
}

static bool capture_fits(const skad_sim_scenario *scenario,
                         char reason[static SKAD_SIM_REASON_BYTES])
{
    bool around = scenario->placement >= SKAD_SIM_NEAREST;
    if (scenario->capture == SKAD_SIM_NOTHING) {
        return true;
    }
    if (scenario->nodes < SKAD_SIM_CAPTURE_NODES_MIN) {
        return skad_sim_reason(reason,
                               "nodes is %" PRIu64 ": a region of sixteen honest nodes needs "
                               "%d or more",
                               scenario->nodes, SKAD_SIM_CAPTURE_NODES_MIN);
    }
    if (scenario->adversary_share > 0 || scenario->key_of_value ||
        scenario->values + scenario->mutables > 0) {
        return skad_sim_reason(reason, "a capture counts its adversaries with ground and stores "
                                       "one record: leave out adversary_share, values, mutables");
    }
    if (skad_sim_scenario_attacks(scenario)) {
        return skad_sim_reason(reason, "a capture needs an adversary that answers: withhold, "
                                       "collude or drop");
    }
    if (around != (scenario->adversary != SKAD_SIM_HONEST)) {
        return skad_sim_reason(reason, around ? "adversary = none has no placement"
                                              : "a capture needs placement = nearest, spread or "
                                                "under-threshold");
    }
    if (scenario->gets < 2) {
        return skad_sim_reason(reason,
                               "gets is %" PRIu64 ": give at least 2, one after the put "
                               "and one after the wait",
                               scenario->gets);
    }
    return true;
}

static bool counts_fit(const skad_sim_scenario *scenario, char reason[static SKAD_SIM_REASON_BYTES])
{
    if ((scenario->ground > 0) + (scenario->adversary_share > 0) + (scenario->budget_core_s > 0) >
        1) {
        return skad_sim_reason(reason, "ground, adversary_share and budget_core_s each count the "
                                       "adversaries: set one of them");
    }
    if (scenario->adversary == SKAD_SIM_HONEST &&
        (scenario->adversary_share > 0 || scenario->ground > 0 || scenario->budget_core_s > 0)) {
        return skad_sim_reason(reason,
                               "adversary_share is %g, ground %" PRIu64 ", but adversary = none",
                               scenario->adversary_share, scenario->ground);
    }
    if (scenario->capture != SKAD_SIM_NOTHING && scenario->adversary != SKAD_SIM_HONEST &&
        skad_sim_scenario_ground(scenario) == 0) {
        return skad_sim_reason(reason, "ground is 0: give the adversary one identity or more");
    }
    return true;
}

bool skad_sim_scenario_check(const skad_sim_scenario *scenario,
                             char reason[static SKAD_SIM_REASON_BYTES])
{
    if (scenario->siblings > scenario->k) {
        return skad_sim_reason(reason,
                               "siblings is %" PRIu64 " and k is %" PRIu64 ": it cannot be more",
                               scenario->siblings, scenario->k);
    }
    if (scenario->latency == SKAD_SIM_UNIFORM && scenario->latency_max_ms < scenario->latency_ms) {
        return skad_sim_reason(reason, "latency_max_ms is %g, less than latency_ms, %g",
                               scenario->latency_max_ms, scenario->latency_ms);
    }
    if (scenario->audit_period_s > 0 && scenario->audit_period_s < AUDIT_PERIOD_S_MIN) {
        return skad_sim_reason(reason, "audit_period_s is 0, or %d at least", AUDIT_PERIOD_S_MIN);
    }
    if (scenario->latency == SKAD_SIM_MATRIX && scenario->latency_file[0] == 0) {
        return skad_sim_reason(reason, "latency = matrix needs a latency_file");
    }
    if (scenario->churn == SKAD_SIM_TRACE && scenario->churn_file[0] == 0) {
        return skad_sim_reason(reason, "churn = trace needs a churn_file");
    }
    if (skad_sim_scenario_nats(scenario) > 1) {
        return skad_sim_reason(reason, "the shares of NATs add up to more than 1");
    }
    if (scenario->nat_carrier > 0 && (scenario->addresses == SKAD_SIM_INTERNET || scenario->live ||
                                      skad_sim_scenario_has(scenario, SKAD_SIM_NEIGHBOURS))) {
        return skad_sim_reason(reason, "nat_carrier needs addresses = apart, no live = yes, and no "
                                       "adversary that shares addresses with others");
    }
    if (scenario->get_every_ms > 0 && scenario->values + scenario->mutables == 0 &&
        scenario->capture == SKAD_SIM_NOTHING) {
        return skad_sim_reason(reason, "get_every_ms needs something to get: values or mutables");
    }
    if (scenario->live && skad_sim_scenario_count(scenario) > SKAD_SIM_LIVE_NODES_MAX) {
        return skad_sim_reason(reason,
                               "live = yes: each node has a socket, so give %d nodes or fewer",
                               SKAD_SIM_LIVE_NODES_MAX);
    }
    return counts_fit(scenario, reason) && placement_fits(scenario, reason) &&
           capture_fits(scenario, reason) && addresses_fit(scenario, reason) &&
           skad_sim_plan_fits(scenario, reason);
}

skad_profile skad_sim_scenario_profile(const skad_sim_scenario *scenario)
{
    skad_profile profile = *skad_profile_builtin("test");
    profile.static_bits = 0;
    profile.dynamic_bits = 0;
    profile.memory_kib = 0; /* node IDs by plain hashes, for speed */
    profile.k = (uint8_t)scenario->k;
    profile.siblings = (uint8_t)scenario->siblings;
    profile.paths = (uint8_t)scenario->paths;
    profile.alpha = (uint8_t)scenario->alpha;
    profile.record_life_s = (uint32_t)scenario->record_life_s;
    profile.group_bucket_max = (uint8_t)scenario->group_bucket_max;
    profile.group_table_max = (uint8_t)scenario->group_table_max;
    profile.group_path_max = (uint8_t)scenario->group_path_max;
    profile.limit_rates = scenario->limit_rates;
    return profile;
}
