/* skad sim audit: how often liars in storage audits are caught, and honest nodes denied a round or
 * blamed. */
#include <inttypes.h>
#include <stdio.h>

#include "src/sim/experiment/audits.h"
#include "src/sim/program/command.h"
#include "src/sim/report/stats.h"

static void print_share(const char *label, uint64_t part, uint64_t all)
{
    const skad_sim_interval interval = skad_sim_wilson(part, all);
    printf("  %-44s %8" PRIu64 " of %8" PRIu64 "  %7.3f %%  (%.3f to %.3f)\n", label, part, all,
           100 * skad_sim_share(part, all), 100 * interval.low, 100 * interval.high);
}

static void print_side(const char *label, const skad_sim_audit_side *side)
{
    printf("%s\n", label);
    print_share("denied the round, of drawings", side->denied, side->drawn);
    print_share("blamed by evidence, of drawings", side->blamed, side->drawn);
    print_share("denied within ten drawings, of nodes", side->denied_soon, side->seen);
    print_share("blamed within ten drawings, of nodes", side->blamed_soon, side->seen);
}

static void add_side(skad_sim_audit_side *sum, const skad_sim_audit_side *one)
{
    sum->drawn += one->drawn;
    sum->denied += one->denied;
    sum->blamed += one->blamed;
    sum->won += one->won;
    sum->seen += one->seen;
    sum->denied_soon += one->denied_soon;
    sum->blamed_soon += one->blamed_soon;
}

static void add(skad_sim_audit_outcome *sum, const skad_sim_audit_outcome *one)
{
    sum->rounds += one->rounds;
    sum->decided += one->decided;
    sum->voters += one->voters;
    sum->up += one->up;
    sum->sent += one->sent;
    add_side(&sum->honest, &one->honest);
    add_side(&sum->liars, &one->liars);
}

static void print_json(const skad_sim_audit_outcome *sum)
{
    const skad_sim_audit_side *sides[] = {&sum->honest, &sum->liars};
    static const char *const names[] = {"honest", "liars"};
    printf("{\"rounds\": %" PRIu64 ", \"decided\": %" PRIu64 ", \"voters\": %" PRIu64
           ", \"up\": %" PRIu64 ", \"sent_bytes\": %" PRIu64,
           sum->rounds, sum->decided, sum->voters, sum->up, sum->sent);
    for (size_t i = 0; i < 2; i++) {
        printf(", \"%s\": {\"drawn\": %" PRIu64 ", \"denied\": %" PRIu64 ", \"blamed\": %" PRIu64
               ", \"won\": %" PRIu64 ", \"seen\": %" PRIu64 ", \"denied_soon\": %" PRIu64
               ", \"blamed_soon\": %" PRIu64 "}",
               names[i], sides[i]->drawn, sides[i]->denied, sides[i]->blamed, sides[i]->won,
               sides[i]->seen, sides[i]->denied_soon, sides[i]->blamed_soon);
    }
    printf("}\n");
}

static void print(const skad_sim_audit_outcome *sum)
{
    const double rounds = sum->rounds > 0 ? (double)sum->rounds : 1;
    printf("%" PRIu64 " rounds, %.1f confirmed voters each, %.0f nodes up\n", sum->rounds,
           (double)sum->voters / rounds, (double)sum->up / rounds);
    print_share("rounds with a winner", sum->decided, sum->rounds);
    print_share("won by liars", sum->liars.won, sum->decided);
    print_side("honest nodes", &sum->honest);
    print_side("liars", &sum->liars);
    printf("bytes sent by a node in a round, by all that it does: %.0f\n",
           sum->up > 0 ? (double)sum->sent / (double)sum->up : 0);
}

static skad_sim_exit run(skad_sim_request *request)
{
    skad_sim_audit_outcome sum = {0};
    skad_sim_scenario scenario;
    char reason[SKAD_SIM_REASON_BYTES];
    if (request->sweep.axes_count > 0 || request->out != NULL || request->shards > 1) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE,
                                 "audit: takes single values, and writes no file");
    }
    if (!skad_sim_sweep_at(&request->sweep, 0, &scenario, reason)) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, reason);
    }
    if (scenario.audit_period_s == 0) {
        return skad_sim_complain(SKAD_SIM_EXIT_USAGE, "audit: audit_period_s is 0");
    }
    const uint64_t rounds = (uint64_t)scenario.duration_s / scenario.audit_period_s;
    for (unsigned world = 0; world < (request->worlds == 0 ? 1 : request->worlds); world++) {
        skad_sim_audit_outcome one;
        skad_sim_audits(&scenario, rounds, &one);
        if (one.failed) {
            return skad_sim_complain(SKAD_SIM_EXIT_FAILED, one.reason);
        }
        add(&sum, &one);
        scenario.seed++;
    }
    if (request->json) {
        print_json(&sum);
    } else {
        print(&sum);
    }
    return SKAD_SIM_EXIT_DONE;
}

const skad_sim_command skad_sim_command_audit = {
    .name = "audit",
    .usage = "audit SCENARIO.conf [--fraction M] [--behaviour B] [--rounds-s S] [OPTION]...",
    .argument = "SCENARIO.conf",
    .summary = "Measure how liars in storage audits fare, and how often honest nodes are blamed",
    .details =
        "For example docs/scenarios/audit.conf. In each round the nodes of a neighbourhood "
        "challenge\n"
        "each other; the ballots that honest nodes hold are tallied as any reader would. Denied: "
        "most\n"
        "ballots say that the node lacks something, withholds or contradicts itself. Blamed: "
        "evidence\n"
        "against it was found. Intervals are Wilson's, 95 %. What audits cost is the difference\n"
        "between two periods.",
    .worlds = 1,
    .run = run,
    .options =
        {
            {"nodes", "nodes", "N", "how many, liars included", 0},
            {"fraction", "adversary_share", "M", "share of liars", 0},
            {"behaviour", "adversary", "B",
             "audit-empty, -copy, -sampled, -fetch, -withhold or -outvote", 0},
            {"uptime", "uptime_min", "MINUTES", "mean time up, and down", 0},
            {"period", "audit_period_s", "S", "of a round", 0},
            {"rounds-s", "duration_s", "S", "seconds of rounds", 0},
        },
};
