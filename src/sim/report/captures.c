#include "src/sim/report/captures.h"

#include <inttypes.h>
#include <stdlib.h>

#include "crypto/assert.h"
#include "src/sim/base/memory.h"
#include "src/sim/report/prices.h"
#include "src/sim/report/record.h"
#include "src/sim/scenario/keys.h"

/* ---- Adding up ---- */

/* One sample of each world. */
typedef struct samples {
    double all[SKAD_SIM_WORLDS_MAX];
    double gets[SKAD_SIM_WORLDS_MAX];
    double early_right[SKAD_SIM_WORLDS_MAX];
    double early[SKAD_SIM_WORLDS_MAX];
    double late_right[SKAD_SIM_WORLDS_MAX];
    double late[SKAD_SIM_WORLDS_MAX];
    double reached[SKAD_SIM_WORLDS_MAX];
    double puts[SKAD_SIM_WORLDS_MAX];
    skad_sim_outcome sum;
} samples;

static void add_world(skad_sim_capture_sum *sum, samples *of, const skad_sim_outcome *outcome)
{
    const skad_sim_captured_key *key = &outcome->captured;
    size_t at = sum->worlds++;
    of->all[at] = (double)outcome->gets.right;
    of->gets[at] = (double)outcome->gets.ended;
    of->early_right[at] = (double)key->early_right;
    of->early[at] = (double)key->early;
    of->late_right[at] = (double)key->late_right;
    of->late[at] = (double)key->late;
    of->reached[at] = key->holders > 0;
    of->puts[at] = 1;
    sum->puts_stored += key->stored;
    sum->puts_false += key->stored && key->holders == 0;
    sum->puts_dense += key->dense;
    sum->rpcs_per_put += (double)key->put_rpcs;
    sum->holders += key->holders;
    sum->holders_late += key->holders_late;
    sum->price.tries += outcome->draws; /* the mean of it at last */
    skad_sim_outcome_add(&of->sum, outcome);
}

void skad_sim_capture_add_up(const skad_sim_scenario *scenarios, const skad_sim_outcome *outcomes,
                             size_t count, skad_sim_capture_sum *out)
{
    samples *of = skad_sim_alloc(1, sizeof *of);
    SKAD_ASSERT(count >= 1 && count <= SKAD_SIM_WORLDS_MAX);
    *out = (skad_sim_capture_sum){.scenario = scenarios};
    for (size_t i = 0; i < count; i++) {
        if (!outcomes[i].failed && !outcomes[i].incomplete) {
            add_world(out, of, &outcomes[i]);
        }
    }
    const size_t n = out->worlds;
    const double worlds = n > 0 ? (double)n : 1;
    out->gets = of->sum.gets.ended;
    out->all = skad_sim_estimate_share(of->all, of->gets, n, false);
    out->early = skad_sim_estimate_share(of->early_right, of->early, n, false);
    out->late = skad_sim_estimate_share(of->late_right, of->late, n, false);
    out->puts_reached = skad_sim_estimate_share(of->reached, of->puts, n, true);
    out->dense = skad_sim_share(of->sum.gets.dense, of->sum.gets.ended);
    out->rpcs_per_get = skad_sim_share(of->sum.gets.rpcs, of->sum.gets.ended);
    out->rpcs_per_put /= worlds;
    out->holders /= worlds;
    out->holders_late /= worlds;
    out->gets_took = skad_sim_costs_of(&of->sum, SKAD_SIM_GETS);
    out->puts_took = skad_sim_costs_of(&of->sum, SKAD_SIM_PUTS);
    out->price = skad_sim_price_of(scenarios, out->price.tries / worlds);
    free(of);
}

/* ---- JSON ---- */

/* The value of a scenario's key, as text. */
static const char *value_of(const skad_sim_scenario *scenario, const char *key,
                            skad_sim_row_text *row)
{
    bool found = skad_sim_scenario_row(scenario, skad_sim_scenario_find(key), row);
    return found ? row->value : "";
}

static void add_words(json_t *object, const skad_sim_scenario *scenario)
{
    static const char *const words[][2] = {{"placement", "placement"},
                                           {"behaviour", "adversary"},
                                           {"type", "capture"},
                                           {"arrive", "arrive"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        skad_sim_row_text row;
        skad_sim_record_add(object, words[i][0],
                            json_string(value_of(scenario, words[i][1], &row)));
    }
}

static void add_estimate(json_t *object, const char *name, const skad_sim_estimate *it)
{
    char low[64];
    char high[64];
    char by[64];
    (void)snprintf(low, sizeof low, "%s_low", name);
    (void)snprintf(high, sizeof high, "%s_high", name);
    (void)snprintf(by, sizeof by, "%s_by", name);
    skad_sim_record_add(object, name, json_real(it->value));
    skad_sim_record_add(object, low, json_real(it->interval.low));
    skad_sim_record_add(object, high, json_real(it->interval.high));
    skad_sim_record_add(object, by, json_string(skad_sim_method_text(it->method)));
}

static void add_real(json_t *object, const char *name, double value)
{
    skad_sim_record_add(object, name, json_real(value));
}

static void add_costs(json_t *object, const char *name, const skad_sim_costs *it)
{
    for (int i = 0; i < SKAD_SIM_QUANTILES; i++) {
        char whole[32];
        (void)snprintf(whole, sizeof whole, "%s_ms_p%d", name, skad_sim_percents[i]);
        add_real(object, whole, it->ms[i]);
    }
}

static json_t *price_json(const skad_price *it)
{
    json_t *price = skad_sim_must(json_object());
    add_real(price, "tries", it->tries);
    add_real(price, "core_hours", it->core_hours);
    add_real(price, "gpu_hours", it->gpu_hours);
    add_real(price, "dollars", skad_sim_dollars(it));
    add_real(price, "identities", it->identities);
    add_real(price, "groups", it->groups);
    return price;
}

json_t *skad_sim_capture_json(const skad_sim_capture_sum *sum)
{
    json_t *object = skad_sim_must(json_object());
    skad_sim_record_add(object, "honest",
                        json_integer((json_int_t)skad_sim_scenario_honest(sum->scenario)));
    skad_sim_record_add(object, "ground", json_integer((json_int_t)sum->scenario->ground));
    skad_sim_record_add(object, "worlds", json_integer((json_int_t)sum->worlds));
    skad_sim_record_add(object, "gets", json_integer((json_int_t)sum->gets));
    add_words(object, sum->scenario);
    add_estimate(object, "get_success", &sum->all);
    add_estimate(object, "get_success_early", &sum->early);
    add_estimate(object, "get_success_late", &sum->late);
    add_estimate(object, "put_reached", &sum->puts_reached);
    add_real(object, "put_stored", skad_sim_share(sum->puts_stored, sum->worlds));
    add_real(object, "put_false", skad_sim_share(sum->puts_false, sum->worlds));
    add_real(object, "dense", sum->dense);
    add_real(object, "put_dense", skad_sim_share(sum->puts_dense, sum->worlds));
    add_real(object, "rpcs_per_get", sum->rpcs_per_get);
    add_real(object, "rpcs_per_put", sum->rpcs_per_put);
    add_real(object, "holders", sum->holders);
    add_real(object, "holders_late", sum->holders_late);
    add_costs(object, "get", &sum->gets_took);
    add_costs(object, "put", &sum->puts_took);
    skad_sim_record_add(object, "price", price_json(&sum->price));
    return object;
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
    (void)fprintf(out, "%6.1f %6.1f ", 100 * sum->puts_reached.value,
                  100 * skad_sim_share(sum->puts_false, sum->worlds));
    (void)fprintf(out, "%6.1f  %6.1f to %5.1f %6.1f %6.1f  %6.1f ", 100 * sum->all.value,
                  100 * sum->all.interval.low, 100 * sum->all.interval.high, 100 * sum->early.value,
                  100 * sum->late.value, 100 * sum->dense);
    (void)fprintf(out, "%5.1f %6.0f %6.0f %5.1f  %5.1f %5.1f %8.3g\n", sum->rpcs_per_get,
                  sum->gets_took.ms[0], sum->gets_took.ms[1], sum->rpcs_per_put, sum->holders,
                  sum->holders_late, sum->price.core_hours);
}
