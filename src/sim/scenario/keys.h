/* The keys of a scenario. One table of rows is the list of keys, their ranges, and their
 * documentation (docs/scenarios/README.md is printed from it by `skad sim keys`). */
#ifndef SKAD_SIM_SCENARIO_KEYS_H
#define SKAD_SIM_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/sim/scenario/scenario.h"

#define SKAD_SIM_ROWS_MAX    128
#define SKAD_SIM_RANGE_BYTES 640 /* the names of all attacks */

/* The row of a key; SKAD_SIM_ROWS_MAX where there is none of that name. */
size_t skad_sim_scenario_find(const char *key);

/* A key by its first `len` bytes, static storage; NULL: there is none of that name. */
const char *skad_sim_scenario_key(const char *name, size_t len);

/* Sets one key. False: *reason says why, in one line. */
bool skad_sim_scenario_set(skad_sim_scenario *scenario, const char *key, const char *value,
                           char reason[static SKAD_SIM_REASON_BYTES]);

/* Rows in their order, for documentation and reports: `key`, its value as text, its range, what it
 * is. False behind the last. */
typedef struct skad_sim_row_text {
    const char *key;
    const char *about;
    char value[SKAD_SIM_PATH_MAX];
    char range[SKAD_SIM_RANGE_BYTES];
    bool number; /* as JSON: a number, else a string */
} skad_sim_row_text;

bool skad_sim_scenario_row(const skad_sim_scenario *scenario, size_t row, skad_sim_row_text *out);

#endif
