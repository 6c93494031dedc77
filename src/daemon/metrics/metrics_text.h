/* All figures of a daemon for Prometheus: what `status` and `health` tell, and how long things
 * took. The names are stable; docs/metrics.md lists them. */
#ifndef SKAD_DAEMON_METRICS_METRICS_TEXT_H
#define SKAD_DAEMON_METRICS_METRICS_TEXT_H

#include "src/daemon/control/methods.h"
#include "src/daemon/metrics/exposition.h"

void skad_metrics_text(const skad_method_context *context, skad_time now, skad_exposition *out);

#endif
