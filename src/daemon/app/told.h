/* Lines of the log about the daemon as a whole. */
#ifndef SKAD_DAEMON_APP_TOLD_H
#define SKAD_DAEMON_APP_TOLD_H

#include "skad/node.h"
#include "src/daemon/health/health.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/daemon/system/log.h"
#include "src/host/net/udp_endpoints.h"

typedef struct skad_told_start {
    const skad_node *node;
    const char *network; /* its name */
    const skad_udp_endpoints *endpoints;
    const char *control_path;
    skad_sandbox sandbox;
} skad_told_start;

/* Who it is, and where it can be reached. */
void skad_told_started(skad_log_to log, const skad_told_start *start);

/* How it is, in one line; started_us: since when the process runs. */
void skad_told_state(skad_log_to log, const skad_node *node, skad_time now, uint64_t started_us);

/* How well it is, for the service manager. */
void skad_told_manager(const skad_health_report *report, const skad_node_stats *stats);

#endif
