/* Sets one key, and describes all keys. */
#include "src/sim/scenario/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skad/forward.h"
#include "src/sim/scenario/library.h"

#define NODES_MAX 4000000
#define YEAR_S    31536000.0

typedef enum row_type { WHOLE, REAL, FLAG, CHOICE, BEHAVIOUR, PATH } row_type;

typedef struct scenario_row {
    const char *key;
    row_type type;
    size_t place;
    double min;
    double max;
    const char *choices; /* "a|b|c", in the order of the enum */
    const char *about;
} scenario_row;

#define AT(field) offsetof(skad_sim_scenario, field)

static const scenario_row ROWS[] = {
    {"seed", WHOLE, AT(seed), 0, 0x1p53, NULL, "all randomness comes from it"},
    {"attack", CHOICE, AT(attack), 0, 0, SKAD_SIM_ATTACKS,
     "sets all keys of an attack of the library; lines below it change single ones"},
    {"without", CHOICE, AT(without), 0, 0, SKAD_SIM_DEFENCES,
     "switches a defence off, or all; baseline: searches as large unsigned networks do"},
    {"curious", CHOICE, AT(curious), 0, 0, "none|anywhere|target|asker",
     "sets all keys of adversaries that watch who asks: anywhere, around the key that all look "
     "for, around the one node that asks"},
    {"nodes", WHOLE, AT(nodes), 2, NODES_MAX, NULL,
     "of the network, those of adversary_share included"},
    {"build", CHOICE, AT(build), 0, 0, "filled|joined",
     "tables as a long-stable network has them, or by joining node after node"},
    {"live", FLAG, AT(live), 0, 0, NULL,
     "datagrams pass UDP sockets of 127.0.0.1, and time is the machine's: no two runs are alike"},
    {"visited", FLAG, AT(visited), 0, 0, NULL,
     "filled: nodes know how dense the network is elsewhere, as after days"},
    {"warmup_s", REAL, AT(warmup_s), 0, YEAR_S, NULL, "simulated before anything is counted"},
    {"duration_s", REAL, AT(duration_s), 0, YEAR_S, NULL,
     "simulated and counted; ends earlier when all lookups have"},
    {"settle_s", REAL, AT(settle_s), 0, YEAR_S, NULL,
     "time after all faults have ended, by which the network must have recovered; 0: no proof"},
    {"invariants", FLAG, AT(invariants), 0, 0, NULL,
     "check them after each step, and stop at the first that is broken"},
    {"k", WHOLE, AT(k), 1, SKAD_K_MAX, NULL, "bucket size"},
    {"siblings", WHOLE, AT(siblings), 1, SKAD_S_MAX, NULL,
     "s: nodes that hold a record and that a lookup returns; at most k"},
    {"paths", WHOLE, AT(paths), 1, SKAD_PATHS_MAX, NULL, "d: disjoint paths of a lookup"},
    {"alpha", WHOLE, AT(alpha), 1, 4, NULL, "concurrent queries on one path"},
    {"beta", WHOLE, AT(beta), 1, 16, NULL, "contacts that an answer names at most"},
    {"steps_to_stop", WHOLE, AT(steps_to_stop), 1, 384, NULL,
     "requests after which a lookup ends in any case"},
    {"record_life_s", REAL, AT(record_life_s), 1, YEAR_S, NULL, "how long holders keep a record"},
    {"audit_period_s", WHOLE, AT(audit_period_s), 0, 86400, NULL,
     "of a round of storage audits, from 30 on; 0: none"},
    {"group_bucket_max", WHOLE, AT(group_bucket_max), 0, 255, NULL,
     "peers of one /24 in a bucket; 0: any number"},
    {"group_table_max", WHOLE, AT(group_table_max), 0, 255, NULL,
     "peers of one /24 in a table, and asked in a lookup; 0: any number"},
    {"group_path_max", WHOLE, AT(group_path_max), 0, 255, NULL,
     "peers of one /24 asked on a path; 0: any number"},
    {"limit_rates", FLAG, AT(limit_rates), 0, 0, NULL,
     "limit requests by source and in all, as the public profile does"},
    {"eta", WHOLE, AT(eta), 0, 5, NULL, "sibling list of eta * s nodes; 0: none"},
    {"replacements", WHOLE, AT(replacements), 0, 3000, NULL,
     "peers that a table holds beyond what a stable network of this size fills, in all"},
    {"closing_round", FLAG, AT(closing_round), 0, 0, NULL,
     "ask the closest of all paths together before a lookup ends"},
    {"neighbourhood_check", FLAG, AT(neighbourhood_check), 0, 0, NULL,
     "look behind neighbours that are dead or suspiciously dense"},
    {"neighbourhoods", FLAG, AT(neighbourhoods), 0, 0, NULL,
     "a region is responsible for a key, and sampled where it is crowded; no: the 48 closest are"},
    {"first_answers", FLAG, AT(first_answers), 0, 0, NULL,
     "lookups believe all names, end when the three closest have answered, gets with a record"},
    {"static_bits", WHOLE, AT(static_bits), 0, 48, NULL,
     "c1, priced: reports multiply an adversary's identities by it, nothing is solved"},
    {"dynamic_bits", WHOLE, AT(dynamic_bits), 0, 48, NULL, "c2, priced likewise"},
    {"ipv6", FLAG, AT(ipv6), 0, 0, NULL,
     "nodes have IPv6 addresses, each in a /32 of its own, in place of IPv4 ones"},
    {"addresses", CHOICE, AT(addresses), 0, 0, "apart|internet",
     "each in a network of its own, or in those of few large operators, as on the internet"},
    {"ipv6_share", REAL, AT(ipv6_share), 0, 1, NULL,
     "internet: share of nodes that have an IPv6 address beside their IPv4 one"},
    {"latency", CHOICE, AT(latency), 0, 0, "constant|uniform|log-normal|matrix",
     "one way, drawn for each datagram; matrix: by pair, from latency_file"},
    {"latency_ms", REAL, AT(latency_ms), 0, 60000, NULL,
     "constant: that; uniform: least; log-normal: median"},
    {"latency_max_ms", REAL, AT(latency_max_ms), 0, 60000, NULL, "uniform: most; log-normal: cap"},
    {"latency_sigma", REAL, AT(latency_sigma), 0, 5, NULL, "log-normal: of the logarithm"},
    {"latency_file", PATH, AT(latency_file), 0, 0, NULL,
     "matrix: one line for each place, its milliseconds to each place; nodes are dealt to places"},
    {"loss", REAL, AT(loss), 0, 1, NULL, "share of datagrams that get lost (an error rate)"},
    {"duplicate", REAL, AT(duplicate), 0, 1, NULL, "share that arrives twice"},
    {"corrupt", REAL, AT(corrupt), 0, 1, NULL, "share that arrives with one changed byte"},
    {"reorder", REAL, AT(reorder), 0, 1, NULL, "share that is held up on the way"},
    {"reorder_ms", REAL, AT(reorder_ms), 0, 60000, NULL, "by up to this"},
    {"bandwidth_kbps", REAL, AT(bandwidth_kbps), 0, 1e9, NULL,
     "each node's upload, in kilobits a second, with a queue of a second; 0: no limit"},
    {"nat_full_cone", REAL, AT(nat_full_cone), 0, 1, NULL,
     "share of nodes behind a NAT that lets all endpoints in once it has sent"},
    {"nat_address", REAL, AT(nat_address), 0, 1, NULL,
     "share behind one that lets in all ports of the hosts to which it has sent"},
    {"nat_restricted", REAL, AT(nat_restricted), 0, 1, NULL,
     "share behind one that lets in the endpoints to which it has sent"},
    {"nat_symmetric", REAL, AT(nat_symmetric), 0, 1, NULL,
     "share behind one that has another port for each destination"},
    {"nat_life_s", REAL, AT(nat_life_s), 1, YEAR_S, NULL,
     "a NAT forgets what it has sent after so long, at least"},
    {"nat_life_max_s", REAL, AT(nat_life_max_s), 0, YEAR_S, NULL,
     "and at most; drawn for each, uniform; below nat_life_s: always that"},
    {"nat_carrier", REAL, AT(nat_carrier), 0, 1, NULL,
     "share of NATs that are behind a carrier's: some nodes share its address, and it is "
     "restricted"},
    {"nat_carrier_nodes", WHOLE, AT(nat_carrier_nodes), 2, 8, NULL,
     "nodes behind one carrier's NAT"},
    {"nat_hairpin", REAL, AT(nat_hairpin), 0, 1, NULL,
     "share of carriers that let their own nodes reach each other by the outer address"},
    {"clients", FLAG, AT(clients), 0, 0, NULL,
     "nodes find out whether strangers reach them, and are clients where not"},
    {"introductions", FLAG, AT(introductions), 0, 0, NULL,
     "without clients: nodes find it out, and have strangers introduced where not"},
    {"clock_skew_s", REAL, AT(clock_skew_s), 0, YEAR_S, NULL,
     "wall clocks are wrong by up to this, either way"},
    {"partition_at_s", REAL, AT(partition_at_s), 0, YEAR_S, NULL,
     "when the network falls in two, counted from the end of the warm-up"},
    {"partition_for_s", REAL, AT(partition_for_s), 0, YEAR_S, NULL, "how long; 0: never"},
    {"partition_share", REAL, AT(partition_share), 0, 1, NULL, "of nodes on the other side"},
    {"churn", CHOICE, AT(churn), 0, 0, "none|exponential|weibull|trace",
     "how nodes come and go; node 0 never leaves"},
    {"uptime_min", REAL, AT(uptime_min), 0.01, 525600, NULL, "mean time for which a node is up"},
    {"downtime_min", REAL, AT(downtime_min), 0, 525600, NULL,
     "mean time for which it is down; 0: as long as it is up"},
    {"weibull_shape", REAL, AT(weibull_shape), 0.1, 10, NULL,
     "below 1: many short stays and some very long ones"},
    {"churn_file", PATH, AT(churn_file), 0, 0, NULL,
     "trace: lines `seconds node up|down`, in the order of time, from the end of the warm-up"},
    {"keep_store", FLAG, AT(keep_store), 0, 0, NULL, "a node that comes back has kept its records"},
    {"crash_at_s", REAL, AT(crash_at_s), 0, YEAR_S, NULL,
     "when many nodes crash at once, counted from the end of the warm-up"},
    {"crash_share", REAL, AT(crash_share), 0, 1, NULL, "how many; 0: none"},
    {"adversary", BEHAVIOUR, AT(adversary), 0, 0, NULL,
     "what adversaries do: see `skad sim adversaries` and docs/adversaries.md"},
    {"adversary_share", REAL, AT(adversary_share), 0, 0.99, NULL, "of the nodes; never node 0"},
    {"ground", WHOLE, AT(ground), 0, SKAD_SIM_GROUND_MAX, NULL,
     "adversaries beside `nodes`, in place of adversary_share"},
    {"adversary_waits", FLAG, AT(adversary_waits), 0, 0, NULL,
     "until the measured time they do what honest nodes do"},
    {"adversary_latency_ms", REAL, AT(adversary_latency_ms), 0, 60000, NULL,
     "one way, from and to them; 0: like all others"},
    {"placement", CHOICE, AT(placement), 0, 0,
     "anywhere|near-key|both-ends|nearest|spread|under-threshold",
     "near-key: their IDs are ground to be close to one key, which all lookups look for; "
     "both-ends: every second one close to node 0, which publishes; the others are around the key "
     "of a capture: nearer than any honest node, all over its region, or so that the density "
     "check does not notice"},
    {"placement_width", REAL, AT(placement_width), 0.001, 1e6, NULL,
     "how close to the key: so many times the mean distance between honest nodes, at most"},
    {"publisher_width", REAL, AT(publisher_width), 0.001, 1e6, NULL, "likewise, to node 0"},
    {"key_of_value", FLAG, AT(key_of_value), 0, 0, NULL,
     "the key is that of the first value that node 0 publishes"},
    {"graves", WHOLE, AT(graves), 0, 10000000, NULL,
     "dead IDs that a graveyard knows; 0: ten for each honest node"},
    {"graves_width", REAL, AT(graves_width), 0, 1e6, NULL,
     "how close to the key these are ground to be; 0: anywhere, as IDs of nodes that have left, "
     "free"},
    {"dead_subnets", WHOLE, AT(dead_subnets), 0, 65536, NULL,
     "/24s (IPv6: /64s) of the addresses at which graveyard and displace name nodes; 0: one each"},
    {"adversary_subnets", WHOLE, AT(adversary_subnets), 0, 65536, NULL,
     "/24s that their addresses are in; 0: one each"},
    {"adversary_hosts", WHOLE, AT(adversary_hosts), 1, 200, NULL,
     "addresses in each of these /24s; more adversaries share them, each with a port of its own"},
    {"adversary_addresses", WHOLE, AT(adversary_addresses), 0, 65536, NULL,
     "IPv4 addresses that all of them share, each with a port of its own; 0: any number"},
    {"adversary_allocation", WHOLE, AT(adversary_allocation), 0, 56, NULL,
     "length of the one prefix that they are all in: IPv4, 9 to 24; IPv6, 16 to 56, a /64 each; 0: "
     "none"},
    {"adversary_allocations", WHOLE, AT(adversary_allocations), 1, 65536, NULL,
     "how many such prefixes, each in a /16 (IPv4) or /32 (IPv6) of its own where it fits"},
    {"attack_rate", REAL, AT(attack_rate), 0.001, 1e6, NULL,
     "turns a second of those that send, in all: a datagram or a record each"},
    {"attack_victims", WHOLE, AT(attack_victims), 0, NODES_MAX, NULL,
     "honest nodes that they send to, from node 0 on; 0: all"},
    {"link_share", REAL, AT(link_share), 0, 1, NULL,
     "share of links between two nodes that on-path and on-path-late have a hand on"},
    {"late_ms", REAL, AT(late_ms), 0, 60000, NULL,
     "by which late and on-path-late hold back what they pass on"},
    {"budget_core_s", REAL, AT(budget_core_s), 0, 1e15, NULL,
     "core-seconds for identities, by the puzzles' bits and the placement, in place of ground; 0: "
     "no "
     "budget"},
    {"budget_bytes_per_s", REAL, AT(budget_bytes_per_s), 0, 1e12, NULL,
     "that all adversaries together may send; what is beyond is not sent; 0: any number"},
    {"aim", CHOICE, AT(aim), 0, 0, "key|victim|joiner",
     "what a placement is near to: a key, or the ID of `victim`, which is up or joins when the "
     "measured time begins"},
    {"victim", WHOLE, AT(victim), 1, NODES_MAX, NULL,
     "an honest node, by its number; never node 0"},
    {"victim_seed", CHOICE, AT(victim_seed), 0, 0, "honest|adversary",
     "the one node through which a joiner joins: node 0, or an adversary"},
    {"asker", CHOICE, AT(asker), 0, 0, "any|victim",
     "which honest nodes look up and get; the victim looks up random keys"},
    {"honest_for_s", REAL, AT(honest_for_s), 0, YEAR_S, NULL,
     "of the measured time, in which adversaries answer as honest nodes do"},
    {"arrival_per_s", REAL, AT(arrival_per_s), 0, 1e6, NULL,
     "adversaries that join, one after the other; 0: all are there from the beginning"},
    {"arrive_from_s", REAL, AT(arrive_from_s), 0, YEAR_S, NULL,
     "when the first of these comes, counted from the end of the warm-up"},
    {"leave_at_s", REAL, AT(leave_at_s), 0, YEAR_S, NULL,
     "when all adversaries leave at once, likewise; 0: never"},
    {"return_at_s", REAL, AT(return_at_s), 0, YEAR_S, NULL, "when all return; 0: never"},
    {"adversary_stays", FLAG, AT(adversary_stays), 0, 0, NULL,
     "adversaries stay while churn lets honest nodes come and go"},
    {"lookups", WHOLE, AT(lookups), 0, 1e9, NULL, "made by honest nodes, in all"},
    {"lookup_every_ms", REAL, AT(lookup_every_ms), 0.001, 1e9, NULL, "time between two of them"},
    {"forward", FLAG, AT(forward), 0, 0, NULL,
     "lookups and gets are forwarded from node to node, each of which asks on"},
    {"forward_chains", WHOLE, AT(forward_chains), 0, SKAD_FORWARD_CHAINS_MAX, NULL,
     "results of different first hops that end a forwarded one; 0: three, for a value one"},
    {"forward_by_lot", FLAG, AT(forward_by_lot), 0, 0, NULL,
     "first hops are drawn among contacts nearer to the target; no: the nearest"},
    {"forward_padded", FLAG, AT(forward_padded), 0, 0, NULL,
     "what a first hop may spend, and its time, are drawn; no: always the same"},
    {"values", WHOLE, AT(values), 0, 1000000, NULL,
     "immutable values that node 0 publishes at first and announces hourly"},
    {"second_edition", FLAG, AT(second_edition), 0, 0, NULL,
     "node 0 publishes the mutable ones once more when the measured time begins"},
    {"mutables", WHOLE, AT(mutables), 0, 1000000, NULL, "mutable ones"},
    {"get_every_ms", REAL, AT(get_every_ms), 0, 1e9, NULL,
     "time between two gets of one of them by some honest node; 0: no gets"},
    {"capture", CHOICE, AT(capture), 0, 0, "none|value|record|announcement",
     "one record is put by some honest node and got by others, while adversaries are placed around "
     "its key"},
    {"arrive", CHOICE, AT(arrive), 0, 0, "before|after", "when these adversaries come, by the put"},
    {"gets", WHOLE, AT(gets), 0, 1000000, NULL,
     "of the captured record: half of them right after its put"},
    {"wait_s", REAL, AT(wait_s), 0, YEAR_S, NULL, "after its put, until the other half"},
    {"region_bits", WHOLE, AT(region_bits), 0, 32, NULL,
     "bits that an ID shares with a key to be in its region; 0: so many as leave about sixteen "
     "honest nodes there"},
    {"memory_kib", WHOLE, AT(memory_kib), 0, 1048576, NULL,
     "of each try for an identity, priced; 0: a plain hash"},
    {"report_every_s", REAL, AT(report_every_s), 0, YEAR_S, NULL,
     "simulated seconds between two lines of the output file; 0: one line at the end"},
};
#define ROWS_COUNT (sizeof ROWS / sizeof ROWS[0])
_Static_assert(ROWS_COUNT <= SKAD_SIM_ROWS_MAX, "a place for each key");

/* ---- One key ---- */

size_t skad_sim_scenario_find(const char *key)
{
    size_t row = 0;
    while (row < ROWS_COUNT && strcmp(ROWS[row].key, key) != 0) {
        row++;
    }
    return row < ROWS_COUNT ? row : SKAD_SIM_ROWS_MAX;
}

const char *skad_sim_scenario_key(const char *name, size_t len)
{
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        if (strlen(ROWS[i].key) == len && strncmp(ROWS[i].key, name, len) == 0) {
            return ROWS[i].key;
        }
    }
    return NULL;
}

static bool take_number(const scenario_row *row, const char *value, void *out,
                        char reason[static SKAD_SIM_REASON_BYTES])
{
    char *end = NULL;
    errno = 0;
    double number = strtod(value, &end);
    bool whole = row->type == WHOLE;
    if (end == value || *end != 0 || errno != 0 || !isfinite(number) || number < row->min ||
        number > row->max || (whole && floor(number) != number)) {
        return skad_sim_reason(reason, "%s: '%.40s' is not a %s from %g to %g", row->key, value,
                               whole ? "whole number" : "number", row->min, row->max);
    }
    if (whole) {
        *(uint64_t *)out = (uint64_t)number;
    } else {
        *(double *)out = number;
    }
    return true;
}

/* The n-th of "a|b|c"; its length, 0 behind the last. */
static size_t choice_at(const char *choices, size_t n, const char **out)
{
    while (n-- > 0) {
        choices = strchr(choices, '|');
        if (choices == NULL) {
            return 0;
        }
        choices++;
    }
    *out = choices;
    return strcspn(choices, "|");
}

static bool take_choice(const scenario_row *row, const char *value, void *out,
                        char reason[static SKAD_SIM_REASON_BYTES])
{
    const char *choice = NULL;
    size_t len = 0;
    for (size_t i = 0; (len = choice_at(row->choices, i, &choice)) > 0; i++) {
        if (strlen(value) == len && strncmp(choice, value, len) == 0) {
            *(uint64_t *)out = i;
            return true;
        }
    }
    return skad_sim_reason(reason, "%s: '%.40s' is none of %s", row->key, value, row->choices);
}

static bool take_flag(const scenario_row *row, const char *value, void *out,
                      char reason[static SKAD_SIM_REASON_BYTES])
{
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0) {
        return skad_sim_reason(reason, "%s: '%.40s' is neither yes nor no", row->key, value);
    }
    *(bool *)out = yes;
    return true;
}

static bool take_path(const scenario_row *row, const char *value, void *out,
                      char reason[static SKAD_SIM_REASON_BYTES])
{
    size_t len = strlen(value);
    if (len >= SKAD_SIM_PATH_MAX) {
        return skad_sim_reason(reason, "%s: the path is longer than %d bytes", row->key,
                               SKAD_SIM_PATH_MAX - 1);
    }
    memcpy(out, value, len + 1);
    return true;
}

/* Curious nodes are anywhere, or around what they want to know of. */
static void be_curious(skad_sim_scenario *scenario)
{
    const bool near = scenario->curious > SKAD_SIM_CURIOUS_ANYWHERE;
    const bool asker = scenario->curious == SKAD_SIM_CURIOUS_ASKER;
    if (scenario->curious != SKAD_SIM_NONE_CURIOUS) {
        scenario->adversary = SKAD_SIM_CURIOUS;
        scenario->placement = near ? SKAD_SIM_NEAR_KEY : SKAD_SIM_ANYWHERE;
        scenario->aim = asker ? SKAD_SIM_AT_VICTIM : SKAD_SIM_AT_KEY;
        scenario->asker = asker ? SKAD_SIM_VICTIM_ASKS : SKAD_SIM_ALL_ASK;
    }
}

/* Three choices stand for many keys. */
static bool expand(const scenario_row *row, skad_sim_scenario *scenario,
                   char reason[static SKAD_SIM_REASON_BYTES])
{
    if (row->place == AT(attack)) {
        return skad_sim_attack_apply(scenario, scenario->attack, reason);
    }
    if (row->place == AT(curious)) {
        be_curious(scenario);
        return true;
    }
    return row->place != AT(without) || skad_sim_defence_drop(scenario, scenario->without, reason);
}

bool skad_sim_scenario_set(skad_sim_scenario *scenario, const char *key, const char *value,
                           char reason[static SKAD_SIM_REASON_BYTES])
{
    size_t at = skad_sim_scenario_find(key);
    if (at == SKAD_SIM_ROWS_MAX) {
        return skad_sim_reason(reason, "there is no key '%.40s': see 'skad sim keys'", key);
    }
    const scenario_row *row = &ROWS[at];
    void *out = (char *)scenario + row->place;
    switch (row->type) {
    case WHOLE:
    case REAL:
        return take_number(row, value, out, reason);
    case FLAG:
        return take_flag(row, value, out, reason);
    case CHOICE:
        return take_choice(row, value, out, reason) && expand(row, scenario, reason);
    case BEHAVIOUR:
        return skad_sim_behaviour_find(value, out, reason);
    case PATH:
        return take_path(row, value, out, reason);
    }
    return false;
}

/* ---- Telling ---- */

static void write_value(const scenario_row *row, const skad_sim_scenario *scenario,
                        char out[static SKAD_SIM_PATH_MAX])
{
    const void *at = (const char *)scenario + row->place;
    const char *choice = "";
    size_t len = 0;
    switch (row->type) {
    case WHOLE:
        (void)snprintf(out, SKAD_SIM_PATH_MAX, "%" PRIu64, *(const uint64_t *)at);
        break;
    case REAL:
        (void)snprintf(out, SKAD_SIM_PATH_MAX, "%.12g", *(const double *)at);
        break;
    case FLAG:
        (void)snprintf(out, SKAD_SIM_PATH_MAX, "%s", *(const bool *)at ? "yes" : "no");
        break;
    case CHOICE:
        len = choice_at(row->choices, *(const uint64_t *)at, &choice);
        (void)snprintf(out, SKAD_SIM_PATH_MAX, "%.*s", (int)len, choice);
        break;
    case BEHAVIOUR:
        (void)snprintf(out, SKAD_SIM_PATH_MAX, "%s",
                       skad_sim_behaviour_at(*(const uint64_t *)at)->name);
        break;
    case PATH:
        (void)snprintf(out, SKAD_SIM_PATH_MAX, "%s", (const char *)at);
        break;
    }
}

static void write_range(const scenario_row *row, char out[static SKAD_SIM_RANGE_BYTES])
{
    switch (row->type) {
    case WHOLE:
    case REAL:
        (void)snprintf(out, SKAD_SIM_RANGE_BYTES, "%g to %g", row->min, row->max);
        break;
    case FLAG:
        (void)snprintf(out, SKAD_SIM_RANGE_BYTES, "yes, no");
        break;
    case CHOICE:
        (void)snprintf(out, SKAD_SIM_RANGE_BYTES, "%s", row->choices);
        for (char *bar = out; (bar = strchr(bar, '|')) != NULL;) {
            *bar = ' ';
        }
        break;
    case BEHAVIOUR:
        (void)snprintf(out, SKAD_SIM_RANGE_BYTES,
                       "a name, ./OBJECT.so, or NAME:SHARE[@FROM[-UNTIL]],...");
        break;
    case PATH:
        (void)snprintf(out, SKAD_SIM_RANGE_BYTES, "a path");
        break;
    }
}

bool skad_sim_scenario_row(const skad_sim_scenario *scenario, size_t row, skad_sim_row_text *out)
{
    if (row >= ROWS_COUNT) {
        return false;
    }
    *out = (skad_sim_row_text){.key = ROWS[row].key, .about = ROWS[row].about};
    out->number = ROWS[row].type == WHOLE || ROWS[row].type == REAL;
    write_value(&ROWS[row], scenario, out->value);
    write_range(&ROWS[row], out->range);
    return true;
}
