/* The JSON Schema (draft 2020-12) of result files and of what --json prints. It is made from the
 * rows that make these (fields.h, measures.h, keys.h), and allows no field that it does not
 * describe. */
#ifndef SKAD_SIM_REPORT_SCHEMA_H
#define SKAD_SIM_REPORT_SCHEMA_H

#include <jansson.h>

json_t *skad_sim_schema(void);

#endif
