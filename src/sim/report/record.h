/* Scenarios, settings and outcomes as JSON (RFC 8259), and outcomes back from it: what result files
 * are made of. */
#ifndef SKAD_SIM_REPORT_RECORD_H
#define SKAD_SIM_REPORT_RECORD_H

#include <jansson.h>
#include <stdio.h>

#include "src/sim/report/fields.h"
#include "src/sim/scenario/sweep.h"

/* The version of result files and of what --json prints. Raise it whenever a field changes its
 * meaning or goes; new fields do not need it. */
#define SKAD_SIM_FORMAT 1

/* The whole scenario as an object. */
json_t *skad_sim_record_scenario(const skad_sim_scenario *scenario);
/* Sets each key of the object that is there; false, with a reason, if one cannot be. */
bool skad_sim_record_read_scenario(json_t *object, skad_sim_scenario *out,
                                   char reason[static SKAD_SIM_REASON_BYTES]);

/* Whether a sweep changes a key; and the values of all such keys, as an object. */
bool skad_sim_record_is_swept(const skad_sim_sweep *sweep, const char *key);
json_t *skad_sim_record_swept(const skad_sim_sweep *sweep, const skad_sim_scenario *scenario);

/* An outcome, by sections, as in fields.h. */
json_t *skad_sim_record_outcome(const skad_sim_outcome *outcome);
/* False where a field is missing or is not what it should be. */
bool skad_sim_record_read_outcome(const json_t *object, skad_sim_outcome *out);

/* Writes it on one line, with a newline, and frees it. */
void skad_sim_record_write(FILE *out, json_t *object);

/* Adds a member; memory that is not there ends the program. */
void skad_sim_record_add(json_t *object, const char *name, json_t *value);

#endif
