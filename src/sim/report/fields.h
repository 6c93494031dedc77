/* The figures of an outcome, one row each: where it is, what it is called in result files, and what
 * it means. Result files, their schema, and the figures of an interval are all made from these
 * rows, so that none of them can forget one. */
#ifndef SKAD_SIM_REPORT_FIELDS_H
#define SKAD_SIM_REPORT_FIELDS_H

#include "src/sim/experiment/outcome.h"

typedef enum skad_sim_field_type {
    SKAD_SIM_FIELD_COUNT,     /* uint64_t */
    SKAD_SIM_FIELD_COUNT32,   /* uint32_t */
    SKAD_SIM_FIELD_REAL,      /* double */
    SKAD_SIM_FIELD_FLAG,      /* bool */
    SKAD_SIM_FIELD_COUNTS,    /* uint64_t [length] */
    SKAD_SIM_FIELD_COUNTS16,  /* uint16_t [length] */
    SKAD_SIM_FIELD_HISTOGRAM, /* uint32_t [length], mostly zeros */
} skad_sim_field_type;

typedef enum skad_sim_field_kind {
    SKAD_SIM_CUMULATIVE, /* since the measured time began: an interval has the difference */
    SKAD_SIM_STATE,      /* as it is at that moment */
} skad_sim_field_kind;

typedef struct skad_sim_field {
    const char *section; /* "lookups" */
    const char *name;
    const char *about;
    size_t place; /* in skad_sim_outcome */
    size_t length;
    skad_sim_field_type type;
    skad_sim_field_kind kind;
} skad_sim_field;

/* Row n; NULL behind the last. Rows of one section follow each other. */
const skad_sim_field *skad_sim_field_at(size_t n);

/* Adds all figures of one outcome to those of another, states as well; prefixes stay as they are.
 */
void skad_sim_outcome_add(skad_sim_outcome *sum, const skad_sim_outcome *one);

/* Makes of a cumulative outcome that of the interval since an earlier one of the same experiment.
 */
void skad_sim_outcome_since(skad_sim_outcome *outcome, const skad_sim_outcome *before);

#endif
