/* What a daemon is made of, for the files of this room: daemon.c begins, turns and ends it,
 * daemon_open.c makes its parts. */
#ifndef SKAD_DAEMON_APP_DAEMON_INSIDE_H
#define SKAD_DAEMON_APP_DAEMON_INSIDE_H

#include <ev.h>

#include "src/daemon/app/ban_changes.h"
#include "src/daemon/app/changes.h"
#include "src/daemon/app/daemon.h"
#include "src/daemon/control/control.h"
#include "src/daemon/health/health.h"
#include "src/daemon/metrics/metrics_server.h"
#include "src/host/drive/driver.h"
#include "src/host/net/drain.h"

#define SKAD_PULSE_ASKED 8 /* signs of life that may be awaited at once */

/* What health goes by beside the counters of the parts. */
typedef struct skad_pulse {
    skad_health health;
    ev_timer timer;
    uint64_t answered_us; /* when a peer answered last; 0: none did */
    uint64_t probed_us;   /* when one was asked for a sign of life last; 0: none was */
    unsigned probes;      /* since the last answer */
    size_t next;          /* which peer is asked next */
    skad_op asked[SKAD_PULSE_ASKED];
    size_t asked_next;
    uint64_t ended_well;  /* lookups, puts and gets */
    uint64_t ended_badly; /* that timed out */
} skad_pulse;

/* What subscribers to events were told last. */
typedef struct skad_noticed {
    skad_ban_changes bans;
    skad_health_verdict verdict;
    bool store_failing;
} skad_noticed;

struct skad_daemon {
    skad_daemon_config config;
    skad_driver driver;
    ev_check turn_begins;
    ev_prepare turn_ends;
    ev_io ready; /* the driver has something to do */
    skad_method_context context;
    skad_control *control;
    skad_pulse pulse;
    skad_changes changed;
    skad_noticed noticed;
    skad_durations durations;
    bool turning;                 /* a turn has begun */
    skad_metrics_server *metrics; /* NULL: off */
    ev_timer watchdog;
    skad_drain drain;
    skad_log_limit stuck; /* ports that are not drained */
};

/* Opens the driver, and what the daemon has besides. */
bool skad_daemon_make_parts(skad_daemon *daemon, skad_failure *failure);

/* Hands an event of the node on; then those who wait for room. */
void skad_daemon_event(void *user, const skad_event *event);
bool skad_daemon_resume(void *user);

/* Begins and ends to take samples of the node's health. */
void skad_daemon_pulse_start(skad_daemon *daemon);
void skad_daemon_pulse_stop(skad_daemon *daemon);
/* An operation has ended. True if it was a sign of life that was asked for here. */
bool skad_daemon_pulse_event(skad_daemon *daemon, const skad_event *event);

/* Tell subscribers: of an event of the node (JOINED, ISOLATED, TWIN), of what a sample shows. */
void skad_daemon_notice_event(skad_daemon *daemon, const skad_event *event);
void skad_daemon_notice_sample(skad_daemon *daemon, const skad_health_report *health,
                               const skad_node_stats *stats);

/* Begins and ends to feed the service manager's watchdog, if it has one. */
void skad_daemon_watchdog_start(skad_daemon *daemon);
void skad_daemon_watchdog_stop(skad_daemon *daemon);

#endif
