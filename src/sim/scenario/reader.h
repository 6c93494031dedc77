/* Scenario files: lines of `key = value`, each key at most once; "#" begins a comment. */
#ifndef SKAD_SIM_SCENARIO_READER_H
#define SKAD_SIM_SCENARIO_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "src/sim/scenario/scenario.h"

/* Reads a file; its values replace those of the scenario. False: *reason names the line. */
bool skad_sim_scenario_read(skad_sim_scenario *scenario, const char *path,
                            char reason[static SKAD_SIM_REASON_BYTES]);

/* The same from memory: `len` bytes, zero-terminated behind them, taken apart on the way. */
bool skad_sim_scenario_parse(skad_sim_scenario *scenario, char *text, size_t len,
                             char reason[static SKAD_SIM_REASON_BYTES]);

#endif
