/* Why holders refuse a record, in words for people: one table for all error codes of the wire. */
#ifndef SKAD_DAEMON_CONTROL_REFUSALS_H
#define SKAD_DAEMON_CONTROL_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "skad/event.h"
#include "src/host/system/failure.h"

/* The name of a code in results: that of the wire, or "unknown" for codes that this version
 * does not know (0). */
const char *skad_refusals_name(size_t code);

/* The reasons and how often each was given: "14 older (they hold sequence 9), 2 full (no room
 * left)"; empty if no holder refused. */
void skad_refusals_list(const uint64_t refusals[static SKAD_REFUSALS], uint64_t sequence_seen,
                        skad_failure *out);

/* Explains why a put failed that no holder took, or too few. */
void skad_refusals_explain(const skad_put_report *report, skad_failure *out);

#endif
