#include "src/sim/report/results.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "skad/version.h"
#include "src/sim/base/cryptography.h"
#include "src/sim/base/memory.h"
#include "src/sim/report/record.h"
#include "src/sim/scenario/keys.h"

const char *skad_sim_version(void)
{
    return SKAD_VERSION;
}

/* ---- JSON ---- */

json_t *skad_sim_json_head(const char *command, const skad_sim_scenario *base)
{
    json_t *head = skad_sim_must(json_object());
    skad_sim_record_add(head, "format", json_integer(SKAD_SIM_FORMAT));
    skad_sim_record_add(head, "version", json_string(skad_sim_version()));
    skad_sim_record_add(head, "command", json_string(command));
    skad_sim_record_add(head, "crypto", json_string(skad_sim_crypto()));
    skad_sim_record_add(head, "scenario", skad_sim_record_scenario(base));
    return head;
}

static json_t *section_of(json_t *object, const char *name)
{
    json_t *section = json_object_get(object, name);
    if (section == NULL) {
        section = skad_sim_must(json_object());
        skad_sim_record_add(object, name, section);
    }
    return section;
}

static void add_named(json_t *section, const char *name, const char *suffix, json_t *value)
{
    char whole[64];
    (void)snprintf(whole, sizeof whole, "%s%s", name, suffix);
    skad_sim_record_add(section, whole, value);
}

static void add_estimate(json_t *section, const char *name, const skad_sim_estimate *it)
{
    add_named(section, name, "", json_real(it->value));
    add_named(section, name, "_low", json_real(it->interval.low));
    add_named(section, name, "_high", json_real(it->interval.high));
    add_named(section, name, "_by", json_string(skad_sim_method_text(it->method)));
    add_named(section, name, "_of", json_integer((json_int_t)it->samples));
}

static void add_measures(json_t *object, const skad_sim_summary *summary)
{
    for (int i = 0; i < SKAD_SIM_MEASURES; i++) {
        const skad_sim_measure_row *row = skad_sim_measure_at((skad_sim_measure)i);
        add_estimate(section_of(object, row->section), row->name, &summary->estimates[i]);
    }
}

static void add_costs(json_t *object, const skad_sim_outcome *sum)
{
    for (int work = 0; work < SKAD_SIM_WORKS; work++) {
        const skad_sim_costs costs = skad_sim_costs_of(sum, (skad_sim_work)work);
        json_t *section = section_of(object, costs.name);
        for (int i = 0; i < SKAD_SIM_QUANTILES; i++) {
            char suffix[8];
            (void)snprintf(suffix, sizeof suffix, "_p%d", skad_sim_percents[i]);
            add_named(section, "latency_ms", suffix, json_real(costs.ms[i]));
            add_named(section, "rpcs", suffix, json_integer((json_int_t)costs.requests[i]));
            add_named(section, "hops", suffix, json_integer((json_int_t)costs.hops[i]));
        }
    }
}

/* Sums of what is counted, means of states. Names that a measure has are its own. */
static void add_counts(json_t *object, const skad_sim_summary *summary)
{
    const double worlds = summary->worlds > 0 ? (double)summary->worlds : 1;
    const skad_sim_field *field = NULL;
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        const void *at = (const char *)&summary->sum + field->place;
        json_t *section = section_of(object, field->section);
        if (json_object_get(section, field->name) != NULL || strcmp(field->name, "us") == 0) {
            continue;
        }
        if (field->type == SKAD_SIM_FIELD_COUNT && field->kind == SKAD_SIM_CUMULATIVE) {
            skad_sim_record_add(section, field->name,
                                json_integer((json_int_t) * (const uint64_t *)at));
        } else if (field->type == SKAD_SIM_FIELD_COUNT) {
            skad_sim_record_add(section, field->name,
                                json_real((double)*(const uint64_t *)at / worlds));
        } else if (field->type == SKAD_SIM_FIELD_REAL) {
            const double sum = *(const double *)at;
            skad_sim_record_add(section, field->name,
                                json_real(field->kind == SKAD_SIM_CUMULATIVE ? sum : sum / worlds));
        }
    }
    (void)json_object_del(object, "captured");
    (void)json_object_del(object, "prefixes");
}

static void add_hops(json_t *object, const skad_sim_outcome *sum)
{
    const uint64_t *const hops[SKAD_SIM_WORKS] = {sum->lookups.hops, sum->gets.hops,
                                                  sum->puts.hops};
    for (int work = 0; work < SKAD_SIM_WORKS; work++) {
        json_t *list = skad_sim_must(json_array());
        for (size_t i = 0; i < SKAD_SIM_HOPS; i++) {
            (void)json_array_append_new(list, json_integer((json_int_t)hops[work][i]));
        }
        skad_sim_record_add(section_of(object, skad_sim_costs_of(sum, (skad_sim_work)work).name),
                            "hops", list);
    }
}

static void add_worlds(json_t *object, const skad_sim_results *results, size_t first)
{
    json_t *logs = skad_sim_must(json_array());
    bool incomplete = false;
    for (size_t i = first; i < first + results->worlds; i++) {
        const skad_sim_outcome *outcome = &results->outcomes[i];
        char fingerprint[SKAD_SIM_FINGERPRINT_BYTES];
        skad_sim_fingerprint_text(&outcome->fingerprint, fingerprint);
        (void)json_array_append_new(logs, json_string(fingerprint));
        incomplete = incomplete || outcome->incomplete || outcome->failed;
        if (outcome->failed && json_object_get(object, "failed") == NULL) {
            skad_sim_record_add(object, "failed", json_string(outcome->reason));
        }
    }
    skad_sim_record_add(object, "event_logs", logs);
    skad_sim_record_add(object, "incomplete", json_boolean(incomplete));
}

json_t *skad_sim_json_setting(const skad_sim_results *results, size_t setting)
{
    const size_t first = setting * results->worlds;
    json_t *object = skad_sim_must(json_object());
    json_t *swept = skad_sim_record_swept(results->sweep, &results->scenarios[first]);
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    (void)json_object_del(swept, results->worlds > 1 ? "seed" : "");
    skad_sim_record_add(object, "swept", swept);
    skad_sim_summarise(&results->scenarios[first], &results->outcomes[first], results->worlds,
                       summary);
    skad_sim_record_add(object, "worlds", json_integer((json_int_t)summary->worlds));
    add_measures(object, summary);
    add_costs(object, &summary->sum);
    add_hops(object, &summary->sum);
    add_counts(object, summary);
    add_worlds(object, results, first);
    free(summary);
    return object;
}

void skad_sim_json_results(FILE *out, const skad_sim_results *results)
{
    bool incomplete = false;
    json_t *object = skad_sim_json_head(results->command, &results->sweep->base);
    json_t *list = skad_sim_must(json_array());
    if (results->head != NULL) {
        (void)json_object_set(object, "version", json_object_get(results->head, "version"));
        (void)json_object_set(object, "crypto", json_object_get(results->head, "crypto"));
    }
    for (size_t i = 0; i < results->count; i++) {
        incomplete = incomplete || results->outcomes[i].incomplete || results->outcomes[i].failed;
    }
    for (size_t i = 0; i < results->count / results->worlds; i++) {
        (void)json_array_append_new(list, skad_sim_json_setting(results, i));
    }
    skad_sim_record_add(object, "results", list);
    skad_sim_record_add(object, "incomplete", json_boolean(incomplete));
    skad_sim_record_write(out, object);
}

/* ---- For people ---- */

void skad_sim_estimate_text(const skad_sim_estimate *estimate,
                            char out[static SKAD_SIM_SHARE_BYTES])
{
    if (estimate->samples == 0) {
        (void)snprintf(out, SKAD_SIM_SHARE_BYTES, "%7s  %16s", "-", "");
        return;
    }
    (void)snprintf(out, SKAD_SIM_SHARE_BYTES, "%7.2f  %6.2f to %6.2f", 100 * estimate->value,
                   100 * estimate->interval.low, 100 * estimate->interval.high);
}

void skad_sim_report_setting(const skad_sim_sweep *sweep)
{
    skad_sim_scenario usual;
    skad_sim_row_text row;
    skad_sim_row_text other;
    skad_sim_scenario_default(&usual);
    printf("signatures and hashes: %s; seed %" PRIu64 "\n", skad_sim_crypto(), sweep->base.seed);
    printf("setting:");
    for (size_t i = 0; skad_sim_scenario_row(&sweep->base, i, &row); i++) {
        (void)skad_sim_scenario_row(&usual, i, &other);
        bool shown = strcmp(row.value, other.value) != 0 || strcmp(row.key, "nodes") == 0;
        if (shown && strcmp(row.key, "seed") != 0 && !skad_sim_record_is_swept(sweep, row.key)) {
            printf(" %s=%s", row.key, row.value);
        }
    }
    printf("\n");
}

void skad_sim_report_method(const skad_sim_results *results, skad_sim_measure measure)
{
    const bool shared = skad_sim_shares_target(&results->scenarios[0], measure);
    const char *section = skad_sim_measure_at(measure)->section;
    if (measure >= SKAD_SIM_ANONYMITY_SEEN) {
        printf("95 %%: over %zu world%s, in each of which the curious stand where they stand\n",
               results->worlds, results->worlds > 1 ? "s" : "");
    } else if (!shared) {
        printf("95 %%: of %s of %zu world%s, which are independent (Wilson)\n", section,
               results->worlds, results->worlds > 1 ? "s" : "");
    } else if (results->worlds > 1) {
        printf("95 %%: over %zu worlds (bootstrap; if all agree or few, Wilson over worlds), since "
               "%s of one "
               "world\nmeet the same key\n",
               results->worlds, section);
    } else {
        printf("95 %%: 0 to 100, since all %s of one world meet the same key: give --worlds\n",
               section);
    }
}

/* Whether a table begins with a column of this key. */
static bool has_column(const skad_sim_sweep *sweep, const char *own, const char *key)
{
    const skad_sim_sweep elsewhere = {.axes = {{.keys = own}}, .axes_count = 1};
    return skad_sim_record_is_swept(sweep, key) && !skad_sim_record_is_swept(&elsewhere, key);
}

static int column_width(const char *key)
{
    return (int)(strlen(key) < 7 ? 7 : strlen(key));
}

void skad_sim_report_swept_head(const skad_sim_sweep *sweep, const char *own)
{
    skad_sim_row_text row;
    for (size_t i = 0; skad_sim_scenario_row(&sweep->base, i, &row); i++) {
        if (has_column(sweep, own, row.key)) {
            printf("%*s ", column_width(row.key), row.key);
        }
    }
}

void skad_sim_report_swept(const skad_sim_sweep *sweep, const char *own,
                           const skad_sim_scenario *scenario)
{
    skad_sim_row_text row;
    for (size_t i = 0; skad_sim_scenario_row(scenario, i, &row); i++) {
        if (has_column(sweep, own, row.key)) {
            printf("%*s ", column_width(row.key), row.value);
        }
    }
}

void skad_sim_report_costs(const skad_sim_results *results)
{
    skad_sim_summary *summary = skad_sim_alloc(1, sizeof *summary);
    const char *own = results->worlds > 1 ? "seed" : "";
    printf("\n");
    skad_sim_report_swept_head(results->sweep, own);
    printf("%-7s %8s  %-24s  %-14s  %s\n", "", "ended", "ms: p50 p90 p99", "RPCs", "hops");
    for (size_t first = 0; first < results->count; first += results->worlds) {
        skad_sim_summarise(&results->scenarios[first], &results->outcomes[first], results->worlds,
                           summary);
        for (int work = 0; work < SKAD_SIM_WORKS; work++) {
            const skad_sim_costs it = skad_sim_costs_of(&summary->sum, (skad_sim_work)work);
            if (it.ended == 0) {
                continue;
            }
            skad_sim_report_swept(results->sweep, own, &results->scenarios[first]);
            printf("%-7s %8" PRIu64 "  %7.0f %7.0f %8.0f  %4" PRIu64 " %4" PRIu64 " %4" PRIu64
                   "  %3" PRIu64 " %3" PRIu64 " %3" PRIu64 "\n",
                   it.name, it.ended, it.ms[0], it.ms[1], it.ms[2], it.requests[0], it.requests[1],
                   it.requests[2], it.hops[0], it.hops[1], it.hops[2]);
        }
    }
    free(summary);
}

bool skad_sim_report_failures(const skad_sim_results *results)
{
    size_t unfinished = 0;
    bool good = true;
    for (size_t i = 0; i < results->count; i++) {
        const skad_sim_outcome *it = &results->outcomes[i];
        if (results->elsewhere != NULL && results->elsewhere[i]) {
            continue;
        }
        unfinished += it->incomplete && !it->failed;
        if (it->failed) {
            (void)fflush(stdout);
            (void)fprintf(stderr, "skad sim: experiment %zu of %zu: %s\n", i + 1, results->count,
                          it->reason);
            good = false;
        }
    }
    if (unfinished > 0) {
        (void)fflush(stdout);
        (void)fprintf(stderr, "skad sim: interrupted: %zu of %zu experiments are incomplete\n",
                      unfinished, results->count);
    }
    return good && unfinished == 0;
}
