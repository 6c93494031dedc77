#include "src/sim/scenario/invent.h"

#include "src/sim/base/dice.h"

/* One of each: so often a kind of fault is part of a scenario. */
#define FAULT_CHANCE 0.3

static double between(skad_dice *dice, double low, double high)
{
    return low + skad_dice_unit(dice) * (high - low);
}

static uint64_t whole_between(skad_dice *dice, uint64_t low, uint64_t high)
{
    return low + skad_dice_below(dice, high - low + 1);
}

static bool happens(skad_dice *dice)
{
    return skad_dice_chance(dice, FAULT_CHANCE);
}

static void invent_profile(skad_dice *dice, skad_sim_scenario *out)
{
    out->nodes = whole_between(dice, 3, 40);
    out->build = skad_dice_below(dice, 3) == 0 ? SKAD_SIM_FILLED : SKAD_SIM_JOINED;
    out->k = whole_between(dice, 2, SKAD_K_MAX);
    out->siblings = whole_between(dice, 2, out->k < SKAD_S_MAX ? out->k : SKAD_S_MAX);
    out->paths = whole_between(dice, 1, SKAD_PATHS_MAX);
    out->alpha = whole_between(dice, 1, 3);
    out->closing_round = !happens(dice);
    out->neighbourhood_check = !happens(dice);
    out->eta = happens(dice) ? whole_between(dice, 0, 5) : out->eta;
    out->beta = happens(dice) ? whole_between(dice, 1, 16) : out->beta;
    out->steps_to_stop = happens(dice) ? whole_between(dice, 1, 192) : out->steps_to_stop;
    if (happens(dice)) {
        out->record_life_s = between(dice, 600, 7200);
    }
}

static void invent_links(skad_dice *dice, skad_sim_scenario *out)
{
    static const uint64_t kinds[] = {SKAD_SIM_CONSTANT, SKAD_SIM_UNIFORM, SKAD_SIM_LOG_NORMAL};
    out->latency = kinds[skad_dice_below(dice, 3)];
    out->latency_ms = between(dice, 0.1, 200);
    out->latency_max_ms = out->latency_ms + between(dice, 0, 800);
    out->loss = happens(dice) ? between(dice, 0, 0.4) : 0;
    out->duplicate = happens(dice) ? between(dice, 0, 0.3) : 0;
    out->corrupt = happens(dice) ? between(dice, 0, 0.2) : 0;
    out->reorder = happens(dice) ? between(dice, 0, 0.5) : 0;
    out->reorder_ms = between(dice, 1, 3000);
    out->bandwidth_kbps = happens(dice) ? between(dice, 64, 2000) : 0;
    out->clock_skew_s = happens(dice) ? between(dice, 1, happens(dice) ? 1000000 : 1000) : 0;
    if (happens(dice)) {
        out->nat_full_cone = between(dice, 0, 0.3);
        out->nat_restricted = between(dice, 0, 0.3);
        out->nat_symmetric = between(dice, 0, 0.3);
    }
    if (happens(dice)) {
        out->partition_at_s = between(dice, 0, 200);
        out->partition_for_s = between(dice, 10, 600);
        out->partition_share = between(dice, 0.1, 0.9);
    }
}

static void invent_nodes(skad_dice *dice, skad_sim_scenario *out)
{
    if (happens(dice)) {
        out->churn = skad_dice_below(dice, 2) == 0 ? SKAD_SIM_EXPONENTIAL : SKAD_SIM_WEIBULL;
        out->uptime_min = between(dice, 0.5, 20);
        out->downtime_min = between(dice, 0.1, 10);
        out->weibull_shape = between(dice, 0.4, 2);
    } else if (happens(dice)) {
        out->crash_at_s = between(dice, 1, 300);
        out->crash_share = between(dice, 0.05, 0.9);
    }
    out->keep_store = skad_dice_below(dice, 2) == 0;
    if (happens(dice)) {
        out->adversary = whole_between(dice, SKAD_SIM_DROP, SKAD_SIM_WITHHOLD);
        out->adversary_share = between(dice, 0.05, 0.6);
        out->adversary_subnets = happens(dice) ? whole_between(dice, 1, 3) : 0;
        out->placement = happens(dice) ? SKAD_SIM_NEAR_KEY : SKAD_SIM_ANYWHERE;
    }
    if (happens(dice)) {
        out->group_bucket_max = whole_between(dice, 1, 3);
        out->group_table_max = whole_between(dice, 2, 10);
        out->group_path_max = whole_between(dice, 1, 3);
    }
}

void skad_sim_invent(uint64_t seed, skad_sim_scenario *out)
{
    skad_dice dice;
    skad_dice_init(&dice, seed, SKAD_DICE_SCENARIO);
    skad_sim_scenario_default(out);
    out->seed = seed;
    out->invariants = true;
    invent_profile(&dice, out);
    invent_links(&dice, out);
    invent_nodes(&dice, out);
    out->warmup_s = between(&dice, 0, 60);
    out->duration_s = between(&dice, 60, 900);
    out->settle_s = 900;
    out->values = whole_between(&dice, 0, 4);
    out->mutables = whole_between(&dice, 0, 3);
    out->get_every_ms = out->values + out->mutables > 0 ? between(&dice, 500, 20000) : 0;
    out->lookups = 1000000000;
    out->lookup_every_ms = between(&dice, 500, 20000);
}
