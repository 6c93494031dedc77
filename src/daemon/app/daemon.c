/* The driver. libev calls the parts of a turn in this order:
 *
 *   check    begin_turn      the clocks are read, once
 *   io                       datagrams go into the node, at once or by way of workers
 *                            (udp_endpoints.c); requests do, too (control.c)
 *   prepare  end_turn        what is due; events; datagrams out; the timer until the next deadline
 *
 * The timer itself only wakes the loop. */
#include "src/daemon/app/daemon.h"

#include <stdlib.h>

#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/app/told.h"
#include "src/daemon/system/clock.h"
#include "src/daemon/system/spare.h"

_Static_assert(SKAD_LISTEN_MAX == SKAD_UDP_ENDPOINTS_MAX, "one for each family");

#define TIMER_S_MIN 5e-4 /* deadlines closer than this are one wakeup */
#define TIMER_S_MAX 60.0 /* an idle node looks at its clocks once a minute */
#define PATIENCE_S  3.0  /* a request to a silent peer times out after as long */

/* ---- A turn ---- */

static void begin_turn(struct ev_loop *loop, ev_check *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    const skad_time before = daemon->now;
    daemon->now = skad_clock_now();
    daemon->turning = true;
    skad_told_clock(daemon->config.log, before, daemon->now);
}

static void on_joined(skad_daemon *daemon)
{
    skad_node_stats stats;
    skad_node_stats_get(daemon->node, daemon->now, &stats);
    skad_log(daemon->config.log, SKAD_LOG_INFO, "joined: %u peers", stats.peers);
    ev_timer_stop(daemon->config.loop, &daemon->patience);
    skad_resolver_stop(daemon->resolver);
    skad_peer_book_joined(daemon->peers);
    skad_joining_end(&daemon->joining);
    if (daemon->config.joined != NULL) {
        daemon->config.joined(daemon->config.user);
    }
}

static void handle_event(skad_daemon *daemon, const skad_event *event)
{
    switch (event->kind) {
    case SKAD_EVENT_JOINED:
        on_joined(daemon);
        skad_daemon_notice_event(daemon, event);
        break;
    case SKAD_EVENT_ISOLATED:
        skad_log(daemon->config.log, SKAD_LOG_WARNING,
                 "isolated: no peer answers any more; trying to rejoin");
        skad_joining_begin(&daemon->joining, skad_peer_book_greet(daemon->peers));
        skad_resolver_start(daemon->resolver);
        skad_daemon_notice_event(daemon, event);
        break;
    case SKAD_EVENT_TWIN:
        skad_daemon_notice_event(daemon, event);
        skad_told_event(daemon->config.log, event);
        break;
    case SKAD_EVENT_ADOPTED:
        skad_told_event(daemon->config.log, event);
        break;
    case SKAD_EVENT_PUZZLE_NEEDED:
        skad_nonce_renewal_start(daemon->renewal, event->u.epoch);
        break;
    case SKAD_EVENT_STEP:
        skad_control_step(daemon->control, event);
        break;
    case SKAD_EVENT_CHANGED:
        skad_control_changed(daemon->control, event);
        break;
    case SKAD_EVENT_PING:
    case SKAD_EVENT_LOOKUP:
    case SKAD_EVENT_PUT:
    case SKAD_EVENT_GET:
        if (!skad_daemon_pulse_event(daemon, event)) {
            skad_control_finish(daemon->control, event);
        }
        break;
    }
}

/* Requests that waited for room may start now. They may end at once if no peer has to be asked.
 * Each round takes requests that have come already, so the rounds end. */
static void handle_events(skad_daemon *daemon)
{
    skad_event event;
    do {
        while (skad_node_poll_event(daemon->node, &event)) {
            handle_event(daemon, &event);
        }
    } while (skad_control_resume(daemon->control));
}

static void arm_timer(skad_daemon *daemon)
{
    uint64_t deadline_us = skad_node_deadline(daemon->node);
    uint64_t now_us = daemon->now.mono_us;
    double after_s = TIMER_S_MAX;
    if (deadline_us <= now_us) {
        after_s = TIMER_S_MIN;
    } else if (deadline_us - now_us < (uint64_t)TIMER_S_MAX * SKAD_US_PER_S) {
        after_s = (double)(deadline_us - now_us) / (double)SKAD_US_PER_S;
        after_s = after_s < TIMER_S_MIN ? TIMER_S_MIN : after_s;
    }
    ev_timer_stop(daemon->config.loop, &daemon->deadline);
    ev_timer_set(&daemon->deadline, after_s, 0.);
    ev_timer_start(daemon->config.loop, &daemon->deadline);
}

/* Before its first turn a loop has only an end. */
static void measure_turn(skad_daemon *daemon)
{
    if (daemon->turning) {
        daemon->turning = false;
        skad_histogram_add(&daemon->durations.turn, skad_clock_now().mono_us - daemon->now.mono_us);
    }
}

static void end_turn(struct ev_loop *loop, ev_prepare *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    if (skad_node_deadline(daemon->node) <= daemon->now.mono_us) {
        skad_node_tick(daemon->node, daemon->now);
    }
    handle_events(daemon);
    skad_udp_endpoints_send(&daemon->endpoints);
    arm_timer(daemon);
    measure_turn(daemon);
}

static void on_deadline(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)watcher;
    (void)revents;
}

/* A thread has written records. */
static void on_settled(void *user)
{
    skad_daemon *daemon = user;
    skad_node_settle(daemon->node, daemon->now);
}

/* ---- Life ---- */

static void on_patience(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    skad_resolver_start(daemon->resolver);
}

static bool start_watchers(skad_daemon *daemon, skad_failure *failure)
{
    struct ev_loop *loop = daemon->config.loop;
    int wanted = daemon->config.workers;
    size_t workers = wanted < 0 ? skad_workers_default() : (size_t)wanted;

    ev_check_start(loop, &daemon->turn_begins);
    ev_prepare_start(loop, &daemon->turn_ends);
    skad_status status =
        skad_udp_endpoints_start(&daemon->endpoints, daemon->node, &daemon->now, workers);
    daemon->context.workers = daemon->endpoints.workers;
    return status == SKAD_OK ||
           skad_fail(failure, "cannot start %zu workers: %s", workers, skad_status_text(status));
}

static void init_watchers(skad_daemon *daemon)
{
    ev_check_init(&daemon->turn_begins, begin_turn);
    ev_set_priority(&daemon->turn_begins, EV_MAXPRI); /* before all that uses the time */
    ev_prepare_init(&daemon->turn_ends, end_turn);
    ev_timer_init(&daemon->deadline, on_deadline, 0., 0.);
    ev_timer_init(&daemon->patience, on_patience, PATIENCE_S, 0.);
    daemon->turn_begins.data = daemon;
    daemon->turn_ends.data = daemon;
    daemon->patience.data = daemon;
}

static void tell_start(const skad_daemon *daemon)
{
    const skad_told_start start = {
        .node = daemon->node,
        .network = daemon->config.profile->name,
        .endpoints = &daemon->endpoints,
        .control_path = daemon->config.control_path,
        .sandbox = daemon->context.sandbox,
    };
    skad_told_started(daemon->config.log, &start);
}

bool skad_daemon_new(const skad_daemon_config *config, skad_daemon **out, skad_failure *failure)
{
    skad_daemon *daemon = calloc(1, sizeof *daemon);
    if (daemon == NULL) {
        return skad_fail(failure, "out of memory");
    }
    daemon->config = *config;
    daemon->now = skad_clock_now();
    init_watchers(daemon);
    daemon->endpoints.log = config->log;
    daemon->endpoints.interface = config->interface;
    if (!skad_join_points_interface(config->join, config->join_count, &daemon->endpoints.interface,
                                    failure) ||
        !skad_udp_endpoints_open(&daemon->endpoints, config->loop, config->listen,
                                 config->listen_count,
                                 config->peer_sockets ? SKAD_PEER_SOCKETS_MAX : 0, failure) ||
        !skad_daemon_make_parts(daemon, failure) ||
        !skad_daemon_set_places(daemon, config->join, config->join_count, failure)) {
        skad_daemon_free(daemon);
        return false;
    }
    if (config->sandbox != NULL) {
        daemon->context.sandbox = skad_sandbox_enter(config->sandbox);
    }
    skad_record_store_behind(daemon->records, on_settled, daemon);
    /* Watchers start last: a thread that runs already would stay outside the sandbox. */
    if (!start_watchers(daemon, failure)) {
        skad_daemon_free(daemon);
        return false;
    }
    tell_start(daemon);
    skad_daemon_begin_joining(daemon);
    skad_daemon_pulse_start(daemon);
    skad_daemon_watchdog_start(daemon);
    /* These were borrowed only for the start. */
    daemon->config.identify = NULL;
    daemon->config.stop = NULL;
    daemon->config.identity_path = NULL;
    daemon->config.peers_path = NULL;
    daemon->config.records_path = NULL;
    daemon->config.control_path = NULL;
    daemon->config.control_rights = NULL;
    daemon->config.monitor = NULL;
    daemon->config.metrics = NULL;
    daemon->config.sandbox = NULL;
    daemon->config.listen = NULL;
    daemon->config.join = NULL;
    *out = daemon;
    return true;
}

void skad_daemon_free(skad_daemon *daemon)
{
    if (daemon == NULL) {
        return;
    }
    struct ev_loop *loop = daemon->config.loop;
    ev_check_stop(loop, &daemon->turn_begins);
    ev_prepare_stop(loop, &daemon->turn_ends);
    ev_timer_stop(loop, &daemon->deadline);
    ev_timer_stop(loop, &daemon->patience);
    skad_daemon_pulse_stop(daemon);
    skad_daemon_watchdog_stop(daemon);
    skad_joining_end(&daemon->joining);
    skad_peer_book_free(daemon->peers);
    skad_resolver_free(daemon->resolver);
    skad_metrics_server_free(daemon->metrics);
    skad_control_free(daemon->control);
    skad_nonce_renewal_free(daemon->renewal);
    skad_udp_endpoints_close(&daemon->endpoints); /* its workers are at the node */
    skad_node_free(daemon->node);
    skad_record_store_free(daemon->records);
    free(daemon);
}

void skad_daemon_spare(skad_daemon *daemon)
{
    skad_workers_spare(daemon->endpoints.workers);
    skad_spare_memory();
}

void skad_daemon_report(const skad_daemon *daemon)
{
    skad_told_state(daemon->config.log, daemon->node, daemon->now, daemon->context.started_us);
}

const skad_address *skad_daemon_address(const skad_daemon *daemon)
{
    return &daemon->endpoints.sockets[0].bound;
}
