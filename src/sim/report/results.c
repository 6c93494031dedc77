#include "src/sim/report/results.h"

#include <inttypes.h>
#include <string.h>

#include "src/sim/base/cryptography.h"
#include "src/sim/report/stats.h"
#include "src/sim/scenario/keys.h"

/* ---- JSON ---- */

void skad_sim_json_text(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != 0; text++) {
        unsigned char one = (unsigned char)*text;
        if (one == '"' || one == '\\') {
            (void)fprintf(out, "\\%c", one);
        } else if (one < 0x20) {
            (void)fprintf(out, "\\u%04x", one);
        } else {
            (void)fputc(one, out);
        }
    }
    (void)fputc('"', out);
}

static void json_row(FILE *out, const skad_sim_row_text *row)
{
    skad_sim_json_text(out, row->key);
    (void)fputc(':', out);
    if (row->number) {
        (void)fputs(row->value, out);
    } else {
        skad_sim_json_text(out, row->value);
    }
}

void skad_sim_json_scenario(FILE *out, const skad_sim_scenario *scenario)
{
    skad_sim_row_text row;
    (void)fputc('{', out);
    for (size_t i = 0; skad_sim_scenario_row(scenario, i, &row); i++) {
        (void)fputs(i > 0 ? "," : "", out);
        json_row(out, &row);
    }
    (void)fputc('}', out);
}

/* Whether a key is among the blank-separated ones. */
static bool has_key(const char *keys, const char *key)
{
    size_t len = strlen(key);
    const char *at = keys;
    while ((at = strstr(at, key)) != NULL) {
        if ((at == keys || at[-1] == ' ') && (at[len] == 0 || at[len] == ' ')) {
            return true;
        }
        at += len;
    }
    return false;
}

static bool is_swept(const skad_sim_sweep *sweep, const char *key)
{
    for (size_t i = 0; i < sweep->axes_count; i++) {
        if (has_key(sweep->axes[i].keys, key)) {
            return true;
        }
    }
    return false;
}

void skad_sim_json_swept(FILE *out, const skad_sim_sweep *sweep, const skad_sim_scenario *scenario)
{
    skad_sim_row_text row;
    for (size_t i = 0; skad_sim_scenario_row(scenario, i, &row); i++) {
        if (is_swept(sweep, row.key)) {
            json_row(out, &row);
            (void)fputc(',', out);
        }
    }
}

static void json_share(FILE *out, const char *name, uint64_t part, uint64_t all)
{
    skad_sim_interval interval = skad_sim_wilson(part, all);
    (void)fprintf(out, "\"%s\":%.6f,\"%s_low\":%.6f,\"%s_high\":%.6f,", name,
                  skad_sim_share(part, all), name, interval.low, name, interval.high);
}

/* As members of an object: "NAME_p50", "NAME_p90", "NAME_p99", in milliseconds. */
static void json_durations(FILE *out, const char *name, const skad_sim_durations *it)
{
    static const int percents[] = {50, 90, 99};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        (void)fprintf(out, "\"%s_p%d\":%.3f,", name, percents[i],
                      (double)skad_sim_durations_us(it, percents[i] / 100.0) / 1000);
    }
}

void skad_sim_durations_text(const skad_sim_durations *it,
                             char out[static SKAD_SIM_DURATIONS_BYTES])
{
    (void)snprintf(out, SKAD_SIM_DURATIONS_BYTES, "p50 %.0f, p90 %.0f, p99 %.0f ms",
                   (double)skad_sim_durations_us(it, 0.5) / 1000,
                   (double)skad_sim_durations_us(it, 0.9) / 1000,
                   (double)skad_sim_durations_us(it, 0.99) / 1000);
}

static void json_lookups(FILE *out, const skad_sim_lookups *it)
{
    (void)fprintf(out, "\"lookups\":{\"ended\":%" PRIu64 ",", it->ended);
    json_share(out, "success", it->nearest, it->ended);
    json_share(out, "exact", it->exact, it->ended);
    json_share(out, "recall", it->siblings_found, it->siblings_true);
    json_share(out, "captured", it->captured, it->ended);
    json_durations(out, "latency_ms", &it->durations);
    (void)fprintf(out,
                  "\"silent\":%" PRIu64 ",\"dense\":%" PRIu64
                  ",\"rpcs\":%.3f,\"latency_ms\":%.3f,\"hops\":[",
                  it->silent, it->dense, skad_sim_share(it->rpcs, it->ended),
                  skad_sim_share(it->us, it->ended) / 1000);
    for (size_t i = 0; i < SKAD_SIM_HOPS; i++) {
        (void)fprintf(out, "%s%" PRIu64, i > 0 ? "," : "", it->hops[i]);
    }
    (void)fputs("]}", out);
}

static void json_gets(FILE *out, const skad_sim_gets *it)
{
    (void)fprintf(out, "\"gets\":{\"ended\":%" PRIu64 ",", it->ended);
    json_share(out, "success", it->right, it->ended);
    json_durations(out, "latency_ms", &it->durations);
    (void)fprintf(out,
                  "\"missed\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"stale\":%" PRIu64
                  ",\"wrong\":%" PRIu64 ",\"silent\":%" PRIu64 ",\"dense\":%" PRIu64
                  ",\"rpcs\":%.3f}",
                  it->missed, it->lost, it->stale, it->wrong, it->silent, it->dense,
                  skad_sim_share(it->rpcs, it->ended));
}

static void json_counters(FILE *out, const skad_sim_counters *it)
{
    (void)fprintf(out,
                  "\"datagrams\":{\"sent\":%" PRIu64 ",\"sent_bytes\":%" PRIu64
                  ",\"delivered\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"shut_out\":%" PRIu64
                  ",\"parted\":%" PRIu64 ",\"choked\":%" PRIu64 ",\"nowhere\":%" PRIu64 "}",
                  it->sent, it->sent_bytes, it->delivered, it->lost, it->shut_out, it->partitioned,
                  it->queue_full, it->unroutable);
}

/* Where they were counted (experiment/tables.h). */
static void json_tables(FILE *out, const skad_sim_outcome *it)
{
    if (it->places.all > 0) {
        (void)fprintf(out,
                      "\"tables\":{\"places\":%" PRIu64 ",\"hostile\":%" PRIu64
                      ",\"victim_peers\":%" PRIu64 ",\"victim_hostile\":%" PRIu64
                      ",\"victim_known_to\":%" PRIu64 "},",
                      it->places.all, it->places.hostile, it->victim.peers, it->victim.hostile,
                      it->victim.known_to); /* zero without a victim */
    }
}

void skad_sim_json_outcome(FILE *out, const skad_sim_sweep *swept,
                           const skad_sim_scenario *scenario, const skad_sim_outcome *outcome)
{
    char fingerprint[SKAD_SIM_FINGERPRINT_BYTES];
    skad_sim_fingerprint_text(&outcome->fingerprint, fingerprint);
    (void)fputc('{', out);
    if (swept != NULL) {
        skad_sim_json_swept(out, swept, scenario);
    }
    json_lookups(out, &outcome->lookups);
    (void)fputc(',', out);
    json_gets(out, &outcome->gets);
    (void)fputc(',', out);
    json_counters(out, &outcome->counters);
    (void)fputc(',', out);
    json_tables(out, outcome);
    json_durations(out, "puts_latency_ms", &outcome->puts_durations);
    (void)fprintf(
        out,
        "\"puts\":%" PRIu64 ",\"puts_stored\":%" PRIu64 ",\"puts_dense\":%" PRIu64
        ",\"up\":%" PRIu64 ",\"joined\":%" PRIu64 ",\"arrivals\":%" PRIu64
        ",\"departures\":%" PRIu64 ",\"simulated_s\":%.6f,\"real_s\":%.3f,\"build_s\":%.3f,"
        "\"bytes_per_node\":%.0f,\"peers_per_node\":%.2f,\"price_hashes\":%.6g,"
        "\"event_log\":\"%s\",\"incomplete\":%s",
        outcome->puts, outcome->puts_stored, outcome->puts_dense, outcome->up, outcome->joined,
        outcome->arrivals, outcome->departures, outcome->simulated_s, outcome->real_s,
        outcome->build_s, outcome->bytes_per_node, outcome->peers_per_node, outcome->price,
        fingerprint, outcome->incomplete ? "true" : "false");
    if (outcome->failed) {
        (void)fputs(",\"failed\":", out);
        skad_sim_json_text(out, outcome->reason);
    }
    (void)fputc('}', out);
}

void skad_sim_json_results(FILE *out, const skad_sim_results *results)
{
    bool incomplete = false;
    (void)fprintf(out, "{\"command\":\"%s\",\"crypto\":\"%s\",\"scenario\":", results->command,
                  skad_sim_crypto());
    skad_sim_json_scenario(out, &results->sweep->base);
    (void)fputs(",\"results\":[", out);
    for (size_t i = 0; i < results->count; i++) {
        (void)fputs(i > 0 ? "," : "", out);
        skad_sim_json_outcome(out, results->sweep, &results->scenarios[i], &results->outcomes[i]);
        incomplete = incomplete || results->outcomes[i].incomplete || results->outcomes[i].failed;
    }
    (void)fprintf(out, "],\"incomplete\":%s}\n", incomplete ? "true" : "false");
}

/* ---- For people ---- */

void skad_sim_share_text(uint64_t part, uint64_t all, char out[static SKAD_SIM_SHARE_BYTES])
{
    if (all == 0) {
        (void)snprintf(out, SKAD_SIM_SHARE_BYTES, "%7s  %16s", "-", "");
        return;
    }
    skad_sim_interval interval = skad_sim_wilson(part, all);
    (void)snprintf(out, SKAD_SIM_SHARE_BYTES, "%7.2f  %6.2f to %6.2f",
                   100 * skad_sim_share(part, all), 100 * interval.low, 100 * interval.high);
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
        if (shown && strcmp(row.key, "seed") != 0 && !is_swept(sweep, row.key)) {
            printf(" %s=%s", row.key, row.value);
        }
    }
    printf("\n");
}

bool skad_sim_report_failures(const skad_sim_results *results)
{
    size_t unfinished = 0;
    bool good = true;
    for (size_t i = 0; i < results->count; i++) {
        const skad_sim_outcome *it = &results->outcomes[i];
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
