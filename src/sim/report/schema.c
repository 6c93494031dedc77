#include "src/sim/report/schema.h"

#include <stdio.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/report/measures.h"
#include "src/sim/report/record.h"
#include "src/sim/scenario/keys.h"

/* ---- Pieces ---- */

static json_t *of_type(const char *type, const char *about)
{
    return skad_sim_must(json_pack("{s:s, s:s}", "type", type, "description", about));
}

static json_t *constant(const char *value, const char *about)
{
    return skad_sim_must(json_pack("{s:s, s:s}", "const", value, "description", about));
}

static json_t *list_of(json_t *items, const char *about)
{
    return skad_sim_must(
        json_pack("{s:s, s:o, s:s}", "type", "array", "items", items, "description", about));
}

static json_t *reference(const char *name)
{
    return skad_sim_must(json_pack("{s:s+}", "$ref", "#/$defs/", name));
}

/* An object that has all of these properties and no others, but for the optional ones. */
static json_t *object_of(json_t *properties, const char *const *optional, const char *about)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_t *required = skad_sim_must(json_array());
    json_object_foreach(properties, name, value)
    {
        bool needed = true;
        for (size_t i = 0; optional != NULL && optional[i] != NULL; i++) {
            needed = needed && strcmp(optional[i], name) != 0;
        }
        if (needed) {
            (void)json_array_append_new(required, json_string(name));
        }
    }
    return skad_sim_must(json_pack("{s:s, s:s, s:o, s:o, s:b}", "type", "object", "description",
                                   about, "properties", properties, "required", required,
                                   "additionalProperties", 0));
}

static json_t *section_of(json_t *sections, const char *name)
{
    json_t *section = json_object_get(sections, name);
    if (section == NULL) {
        section = skad_sim_must(json_object());
        skad_sim_record_add(sections, name, section);
    }
    return section;
}

/* Turns maps of properties into objects. */
static void close_sections(json_t *sections)
{
    const char *name = NULL;
    json_t *properties = NULL;
    void *next = NULL;
    json_object_foreach_safe(sections, next, name, properties)
    {
        json_t *object = object_of(json_incref(properties), NULL, name);
        (void)json_object_set_new(sections, name, object);
    }
}

/* ---- Scenarios ---- */

static json_t *scenario_of(bool all, const char *about)
{
    skad_sim_scenario usual;
    skad_sim_row_text row;
    json_t *properties = skad_sim_must(json_object());
    skad_sim_scenario_default(&usual);
    for (size_t i = 0; skad_sim_scenario_row(&usual, i, &row); i++) {
        char text[SKAD_SIM_RANGE_BYTES + SKAD_SIM_PATH_MAX];
        (void)snprintf(text, sizeof text, "%s (%s)", row.about, row.range);
        skad_sim_record_add(properties, row.key, of_type(row.number ? "number" : "string", text));
    }
    json_t *object = object_of(properties, NULL, about);
    if (!all) {
        (void)json_object_del(object, "required");
    }
    return object;
}

/* ---- Result files ---- */

static json_t *figure_of(const skad_sim_field *field)
{
    char about[400];
    (void)snprintf(
        about, sizeof about, "%s; %s", field->about,
        field->kind == SKAD_SIM_CUMULATIVE
            ? "cumulative since the measured time began, in \"interval\" since the report "
              "before"
            : "as it is at that moment");
    switch (field->type) {
    case SKAD_SIM_FIELD_COUNT:
    case SKAD_SIM_FIELD_COUNT32:
        return of_type("integer", about);
    case SKAD_SIM_FIELD_REAL:
        return of_type("number", about);
    case SKAD_SIM_FIELD_FLAG:
        return of_type("boolean", about);
    case SKAD_SIM_FIELD_COUNTS:
    case SKAD_SIM_FIELD_COUNTS16:
        return list_of(of_type("integer", "a count"), about);
    case SKAD_SIM_FIELD_HISTOGRAM:
        return list_of(list_of(of_type("integer", "column, count"), "a column that is not empty"),
                       about);
    }
    return NULL;
}

static json_t *outcome_of(void)
{
    const skad_sim_field *field = NULL;
    json_t *sections = skad_sim_must(json_object());
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        skad_sim_record_add(section_of(sections, field->section), field->name, figure_of(field));
    }
    close_sections(sections);
    skad_sim_record_add(sections, "event_log",
                        of_type("string", "fingerprint of all datagrams that were sent"));
    return object_of(sections, NULL, "the figures of one experiment");
}

/* What heads and the last line of --json have in common. */
static json_t *what_was_run(void)
{
    json_t *properties = skad_sim_must(json_object());
    skad_sim_record_add(properties, "format",
                        skad_sim_must(json_pack("{s:i, s:s}", "const", SKAD_SIM_FORMAT,
                                                "description", "of this schema")));
    skad_sim_record_add(properties, "version", of_type("string", "of skad"));
    skad_sim_record_add(properties, "command", of_type("string", "run, adversary, capture ..."));
    skad_sim_record_add(properties, "crypto",
                        of_type("string", "modelled or real signatures and hashes"));
    skad_sim_record_add(properties, "scenario", reference("scenario"));
    return properties;
}

static json_t *head_of(void)
{
    json_t *properties = what_was_run();
    json_t *axis = skad_sim_must(json_object());
    skad_sim_record_add(axis, "keys", of_type("string", "blank-separated"));
    skad_sim_record_add(axis, "values", list_of(of_type("string", "one value"), "in order"));
    skad_sim_record_add(properties, "line", constant("head", "the first line"));
    skad_sim_record_add(properties, "complete",
                        of_type("boolean", "whether all experiments of this file have ended"));
    skad_sim_record_add(properties, "axes",
                        list_of(object_of(axis, NULL, "keys that get the same values"),
                                "swept keys; the last one changes fastest"));
    skad_sim_record_add(properties, "worlds",
                        of_type("integer", "experiments in a row that differ in their seed only"));
    skad_sim_record_add(properties, "experiments", of_type("integer", "of all shards"));
    skad_sim_record_add(properties, "shard",
                        of_type("integer", "experiment n belongs to shard n % shards + 1"));
    skad_sim_record_add(properties, "shards", of_type("integer", "how many there are"));
    skad_sim_record_add(properties, "arguments", of_type("string", "the command line"));
    return object_of(properties, NULL, "the first line of a result file");
}

static json_t *result_of(void)
{
    static const char *const optional[] = {"failed", NULL};
    json_t *properties = skad_sim_must(json_object());
    skad_sim_record_add(properties, "line", constant("result", "an experiment has ended"));
    skad_sim_record_add(properties, "experiment", of_type("integer", "its number, from 0 on"));
    skad_sim_record_add(properties, "seed", of_type("integer", "all its randomness comes from it"));
    skad_sim_record_add(properties, "swept", reference("swept"));
    skad_sim_record_add(properties, "incomplete", of_type("boolean", "it was interrupted"));
    skad_sim_record_add(properties, "failed", of_type("string", "why it failed"));
    skad_sim_record_add(properties, "so_far", reference("outcome"));
    return object_of(properties, optional, "one experiment, cumulative");
}

static json_t *report_of(void)
{
    json_t *properties = skad_sim_must(json_object());
    skad_sim_record_add(properties, "line", constant("report", "an experiment goes on"));
    skad_sim_record_add(properties, "experiment", of_type("integer", "its number, from 0 on"));
    skad_sim_record_add(properties, "so_far", reference("outcome"));
    skad_sim_record_add(properties, "interval", reference("outcome"));
    return object_of(properties, NULL, "its figures so far, and those since the report before");
}

/* ---- What --json prints ---- */

static void add_named(json_t *properties, const char *name, const char *suffix, json_t *value)
{
    char whole[64];
    (void)snprintf(whole, sizeof whole, "%s%s", name, suffix);
    skad_sim_record_add(properties, whole, value);
}

static void add_estimate(json_t *properties, const char *name, const char *about, bool of)
{
    add_named(properties, name, "", of_type("number", about));
    add_named(properties, name, "_low", of_type("number", "lower end of its 95 % interval"));
    add_named(properties, name, "_high", of_type("number", "upper end"));
    add_named(properties, name, "_by",
              of_type("string",
                      "wilson: independent trials; bootstrap: worlds; worlds: Wilson over worlds "
                      "that agree or are few; student: few means; none: one world"));
    if (of) {
        add_named(properties, name, "_of", of_type("integer", "trials or worlds"));
    }
}

static void add_costs(json_t *section)
{
    for (int i = 0; i < SKAD_SIM_QUANTILES; i++) {
        char suffix[8];
        (void)snprintf(suffix, sizeof suffix, "_p%d", skad_sim_percents[i]);
        add_named(section, "latency_ms", suffix, of_type("number", "quantile, to 6 %"));
        add_named(section, "rpcs", suffix, of_type("integer", "quantile of requests"));
        add_named(section, "hops", suffix, of_type("integer", "quantile of hops"));
    }
    skad_sim_record_add(section, "hops",
                        list_of(of_type("integer", "a count"), "at h: those with h hops"));
}

static void add_counts(json_t *sections)
{
    const skad_sim_field *field = NULL;
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        json_t *section = section_of(sections, field->section);
        const bool count = field->type == SKAD_SIM_FIELD_COUNT;
        if (json_object_get(section, field->name) == NULL && strcmp(field->name, "us") != 0 &&
            (count || field->type == SKAD_SIM_FIELD_REAL)) {
            char about[400];
            const bool sum = field->kind == SKAD_SIM_CUMULATIVE;
            (void)snprintf(about, sizeof about, "%s; %s worlds", field->about,
                           sum ? "sum over" : "mean of");
            skad_sim_record_add(section, field->name,
                                of_type(count && sum ? "integer" : "number", about));
        }
    }
    (void)json_object_del(sections, "captured");
    (void)json_object_del(sections, "prefixes");
}

static json_t *capture_of(void)
{
    static const char *const words[] = {"placement", "behaviour", "type", "arrive"};
    static const char *const estimates[] = {"get_success", "get_success_early", "get_success_late",
                                            "put_reached"};
    static const char *const numbers[] = {
        "honest",     "ground",     "worlds",       "gets",         "put_stored", "put_false",
        "dense",      "put_dense",  "rpcs_per_get", "rpcs_per_put", "holders",    "holders_late",
        "get_ms_p50", "get_ms_p90", "get_ms_p99",   "put_ms_p50",   "put_ms_p90", "put_ms_p99"};
    static const char *const prices[] = {"tries",   "core_hours", "gpu_hours",
                                         "dollars", "identities", "groups"};
    json_t *properties = skad_sim_must(json_object());
    json_t *price = skad_sim_must(json_object());
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        skad_sim_record_add(properties, words[i], of_type("string", "of the scenario"));
    }
    for (size_t i = 0; i < sizeof estimates / sizeof estimates[0]; i++) {
        add_estimate(properties, estimates[i], "docs/simulator.md, The capture of a key", false);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        skad_sim_record_add(properties, numbers[i],
                            of_type("number", "docs/simulator.md, The capture of a key"));
    }
    for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
        skad_sim_record_add(price, prices[i], of_type("number", "docs/price.md"));
    }
    skad_sim_record_add(properties, "price",
                        object_of(price, NULL, "of the adversary's identities"));
    return object_of(properties, NULL, "the captured record");
}

static json_t *setting_of(void)
{
    static const char *const optional[] = {"failed", "capture", NULL};
    json_t *sections = skad_sim_must(json_object());
    for (int i = 0; i < SKAD_SIM_MEASURES; i++) {
        const skad_sim_measure_row *row = skad_sim_measure_at((skad_sim_measure)i);
        add_estimate(section_of(sections, row->section), row->name, row->about, true);
    }
    add_costs(section_of(sections, "lookups"));
    add_costs(section_of(sections, "gets"));
    add_costs(section_of(sections, "puts"));
    add_counts(sections);
    close_sections(sections);
    skad_sim_record_add(sections, "swept", reference("swept"));
    skad_sim_record_add(sections, "worlds", of_type("integer", "that ended well"));
    skad_sim_record_add(sections, "event_logs",
                        list_of(of_type("string", "a fingerprint"), "of each world"));
    skad_sim_record_add(sections, "incomplete", of_type("boolean", "a world is missing"));
    skad_sim_record_add(sections, "failed", of_type("string", "why the first world failed"));
    skad_sim_record_add(sections, "capture", capture_of());
    return object_of(sections, optional, "one setting, over its worlds");
}

static json_t *results_of(void)
{
    json_t *properties = what_was_run();
    skad_sim_record_add(properties, "results", list_of(reference("setting"), "all settings"));
    skad_sim_record_add(properties, "incomplete", of_type("boolean", "an experiment is missing"));
    return object_of(properties, NULL, "the last line of a command with --json");
}

/* ---- The whole ---- */

json_t *skad_sim_schema(void)
{
    json_t *defs = skad_sim_must(json_object());
    skad_sim_record_add(defs, "scenario", scenario_of(true, "all keys of the scenario"));
    skad_sim_record_add(defs, "swept", scenario_of(false, "keys that the sweep changes"));
    skad_sim_record_add(defs, "outcome", outcome_of());
    skad_sim_record_add(defs, "head", head_of());
    skad_sim_record_add(defs, "result", result_of());
    skad_sim_record_add(defs, "report", report_of());
    skad_sim_record_add(defs, "setting", setting_of());
    skad_sim_record_add(defs, "results", results_of());
    return skad_sim_must(json_pack(
        "{s:s, s:s, s:s, s:[o,o,o,o], s:o}", "$schema",
        "https://json-schema.org/draft/2020-12/schema", "title", "results of skad sim",
        "description", "a line of a result file, or the last line of a command with --json",
        "oneOf", reference("head"), reference("result"), reference("report"), reference("results"),
        "$defs", defs));
}
