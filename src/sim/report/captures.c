#include "src/sim/report/captures.h"

#include <inttypes.h>

#include "crypto/assert.h"
#include "src/sim/scenario/budget.h"
#include "src/sim/scenario/keys.h"

/* ---- Adding up ---- */

/* The samples: one number of each world. */
typedef struct samples {
    double all[SKAD_SIM_WORLDS_MAX];
    double early[SKAD_SIM_WORLDS_MAX];
    double late[SKAD_SIM_WORLDS_MAX];
    double dense[SKAD_SIM_WORLDS_MAX];
    double rpcs[SKAD_SIM_WORLDS_MAX];
} samples;

static void add_durations(skad_sim_durations *to, const skad_sim_durations *from)
{
    for (size_t i = 0; i < SKAD_SIM_DURATIONS_COLUMNS; i++) {
        to->columns[i] += from->columns[i];
    }
}

static void add_world(skad_sim_capture_sum *sum, samples *of, const skad_sim_outcome *outcome)
{
    const skad_sim_gets *gets = &outcome->gets;
    const skad_sim_captured_key *key = &outcome->captured;
    size_t at = sum->worlds++;
    of->all[at] = skad_sim_share(gets->right, gets->ended);
    of->early[at] = skad_sim_share(key->early_right, key->early);
    of->late[at] = skad_sim_share(key->late_right, key->late);
    of->dense[at] = skad_sim_share(gets->dense, gets->ended);
    of->rpcs[at] = skad_sim_share(gets->rpcs, gets->ended);
    sum->gets += gets->ended;
    sum->puts_reached += key->holders > 0;
    sum->puts_stored += key->stored;
    sum->puts_false += key->stored && key->holders == 0;
    sum->puts_dense += key->dense;
    sum->rpcs_per_put += (double)key->put_rpcs;
    sum->holders += key->holders;
    sum->holders_late += key->holders_late;
    sum->price.tries += outcome->draws; /* the mean of it at last */
    add_durations(&sum->gets_took, &outcome->gets.durations);
    add_durations(&sum->puts_took, &outcome->puts_durations);
}

static skad_sim_success success_of(const double *shares, size_t worlds)
{
    return (skad_sim_success){skad_sim_mean(shares, worlds), skad_sim_t_interval(shares, worlds)};
}

static skad_price price_of(const skad_sim_scenario *scenario, double draws)
{
    const skad_price_terms terms = {.memory_kib = (uint32_t)scenario->memory_kib,
                                    .static_bits = (unsigned)scenario->static_bits,
                                    .dynamic_bits = (unsigned)scenario->dynamic_bits};
    const skad_price_rates rates = skad_price_reference(&terms);
    const uint64_t ground = skad_sim_scenario_ground(scenario);
    skad_price price = skad_price_of(&terms, &rates, draws, (double)ground);
    if (scenario->adversary_subnets > 0 && scenario->adversary_subnets < ground) {
        price.groups = (double)scenario->adversary_subnets;
    }
    return price;
}

void skad_sim_capture_add_up(const skad_sim_scenario *scenarios, const skad_sim_outcome *outcomes,
                             size_t count, skad_sim_capture_sum *out)
{
    samples of;
    SKAD_ASSERT(count >= 1 && count <= SKAD_SIM_WORLDS_MAX);
    *out = (skad_sim_capture_sum){.scenario = scenarios};
    for (size_t i = 0; i < count; i++) {
        if (!outcomes[i].failed && !outcomes[i].incomplete) {
            add_world(out, &of, &outcomes[i]);
        }
    }
    const double worlds = out->worlds > 0 ? (double)out->worlds : 1;
    out->all = success_of(of.all, out->worlds);
    out->early = success_of(of.early, out->worlds);
    out->late = success_of(of.late, out->worlds);
    out->dense = skad_sim_mean(of.dense, out->worlds);
    out->rpcs_per_get = skad_sim_mean(of.rpcs, out->worlds);
    out->rpcs_per_put /= worlds;
    out->holders /= worlds;
    out->holders_late /= worlds;
    out->price = price_of(scenarios, out->price.tries / worlds);
}

/* ---- JSON ---- */

/* The value of a scenario's key, as text. */
static const char *value_of(const skad_sim_scenario *scenario, const char *key,
                            skad_sim_row_text *row)
{
    bool found = skad_sim_scenario_row(scenario, skad_sim_scenario_find(key), row);
    return found ? row->value : "";
}

static void json_words(FILE *out, const skad_sim_scenario *scenario)
{
    static const char *const words[][2] = {{"placement", "placement"},
                                           {"behaviour", "adversary"},
                                           {"type", "capture"},
                                           {"arrive", "arrive"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        skad_sim_row_text row;
        (void)fprintf(out, "\"%s\":\"%s\",", words[i][0], value_of(scenario, words[i][1], &row));
    }
}

static void json_success(FILE *out, const char *name, const skad_sim_success *it)
{
    (void)fprintf(out, "\"%s\":%.6f,\"%s_low\":%.6f,\"%s_high\":%.6f,", name, it->share, name,
                  it->interval.low, name, it->interval.high);
}

static double ms(const skad_sim_durations *it, double q)
{
    return (double)skad_sim_durations_us(it, q) / 1000;
}

void skad_sim_capture_json(FILE *out, const skad_sim_capture_sum *sum)
{
    const skad_sim_scenario *scenario = sum->scenario;
    const skad_sim_interval reached = skad_sim_wilson(sum->puts_reached, sum->worlds);
    (void)fprintf(
        out, "{\"honest\":%" PRIu64 ",\"ground\":%" PRIu64 ",\"worlds\":%zu,\"gets\":%" PRIu64 ",",
        skad_sim_scenario_honest(scenario), scenario->ground, sum->worlds, sum->gets);
    json_words(out, scenario);
    json_success(out, "get_success", &sum->all);
    json_success(out, "get_success_early", &sum->early);
    json_success(out, "get_success_late", &sum->late);
    (void)fprintf(out, "\"put_reached\":%.6f,\"put_reached_low\":%.6f,\"put_reached_high\":%.6f,",
                  skad_sim_share(sum->puts_reached, sum->worlds), reached.low, reached.high);
    (void)fprintf(out, "\"put_stored\":%.6f,\"put_false\":%.6f,\"dense\":%.6f,\"put_dense\":%.6f,",
                  skad_sim_share(sum->puts_stored, sum->worlds),
                  skad_sim_share(sum->puts_false, sum->worlds), sum->dense,
                  skad_sim_share(sum->puts_dense, sum->worlds));
    (void)fprintf(out,
                  "\"rpcs_per_get\":%.3f,\"rpcs_per_put\":%.3f,\"holders\":%.3f,"
                  "\"holders_late\":%.3f,",
                  sum->rpcs_per_get, sum->rpcs_per_put, sum->holders, sum->holders_late);
    (void)fprintf(out,
                  "\"get_ms_p50\":%.3f,\"get_ms_p90\":%.3f,\"put_ms_p50\":%.3f,"
                  "\"put_ms_p90\":%.3f,",
                  ms(&sum->gets_took, 0.5), ms(&sum->gets_took, 0.9), ms(&sum->puts_took, 0.5),
                  ms(&sum->puts_took, 0.9));
    (void)fprintf(out,
                  "\"price\":{\"tries\":%.6g,\"core_hours\":%.6g,\"gpu_hours\":%.6g,"
                  "\"identities\":%.0f,\"groups\":%.0f}}",
                  sum->price.tries, sum->price.core_hours, sum->price.gpu_hours,
                  sum->price.identities, sum->price.groups);
}

/* ---- For people ---- */

void skad_sim_capture_head(FILE *out)
{
    (void)fprintf(out, "%6s %5s %-15s %-8s %-12s %6s %6s %6s  %15s %6s %6s  %6s %5s %6s %6s %5s  ",
                  "honest", "n", "placement", "does", "type", "put", "false", "gets", "95 %",
                  "early", "late", "dense", "RPCs", "p50 ms", "p90 ms", "put's");
    (void)fprintf(out, "%5s %5s %8s\n", "held", "later", "core-h");
}

void skad_sim_capture_line(FILE *out, const skad_sim_capture_sum *sum)
{
    const skad_sim_scenario *scenario = sum->scenario;
    skad_sim_row_text placement;
    skad_sim_row_text does;
    skad_sim_row_text type;
    (void)fprintf(out, "%6" PRIu64 " %5" PRIu64 " %-15s %-8s %-12s ",
                  skad_sim_scenario_honest(scenario), scenario->ground,
                  value_of(scenario, "placement", &placement),
                  value_of(scenario, "adversary", &does), value_of(scenario, "capture", &type));
    if (sum->worlds == 0) {
        (void)fprintf(out, "no world ended\n");
        return;
    }
    (void)fprintf(out, "%6.1f %6.1f ", 100 * skad_sim_share(sum->puts_reached, sum->worlds),
                  100 * skad_sim_share(sum->puts_false, sum->worlds));
    (void)fprintf(out, "%6.1f  %6.1f to %5.1f %6.1f %6.1f  %6.1f ", 100 * sum->all.share,
                  100 * sum->all.interval.low, 100 * sum->all.interval.high, 100 * sum->early.share,
                  100 * sum->late.share, 100 * sum->dense);
    (void)fprintf(out, "%5.1f %6.0f %6.0f %5.1f  %5.1f %5.1f %8.3g\n", sum->rpcs_per_get,
                  ms(&sum->gets_took, 0.5), ms(&sum->gets_took, 0.9), sum->rpcs_per_put,
                  sum->holders, sum->holders_late, sum->price.core_hours);
}
