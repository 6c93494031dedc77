#include "src/sim/scenario/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/sim/base/memory.h"
#include "src/sim/scenario/keys.h"

void skad_sim_sweep_free(skad_sim_sweep *sweep)
{
    for (size_t i = 0; i < sweep->axes_count; i++) {
        free(sweep->axes[i].values);
    }
    sweep->axes_count = 0;
}

static bool fail(char *reason, const char *what, const char *about)
{
    (void)snprintf(reason, SKAD_SIM_REASON_BYTES, "%.40s: %s", about, what);
    return false;
}

static bool add_value(skad_sim_axis *axis, const char *value, size_t len, char *reason)
{
    if (len == 0 || len >= SKAD_SIM_VALUE_BYTES) {
        return fail(reason, "a value of the list is empty or too long", axis->keys);
    }
    if (axis->count == SKAD_SIM_VALUES_MAX) {
        return fail(reason, "more than 256 values", axis->keys);
    }
    axis->values = skad_sim_grow(axis->values, axis->count + 1, sizeof axis->values[0]);
    memcpy(axis->values[axis->count], value, len);
    axis->values[axis->count++][len] = 0;
    return true;
}

static bool add_list(skad_sim_axis *axis, const char *values, char *reason)
{
    for (;;) {
        size_t len = strcspn(values, ",");
        if (!add_value(axis, values, len, reason)) {
            return false;
        }
        if (values[len] == 0) {
            return true;
        }
        values += len + 1;
    }
}

/* Steps are counted, not added up, so that 0:0.9:0.05 ends with 0.9 whatever rounding does. */
static bool add_range(skad_sim_axis *axis, const char *values, char *reason)
{
    double parts[3] = {0};
    char *end = NULL;
    bool good = true;
    for (int i = 0; i < 3 && good; i++) {
        parts[i] = strtod(values, &end);
        good = end != values && *end == (i < 2 ? ':' : 0);
        values = end + 1;
    }
    const double from = parts[0];
    const double to = parts[1];
    const double step = parts[2];
    if (!good || !(step > 0) || !(to >= from)) {
        return fail(reason, "a range is FROM:TO:STEP, upwards", axis->keys);
    }
    double last = floor((to - from) / step + 1e-9);
    if (last >= SKAD_SIM_VALUES_MAX) {
        return fail(reason, "more than 256 values", axis->keys);
    }
    for (int i = 0; i <= (int)last; i++) {
        char text[SKAD_SIM_VALUE_BYTES];
        int len = snprintf(text, sizeof text, "%.9g", from + i * step);
        if (!add_value(axis, text, (size_t)len, reason)) {
            return false;
        }
    }
    return true;
}

/* Sets each of the keys, which blanks separate. */
static bool set_keys(skad_sim_scenario *scenario, const char *keys, const char *value, char *reason)
{
    while (*keys != 0) {
        char key[64];
        size_t len = strcspn(keys, " ");
        if (len >= sizeof key) {
            return fail(reason, "there is no such key", keys);
        }
        memcpy(key, keys, len);
        key[len] = 0;
        if (!skad_sim_scenario_set(scenario, key, value, reason)) {
            return false;
        }
        keys += len + (keys[len] == ' ');
    }
    return true;
}

static void drop_axis(skad_sim_sweep *sweep, const char *keys)
{
    for (size_t i = 0; i < sweep->axes_count; i++) {
        if (strcmp(sweep->axes[i].keys, keys) == 0) {
            free(sweep->axes[i].values);
            sweep->axes_count--;
            memmove(&sweep->axes[i], &sweep->axes[i + 1],
                    (sweep->axes_count - i) * sizeof sweep->axes[0]);
            return;
        }
    }
}

/* Whether a value is one, whatever commas and colons are in it: a path, or a mixture. */
static bool is_single(const char *keys, const char *values)
{
    return strpbrk(values, ",:") == NULL || strstr(keys, "_file") != NULL ||
           (strcmp(keys, "adversary") == 0 && strchr(values, ':') != NULL);
}

static bool add_axis(skad_sim_sweep *sweep, const char *keys, const char *values, bool range,
                     char *reason)
{
    if (sweep->axes_count == SKAD_SIM_AXES_MAX) {
        return fail(reason, "more than 16 lists", keys);
    }
    skad_sim_axis axis = {.keys = keys};
    bool good = range ? add_range(&axis, values, reason) : add_list(&axis, values, reason);
    for (size_t i = 0; good && i < axis.count; i++) {
        skad_sim_scenario probe = sweep->base;
        good = set_keys(&probe, keys, axis.values[i], reason);
    }
    if (!good) {
        free(axis.values);
        return false;
    }
    sweep->axes[sweep->axes_count++] = axis;
    return true;
}

bool skad_sim_sweep_set(skad_sim_sweep *sweep, const char *keys, const char *values,
                        char reason[static SKAD_SIM_REASON_BYTES])
{
    drop_axis(sweep, keys);
    if (is_single(keys, values)) {
        return set_keys(&sweep->base, keys, values, reason);
    }
    return add_axis(sweep, keys, values, strchr(values, ':') != NULL, reason);
}

bool skad_sim_sweep_set_list(skad_sim_sweep *sweep, const char *keys, const char *values,
                             char reason[static SKAD_SIM_REASON_BYTES])
{
    drop_axis(sweep, keys);
    return add_axis(sweep, keys, values, false, reason);
}

size_t skad_sim_sweep_count(const skad_sim_sweep *sweep)
{
    size_t count = 1;
    for (size_t i = 0; i < sweep->axes_count; i++) {
        count *= sweep->axes[i].count;
    }
    return count;
}

bool skad_sim_sweep_at(const skad_sim_sweep *sweep, size_t n, skad_sim_scenario *out,
                       char reason[static SKAD_SIM_REASON_BYTES])
{
    *out = sweep->base;
    for (size_t i = sweep->axes_count; i-- > 0;) {
        const skad_sim_axis *axis = &sweep->axes[i];
        if (!set_keys(out, axis->keys, axis->values[n % axis->count], reason)) {
            return false;
        }
        n /= axis->count;
    }
    return skad_sim_scenario_check(out, reason);
}
