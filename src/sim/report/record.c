#include "src/sim/report/record.h"

#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/scenario/keys.h"

#define DIGITS 15 /* of a real number */

void skad_sim_record_add(json_t *object, const char *name, json_t *value)
{
    (void)skad_sim_must(value);
    (void)skad_sim_must(json_object_set_new(object, name, value) == 0 ? object : NULL);
}

void skad_sim_record_write(FILE *out, json_t *object)
{
    char *text = skad_sim_must(json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)));
    (void)fputs(text, out);
    (void)fputc('\n', out);
    free(text);
    json_decref(object);
}

/* ---- Scenarios ---- */

static json_t *value_of(const skad_sim_row_text *row)
{
    if (!row->number) {
        return json_string(row->value);
    }
    const double number = strtod(row->value, NULL);
    return strpbrk(row->value, ".en") == NULL ? json_integer((json_int_t)number)
                                              : json_real(number);
}

json_t *skad_sim_record_scenario(const skad_sim_scenario *scenario)
{
    skad_sim_row_text row;
    json_t *object = skad_sim_must(json_object());
    for (size_t i = 0; skad_sim_scenario_row(scenario, i, &row); i++) {
        skad_sim_record_add(object, row.key, value_of(&row));
    }
    return object;
}

bool skad_sim_record_read_scenario(json_t *object, skad_sim_scenario *out,
                                   char reason[static SKAD_SIM_REASON_BYTES])
{
    const char *key = NULL;
    json_t *value = NULL;
    skad_sim_scenario_default(out);
    json_object_foreach(object, key, value)
    {
        char text[SKAD_SIM_PATH_MAX] = "";
        if (json_is_string(value)) {
            (void)snprintf(text, sizeof text, "%s", json_string_value(value));
        } else if (json_is_integer(value)) {
            (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        } else if (json_is_real(value)) {
            (void)snprintf(text, sizeof text, "%.15g", json_number_value(value));
        }
        if (!skad_sim_scenario_set(out, key, text, reason)) {
            return false;
        }
    }
    return true;
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

bool skad_sim_record_is_swept(const skad_sim_sweep *sweep, const char *key)
{
    for (size_t i = 0; i < sweep->axes_count; i++) {
        if (has_key(sweep->axes[i].keys, key)) {
            return true;
        }
    }
    return false;
}

json_t *skad_sim_record_swept(const skad_sim_sweep *sweep, const skad_sim_scenario *scenario)
{
    skad_sim_row_text row;
    json_t *object = skad_sim_must(json_object());
    for (size_t i = 0; skad_sim_scenario_row(scenario, i, &row); i++) {
        if (skad_sim_record_is_swept(sweep, row.key)) {
            skad_sim_record_add(object, row.key, value_of(&row));
        }
    }
    return object;
}

/* ---- Outcomes ---- */

static json_t *list_of(const skad_sim_field *field, const void *at)
{
    json_t *list = skad_sim_must(json_array());
    for (size_t i = 0; i < field->length; i++) {
        const uint64_t number = field->type == SKAD_SIM_FIELD_COUNTS ? ((const uint64_t *)at)[i]
                                                                     : ((const uint16_t *)at)[i];
        (void)json_array_append_new(list, json_integer((json_int_t)number));
    }
    return list;
}

/* Only the columns that hold something. */
static json_t *histogram_of(const skad_sim_field *field, const uint32_t *columns)
{
    json_t *list = skad_sim_must(json_array());
    for (size_t i = 0; i < field->length; i++) {
        if (columns[i] > 0) {
            (void)json_array_append_new(list,
                                        json_pack("[I, I]", (json_int_t)i, (json_int_t)columns[i]));
        }
    }
    return list;
}

static json_t *figure_of(const skad_sim_field *field, const void *at)
{
    switch (field->type) {
    case SKAD_SIM_FIELD_COUNT:
        return json_integer((json_int_t) * (const uint64_t *)at);
    case SKAD_SIM_FIELD_COUNT32:
        return json_integer((json_int_t) * (const uint32_t *)at);
    case SKAD_SIM_FIELD_REAL:
        return json_real(*(const double *)at);
    case SKAD_SIM_FIELD_FLAG:
        return json_boolean(*(const bool *)at);
    case SKAD_SIM_FIELD_COUNTS:
    case SKAD_SIM_FIELD_COUNTS16:
        return list_of(field, at);
    case SKAD_SIM_FIELD_HISTOGRAM:
        return histogram_of(field, at);
    }
    return NULL;
}

/* Of 256 places for prefixes only those that the bits have. */
static size_t length_of(const skad_sim_field *field, const skad_sim_outcome *outcome)
{
    return field->type == SKAD_SIM_FIELD_COUNTS16 ? (size_t)1 << outcome->prefixes.bits
                                                  : field->length;
}

json_t *skad_sim_record_outcome(const skad_sim_outcome *outcome)
{
    json_t *object = skad_sim_must(json_object());
    json_t *section = NULL;
    const skad_sim_field *field = NULL;
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        skad_sim_field shown = *field;
        shown.length = length_of(field, outcome);
        section = json_object_get(object, field->section);
        if (section == NULL) {
            section = skad_sim_must(json_object());
            skad_sim_record_add(object, field->section, section);
        }
        skad_sim_record_add(section, field->name,
                            figure_of(&shown, (const char *)outcome + field->place));
    }
    char fingerprint[SKAD_SIM_FINGERPRINT_BYTES];
    skad_sim_fingerprint_text(&outcome->fingerprint, fingerprint);
    skad_sim_record_add(object, "event_log", json_string(fingerprint));
    return object;
}

/* ---- And back ---- */

static bool read_list(const json_t *value, const skad_sim_field *field, void *out)
{
    const size_t count = json_array_size(value);
    bool good = json_is_array(value) && count <= field->length;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *one = json_array_get(value, i);
        good = json_is_integer(one) && json_integer_value(one) >= 0;
        if (good && field->type == SKAD_SIM_FIELD_COUNTS) {
            ((uint64_t *)out)[i] = (uint64_t)json_integer_value(one);
        } else if (good) {
            ((uint16_t *)out)[i] = (uint16_t)json_integer_value(one);
        }
    }
    return good;
}

static bool read_histogram(const json_t *value, const skad_sim_field *field, uint32_t *out)
{
    bool good = json_is_array(value);
    for (size_t i = 0; good && i < json_array_size(value); i++) {
        const json_t *pair = json_array_get(value, i);
        const json_int_t column = json_integer_value(json_array_get(pair, 0));
        good = json_is_integer(json_array_get(pair, 0)) &&
               json_is_integer(json_array_get(pair, 1)) && column >= 0 &&
               (size_t)column < field->length;
        if (good) {
            out[column] = (uint32_t)json_integer_value(json_array_get(pair, 1));
        }
    }
    return good;
}

static bool read_figure(const json_t *value, const skad_sim_field *field, void *out)
{
    switch (field->type) {
    case SKAD_SIM_FIELD_COUNT:
        *(uint64_t *)out = (uint64_t)json_integer_value(value);
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case SKAD_SIM_FIELD_COUNT32:
        *(uint32_t *)out = (uint32_t)json_integer_value(value);
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case SKAD_SIM_FIELD_REAL:
        *(double *)out = json_number_value(value);
        return json_is_number(value);
    case SKAD_SIM_FIELD_FLAG:
        *(bool *)out = json_is_true(value);
        return json_is_boolean(value);
    case SKAD_SIM_FIELD_COUNTS:
    case SKAD_SIM_FIELD_COUNTS16:
        return read_list(value, field, out);
    case SKAD_SIM_FIELD_HISTOGRAM:
        return read_histogram(value, field, out);
    }
    return false;
}

bool skad_sim_record_read_outcome(const json_t *object, skad_sim_outcome *out)
{
    const skad_sim_field *field = NULL;
    *out = (skad_sim_outcome){0};
    for (size_t n = 0; (field = skad_sim_field_at(n)) != NULL; n++) {
        const json_t *section = json_object_get(object, field->section);
        const json_t *value = json_object_get(section, field->name);
        if (!read_figure(value, field, (char *)out + field->place)) {
            return false;
        }
    }
    const char *log = json_string_value(json_object_get(object, "event_log"));
    return out->prefixes.bits <= SKAD_SIM_PREFIX_BITS_MAX && log != NULL &&
           skad_sim_fingerprint_read(log, &out->fingerprint);
}
