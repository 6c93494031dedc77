/* The result of the method `health`. */
#ifndef SKAD_DAEMON_CONTROL_HEALTH_RESULT_H
#define SKAD_DAEMON_CONTROL_HEALTH_RESULT_H

#include "proto/writer.h"
#include "src/daemon/health/health.h"

/* Writes the verdict, the reasons for it, and each check. NULL: a node without samples. */
void skad_health_result(const skad_health *health, skad_writer *writer);

/* Writes the key `reasons`: "joined: no peer ..." of each check that is not ok, the worst first. */
void skad_health_reasons(const skad_health_report *report, skad_writer *writer);

#endif
