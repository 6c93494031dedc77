#include "src/sim/report/measures.h"

#include "crypto/assert.h"
#include "src/sim/scenario/library.h"

const int skad_sim_percents[SKAD_SIM_QUANTILES] = {50, 90, 99};

#define ROW(section, name, part, whole, scale, about)                                              \
    {                                                                                              \
        section, name, about, offsetof(skad_sim_outcome, part), offsetof(skad_sim_outcome, whole), \
            scale                                                                                  \
    }
#define MS_A_US         1e-3
#define BITS_A_MILLIBIT 1e-3

static const skad_sim_measure_row ROWS[SKAD_SIM_MEASURES] = {
    [SKAD_SIM_LOOKUP_SUCCESS] = ROW("lookups", "success", lookups.nearest, lookups.ended, 0,
                                    "lookups that return the nearest honest node that is up"),
    [SKAD_SIM_LOOKUP_EXACT] =
        ROW("lookups", "exact", lookups.exact, lookups.ended, 0,
            "lookups that return exactly the s nearest nodes that are up, adversaries included"),
    [SKAD_SIM_LOOKUP_RECALL] =
        ROW("lookups", "recall", lookups.siblings_found, lookups.siblings_true, 0,
            "of the s nearest honest nodes, those that were returned"),
    [SKAD_SIM_LOOKUP_CAPTURED] = ROW("lookups", "captured", lookups.captured, lookups.ended, 0,
                                     "lookups that return nothing but adversaries"),
    [SKAD_SIM_LOOKUP_NOTICED] = ROW("lookups", "noticed", lookups.dense, lookups.ended, 0,
                                    "lookups that notice a suspiciously dense neighbourhood"),
    [SKAD_SIM_LOOKUP_DIVERGED] =
        ROW("lookups", "alarming", lookups.diverged, lookups.ended, 0,
            "lookups that the detector of NDSS 2024 notices: a divergence of more than 0.94"),
    [SKAD_SIM_LOOKUP_RPCS] =
        ROW("lookups", "rpcs", lookups.rpcs, lookups.ended, 1, "requests of a lookup, on average"),
    [SKAD_SIM_LOOKUP_MS] = ROW("lookups", "latency_ms", lookups.us, lookups.ended, MS_A_US,
                               "milliseconds of a lookup, on average"),
    [SKAD_SIM_GET_SUCCESS] =
        ROW("gets", "success", gets.right, gets.ended, 0, "gets that return the value"),
    [SKAD_SIM_GET_NOTICED] = ROW("gets", "noticed", gets.dense, gets.ended, 0,
                                 "gets that notice a suspiciously dense neighbourhood"),
    [SKAD_SIM_GET_RPCS] =
        ROW("gets", "rpcs", gets.rpcs, gets.ended, 1, "requests of a get, on average"),
    [SKAD_SIM_GET_MS] = ROW("gets", "latency_ms", gets.us, gets.ended, MS_A_US,
                            "milliseconds of a get, on average"),
    [SKAD_SIM_PUT_SUCCESS] = ROW("puts", "success", puts.stored, puts.ended, 0,
                                 "puts that at least one holder acknowledged"),
    [SKAD_SIM_PUT_NOTICED] = ROW("puts", "noticed", puts.dense, puts.ended, 0,
                                 "puts that notice a suspiciously dense neighbourhood"),
    [SKAD_SIM_PUT_RPCS] = ROW("puts", "rpcs", puts.rpcs, puts.ended, 1,
                              "requests that the publisher sent until a put ended, on average"),
    [SKAD_SIM_PUT_MS] = ROW("puts", "latency_ms", puts.us, puts.ended, MS_A_US,
                            "milliseconds of a put, on average"),
    [SKAD_SIM_FORWARD_REQUESTS] =
        ROW("forwarding", "requests_each", forwarding.requests, forwarding.errands, 1,
            "FORWARDs of all nodes for a forwarded lookup or get, on average"),
    [SKAD_SIM_FORWARD_COPIES] =
        ROW("forwarding", "copied", forwarding.copies, forwarding.values, 0,
            "forwarded gets that a node answered which is not responsible for the value"),
    [SKAD_SIM_ANONYMITY_SEEN] = ROW("anonymity", "seen", anonymity.seen, anonymity.judged, 0,
                                    "lookups and gets that came to one of the curious"),
    [SKAD_SIM_ANONYMITY_IDENTIFIED] =
        ROW("anonymity", "identified", anonymity.identified, anonymity.judged, 0,
            "whose asker had sent the first request that the curious saw"),
    [SKAD_SIM_ANONYMITY_BITS] =
        ROW("anonymity", "bits", anonymity.millibits, anonymity.judged, BITS_A_MILLIBIT,
            "bits left of the asker's identity, on average"),
};

const skad_sim_measure_row *skad_sim_measure_at(skad_sim_measure measure)
{
    SKAD_ASSERT(measure < SKAD_SIM_MEASURES);
    return &ROWS[measure];
}

/* Gets of one world ask for few values, again and again, and all that the curious see of a world
 * they see from the same places. Lookups and puts have keys of their own unless the adversary
 * stands around one key. */
bool skad_sim_shares_target(const skad_sim_scenario *scenario, skad_sim_measure measure)
{
    const bool gets = measure >= SKAD_SIM_GET_SUCCESS && measure <= SKAD_SIM_GET_MS;
    const bool watched = measure >= SKAD_SIM_FORWARD_REQUESTS && measure <= SKAD_SIM_ANONYMITY_BITS;
    return gets || watched || scenario->placement != SKAD_SIM_ANYWHERE;
}

skad_sim_measure skad_sim_attack_measure(uint64_t attack)
{
    switch (skad_sim_attack_harm(attack)) {
    case SKAD_SIM_HARMS_LOOKUPS:
        return SKAD_SIM_LOOKUP_SUCCESS;
    case SKAD_SIM_HARMS_GETS:
        return SKAD_SIM_GET_SUCCESS;
    case SKAD_SIM_HARMS_PUTS:
        return SKAD_SIM_PUT_SUCCESS;
    }
    return SKAD_SIM_LOOKUP_SUCCESS;
}

skad_sim_measure skad_sim_attack_ms(uint64_t attack)
{
    switch (skad_sim_attack_harm(attack)) {
    case SKAD_SIM_HARMS_LOOKUPS:
        return SKAD_SIM_LOOKUP_MS;
    case SKAD_SIM_HARMS_GETS:
        return SKAD_SIM_GET_MS;
    case SKAD_SIM_HARMS_PUTS:
        return SKAD_SIM_PUT_MS;
    }
    return SKAD_SIM_LOOKUP_MS;
}

static double number_at(const skad_sim_outcome *outcome, size_t place)
{
    SKAD_ASSERT(outcome != NULL);
    return (double)*(const uint64_t *)(const void *)((const char *)outcome + place);
}

static skad_sim_estimate estimate(const skad_sim_summary *summary,
                                  const skad_sim_outcome *const *good, skad_sim_measure measure)
{
    double parts[SKAD_SIM_WORLDS_MAX];
    double wholes[SKAD_SIM_WORLDS_MAX];
    const skad_sim_measure_row *row = &ROWS[measure];
    for (size_t i = 0; i < summary->worlds; i++) {
        parts[i] = number_at(good[i], row->part) * (row->scale > 0 ? row->scale : 1);
        wholes[i] = number_at(good[i], row->whole);
    }
    if (row->scale > 0) {
        return skad_sim_estimate_mean(parts, wholes, summary->worlds);
    }
    return skad_sim_estimate_share(parts, wholes, summary->worlds,
                                   !skad_sim_shares_target(summary->scenario, measure));
}

void skad_sim_summarise(const skad_sim_scenario *scenario, const skad_sim_outcome *outcomes,
                        size_t count, skad_sim_summary *out)
{
    const skad_sim_outcome *good[SKAD_SIM_WORLDS_MAX] = {NULL};
    SKAD_ASSERT(count <= SKAD_SIM_WORLDS_MAX);
    *out = (skad_sim_summary){.scenario = scenario};
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i].failed || outcomes[i].incomplete) {
            out->missing++;
        } else {
            skad_sim_outcome_add(&out->sum, &outcomes[i]);
            out->sum.prefixes = out->worlds == 0 ? outcomes[i].prefixes : out->sum.prefixes;
            good[out->worlds++] = &outcomes[i];
        }
    }
    for (int measure = 0; measure < SKAD_SIM_MEASURES; measure++) {
        out->estimates[measure] = estimate(out, good, (skad_sim_measure)measure);
    }
}

skad_sim_costs skad_sim_costs_of(const skad_sim_outcome *sum, skad_sim_work work)
{
    static const char *const names[SKAD_SIM_WORKS] = {"lookups", "gets", "puts"};
    const uint64_t ended[SKAD_SIM_WORKS] = {sum->lookups.ended, sum->gets.ended, sum->puts.ended};
    const skad_sim_durations *const durations[SKAD_SIM_WORKS] = {
        &sum->lookups.durations, &sum->gets.durations, &sum->puts.durations};
    const skad_sim_requests *const requests[SKAD_SIM_WORKS] = {
        &sum->lookups.requests, &sum->gets.requests, &sum->puts.requests};
    const uint64_t *const hops[SKAD_SIM_WORKS] = {sum->lookups.hops, sum->gets.hops,
                                                  sum->puts.hops};
    skad_sim_costs costs = {.name = names[work], .ended = ended[work]};
    for (int i = 0; i < SKAD_SIM_QUANTILES; i++) {
        const double q = skad_sim_percents[i] / 100.0;
        costs.ms[i] = (double)skad_sim_durations_us(durations[work], q) * MS_A_US;
        costs.requests[i] = skad_sim_requests_at(requests[work], q);
        costs.hops[i] = skad_sim_hops_at(hops[work], q);
    }
    return costs;
}
