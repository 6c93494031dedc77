/* Lines of the log about the daemon as a whole. */
#ifndef SKAD_DAEMON_APP_TOLD_H
#define SKAD_DAEMON_APP_TOLD_H

#include "skad/node.h"
#include "src/daemon/health/health.h"
#include "src/daemon/net/udp_endpoints.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/daemon/system/log.h"

typedef struct skad_told_start {
    const skad_node *node;
    const char *network; /* its name */
    const skad_udp_endpoints *endpoints;
    const char *control_path;
    skad_sandbox sandbox;
} skad_told_start;

/* Who it is, and where it can be reached. */
void skad_told_started(skad_log_level log, const skad_told_start *start);

/* Another node has its identity (TWIN), or the network has a newer edition of what it publishes
 * (ADOPTED); nothing of other events. */
void skad_told_event(skad_log_level log, const skad_event *event);

/* The wall clock was set by more than a minute between two times; nothing otherwise. */
void skad_told_clock(skad_log_level log, skad_time before, skad_time now);

/* How it is, in one line; started_us: since when the process runs. */
void skad_told_state(skad_log_level log, const skad_node *node, skad_time now, uint64_t started_us);

/* How well it is, for the service manager. */
void skad_told_manager(const skad_health_report *report, const skad_node_stats *stats);

#endif
