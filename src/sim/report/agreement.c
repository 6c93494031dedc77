#include "src/sim/report/agreement.h"

static const struct {
    skad_sim_measure measure;
    const char *name;
    bool judged;
} ROWS[] = {{SKAD_SIM_LOOKUP_SUCCESS, "lookups, success, %", true},
            {SKAD_SIM_LOOKUP_RPCS, "requests of a lookup, on average", true},
            {SKAD_SIM_GET_SUCCESS, "gets, success, %", true},
            {SKAD_SIM_GET_RPCS, "requests of a get, on average", true},
            {SKAD_SIM_LOOKUP_MS, "milliseconds of a lookup, on average", false},
            {SKAD_SIM_GET_MS, "milliseconds of a get, on average", false}};

static void print(FILE *out, const skad_sim_estimate *it, double scale)
{
    char text[48];
    (void)snprintf(text, sizeof text, "%.1f (%.1f to %.1f)", scale * it->value,
                   scale * it->interval.low, scale * it->interval.high);
    (void)fprintf(out, " %24s", it->samples > 0 ? text : "-");
}

bool skad_sim_agreement(FILE *out, const skad_sim_summary *simulated, const skad_sim_summary *live)
{
    bool agree = true;
    (void)fprintf(out, "%-38s %24s %24s\n", "", "virtual (95 %)", "live (95 %)");
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const skad_sim_estimate *a = &simulated->estimates[ROWS[i].measure];
        const skad_sim_estimate *b = &live->estimates[ROWS[i].measure];
        const double scale = skad_sim_measure_at(ROWS[i].measure)->scale > 0 ? 1 : 100;
        const bool judged = ROWS[i].judged && (a->samples > 0 || b->samples > 0);
        const bool same = a->samples > 0 && b->samples > 0 && a->interval.low <= b->interval.high &&
                          b->interval.low <= a->interval.high;
        (void)fprintf(out, "%-38s", ROWS[i].name);
        print(out, a, scale);
        print(out, b, scale);
        (void)fprintf(out, "%s\n", !judged ? "" : same ? "  overlap" : "  APART");
        agree = agree && (same || !judged);
    }
    return agree;
}
