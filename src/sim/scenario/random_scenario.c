#include "src/sim/scenario/random_scenario.h"

#include "src/sim/base/prng.h"

/* A nonce is taken twelve hours before its epoch (skad/profile.h), so two clocks may differ by
 * that, either of them by half. Nodes whose clocks are worse cannot prove themselves. */
#define CLOCK_SKEW_S_MAX 21600

/* From this seed on adversaries are of the newer behaviours and have plans; seeds below mean what
 * they meant before. */
#define PLANNED_FROM 10000

/* How often each kind of fault is part of a scenario. */
#define FAULT_CHANCE 0.3

static double between(skad_prng *prng, double low, double high)
{
    return low + skad_prng_unit(prng) * (high - low);
}

static uint64_t whole_between(skad_prng *prng, uint64_t low, uint64_t high)
{
    return low + skad_prng_below(prng, high - low + 1);
}

static bool happens(skad_prng *prng)
{
    return skad_prng_chance(prng, FAULT_CHANCE);
}

static void draw_profile(skad_prng *prng, skad_sim_scenario *out)
{
    out->nodes = whole_between(prng, 3, 40);
    out->build = skad_prng_below(prng, 3) == 0 ? SKAD_SIM_FILLED : SKAD_SIM_JOINED;
    out->k = whole_between(prng, 2, SKAD_K_MAX);
    out->siblings = whole_between(prng, 2, out->k < SKAD_S_MAX ? out->k : SKAD_S_MAX);
    out->paths = whole_between(prng, 1, SKAD_PATHS_MAX);
    out->alpha = whole_between(prng, 1, 3);
    out->closing_round = !happens(prng);
    out->neighbourhood_check = !happens(prng);
    out->neighbourhoods = !happens(prng);
    out->eta = happens(prng) ? whole_between(prng, 0, 5) : out->eta;
    out->beta = happens(prng) ? whole_between(prng, 1, 16) : out->beta;
    out->steps_to_stop = happens(prng) ? whole_between(prng, 1, 384) : out->steps_to_stop;
    if (happens(prng)) {
        out->record_life_s = between(prng, 600, 7200);
    }
}

static void draw_links(skad_prng *prng, skad_sim_scenario *out)
{
    static const uint64_t kinds[] = {SKAD_SIM_CONSTANT, SKAD_SIM_UNIFORM, SKAD_SIM_LOG_NORMAL};
    out->latency = kinds[skad_prng_below(prng, 3)];
    out->latency_ms = between(prng, 0.1, 200);
    out->latency_max_ms = out->latency_ms + between(prng, 0, 800);
    out->loss = happens(prng) ? between(prng, 0, 0.4) : 0;
    out->duplicate = happens(prng) ? between(prng, 0, 0.3) : 0;
    out->corrupt = happens(prng) ? between(prng, 0, 0.2) : 0;
    out->reorder = happens(prng) ? between(prng, 0, 0.5) : 0;
    out->reorder_ms = between(prng, 1, 3000);
    out->bandwidth_kbps = happens(prng) ? between(prng, 64, 2000) : 0;
    out->clock_skew_s =
        happens(prng) ? between(prng, 1, happens(prng) ? CLOCK_SKEW_S_MAX : 1000) : 0;
    if (happens(prng)) {
        out->nat_full_cone = between(prng, 0, 0.3);
        out->nat_restricted = between(prng, 0, 0.3);
        out->nat_symmetric = between(prng, 0, 0.3);
        out->nat_address = between(prng, 0, 0.1);
        out->nat_life_s = between(prng, 20, 200);
        out->nat_life_max_s = between(prng, 20, 300);
        out->clients = happens(prng);
        out->introductions = happens(prng);
    }
    if (happens(prng)) {
        out->partition_at_s = between(prng, 0, 200);
        out->partition_for_s = between(prng, 10, 600);
        out->partition_share = between(prng, 0.1, 0.9);
    }
}

/* In this order, which is part of what a seed means. */
static const uint64_t liars[] = {SKAD_SIM_DROP, SKAD_SIM_COLLUDE, SKAD_SIM_MISROUTE,
                                 SKAD_SIM_POISON, SKAD_SIM_WITHHOLD};
static const uint64_t attackers[] = {SKAD_SIM_INVENT,         SKAD_SIM_GRAVEYARD, SKAD_SIM_DISPLACE,
                                     SKAD_SIM_DISPLACE_TWICE, SKAD_SIM_HALF_TRUE, SKAD_SIM_LADDER,
                                     SKAD_SIM_FLOOD,          SKAD_SIM_REPLAY,    SKAD_SIM_FRAME,
                                     SKAD_SIM_SQUAT,          SKAD_SIM_CROWD};

static void draw_nodes(skad_prng *prng, skad_sim_scenario *out)
{
    if (happens(prng)) {
        out->churn = skad_prng_below(prng, 2) == 0 ? SKAD_SIM_EXPONENTIAL : SKAD_SIM_WEIBULL;
        out->uptime_min = between(prng, 0.5, 20);
        out->downtime_min = between(prng, 0.1, 10);
        out->weibull_shape = between(prng, 0.4, 2);
    } else if (happens(prng)) {
        out->crash_at_s = between(prng, 1, 300);
        out->crash_share = between(prng, 0.05, 0.9);
    }
    out->keep_store = skad_prng_below(prng, 2) == 0;
    if (happens(prng)) {
        out->adversary = liars[skad_prng_below(prng, sizeof liars / sizeof liars[0])];
        out->adversary_share = between(prng, 0.05, 0.6);
        out->adversary_subnets = happens(prng) ? whole_between(prng, 1, 3) : 0;
        out->placement = happens(prng) ? SKAD_SIM_NEAR_KEY : SKAD_SIM_ANYWHERE;
    }
    if (happens(prng)) {
        out->group_bucket_max = whole_between(prng, 1, 3);
        out->group_table_max = whole_between(prng, 2, 10);
        out->group_path_max = whole_between(prng, 1, 3);
    }
}

/* Takes away whatever disturbs the network, so that all harm there is comes from adversaries. */
static void calm(skad_sim_scenario *out)
{
    out->latency_ms = out->latency_ms < 100 ? out->latency_ms : 100;
    out->latency_max_ms = out->latency_max_ms < 400 ? out->latency_max_ms : 400;
    out->loss = 0;
    out->corrupt = 0;
    out->reorder = 0;
    out->bandwidth_kbps = 0;
    out->partition_for_s = 0;
    out->nat_full_cone = 0;
    out->nat_restricted = 0;
    out->nat_symmetric = 0;
    out->nat_address = 0;
    out->churn = SKAD_SIM_NO_CHURN;
    out->crash_share = 0;
}

/* Adversaries that attack by what they send, half of them in a network without faults. */
static void draw_attack(skad_prng *prng, skad_sim_scenario *out)
{
    out->adversary = attackers[skad_prng_below(prng, sizeof attackers / sizeof attackers[0])];
    out->adversary_share = between(prng, 0.1, 0.5);
    out->adversary_subnets = whole_between(prng, 0, 3);
    out->adversary_hosts = skad_prng_below(prng, 2) == 0 ? 1 : 200;
    out->placement = SKAD_SIM_ANYWHERE;
    out->attack_rate = happens(prng) ? between(prng, 50, 400) : between(prng, 0.1, 50);
    out->attack_victims = whole_between(prng, 0, 3);
    out->limit_rates = skad_prng_below(prng, 2) == 0;
    if (skad_prng_below(prng, 2) == 0) {
        calm(out);
    }
    if (out->adversary == SKAD_SIM_SQUAT || out->adversary == SKAD_SIM_FRAME) {
        out->attack_rate /= 20; /* full stores and publications take long to check */
    }
    out->ipv6 = skad_prng_below(prng, 3) == 0;
    if (out->ipv6 && out->adversary_subnets > 0) {
        static const uint64_t lengths[] = {32, 48, 56};
        bool framed = out->adversary == SKAD_SIM_FRAME; /* from the addresses of others */
        out->adversary_subnets = 0;
        out->adversary_allocation = framed ? 0 : lengths[skad_prng_below(prng, 3)];
    }
    if (out->adversary_subnets + out->adversary_allocation > 0 ||
        out->adversary == SKAD_SIM_FRAME) {
        /* With diversity, lookups leave out who shares a subnet, so the truth is not what they
         * tell. */
        out->group_bucket_max = 0;
        out->group_table_max = 0;
        out->group_path_max = 0;
    }
    if (out->adversary == SKAD_SIM_FRAME) { /* by records that end: clocks have to differ */
        out->clock_skew_s = between(prng, 0, 60);
    }
}

/* Newer behaviours, and the plans of adversaries. */
static void draw_plan(skad_prng *prng, skad_sim_scenario *out)
{
    static const uint64_t library[] = {
        SKAD_SIM_STALE,   SKAD_SIM_WRONG,          SKAD_SIM_LATE, SKAD_SIM_DROP_KEY, SKAD_SIM_SHUN,
        SKAD_SIM_ECLIPSE, SKAD_SIM_ANNOUNCE_FLOOD, SKAD_SIM_WASH, SKAD_SIM_SPOOF,    SKAD_SIM_FLAP,
        SKAD_SIM_ON_PATH, SKAD_SIM_ON_PATH_LATE,   SKAD_SIM_GUEST};
    const uint64_t drawn = library[skad_prng_below(prng, sizeof library / sizeof library[0])];
    draw_attack(prng, out);
    out->adversary = drawn;
    const bool on_path = skad_sim_scenario_has(out, SKAD_SIM_HAS_LINKS);
    out->link_share = on_path ? between(prng, 0.01, 0.5) : 0;
    out->late_ms = between(prng, 0, 3000);
    out->attack_rate = between(prng, 0.1, 20);
    out->budget_bytes_per_s = happens(prng) ? between(prng, 100, 20000) : 0;
    out->honest_for_s = happens(prng) ? between(prng, 0, 200) : 0;
    out->arrival_per_s = happens(prng) ? between(prng, 0.05, 2) : 0;
    out->leave_at_s = happens(prng) ? between(prng, 1, 300) : 0;
    out->return_at_s =
        out->leave_at_s > 0 && happens(prng) ? out->leave_at_s + between(prng, 1, 300) : 0;
    out->adversary_stays = happens(prng);
    if (skad_sim_scenario_honest(out) > 1) {
        out->victim = whole_between(prng, 1, skad_sim_scenario_honest(out) - 1);
        out->aim = skad_prng_below(prng, 3);
        out->asker = skad_prng_below(prng, 2);
    }
    if (happens(prng) && !out->ipv6) {
        out->addresses = SKAD_SIM_INTERNET;
        out->ipv6_share = skad_prng_unit(prng);
    }
}

/* Which seeds have an attack. The others mean what they meant before there were attacks; among them
 * are those that tests/e2e/test_sim.sh replays. */
static bool is_attacked(uint64_t seed)
{
    return seed % 7 == 0 || seed % 7 == 1 || seed % 7 == 4;
}

/* Whether lookups and gets are forwarded. It is drawn apart, so that all else of a seed is what it
 * was before there was forwarding. */
static void draw_forwarding(uint64_t seed, skad_sim_scenario *out)
{
    skad_prng prng;
    skad_prng_init(&prng, seed, SKAD_PRNG_FORWARDING);
    out->forward = happens(&prng);
    out->forward_chains = skad_prng_below(&prng, 4);
    out->forward_by_lot = skad_prng_below(&prng, 2) == 0;
    out->forward_padded = skad_prng_below(&prng, 2) == 0;
}

void skad_sim_random_scenario(uint64_t seed, skad_sim_scenario *out)
{
    skad_prng prng;
    skad_prng_init(&prng, seed, SKAD_PRNG_SCENARIO);
    skad_sim_scenario_default(out);
    out->seed = seed;
    out->invariants = true;
    draw_profile(&prng, out);
    draw_links(&prng, out);
    draw_nodes(&prng, out);
    out->warmup_s = between(&prng, 0, 60);
    out->duration_s = between(&prng, 60, 900);
    out->settle_s = 900;
    out->values = whole_between(&prng, 0, 4);
    out->mutables = whole_between(&prng, 0, 3);
    out->get_every_ms = out->values + out->mutables > 0 ? between(&prng, 500, 20000) : 0;
    out->lookups = 1000000000;
    out->lookup_every_ms = between(&prng, 500, 20000);
    draw_forwarding(seed, out);
    if (seed >= PLANNED_FROM) {
        draw_plan(&prng, out);
    } else if (is_attacked(seed)) {
        draw_attack(&prng, out);
    }
}
