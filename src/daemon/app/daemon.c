/* The daemon's turn. libev calls the parts of a turn in this order:
 *
 *   check    begin_turn      the driver reads the clocks, once
 *   io                       the driver takes in datagrams; control.c takes requests
 *   prepare  end_turn        the driver does what is due, reports events and sends
 *
 * The driver's descriptor is readable when something has come, and when it has something to do. */
#include "src/daemon/app/daemon.h"

#include <stdlib.h>

#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/app/told.h"
#include "src/host/system/clock.h"
#include "src/host/system/spare.h"

_Static_assert(SKAD_LISTEN_MAX == SKAD_UDP_ENDPOINTS_MAX, "one for each family");

/* ---- A turn ---- */

static void begin_turn(struct ev_loop *loop, ev_check *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    (void)skad_driver_begin(&daemon->driver);
    daemon->turning = true;
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    skad_driver_dispatch(&daemon->driver);
}

void skad_daemon_event(void *user, const skad_event *event)
{
    skad_daemon *daemon = user;
    switch (event->kind) {
    case SKAD_EVENT_JOINED:
        if (daemon->config.joined != NULL) {
            daemon->config.joined(daemon->config.user);
        }
        skad_daemon_notice_event(daemon, event);
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
    case SKAD_EVENT_ISOLATED:
    case SKAD_EVENT_TWIN:
        skad_daemon_notice_event(daemon, event);
        break;
    case SKAD_EVENT_ADOPTED:
    case SKAD_EVENT_PUZZLE_NEEDED:
    case SKAD_EVENT_REACHABILITY:
        break;
    }
}

bool skad_daemon_resume(void *user)
{
    const skad_daemon *daemon = user;
    return skad_control_resume(daemon->control);
}

/* Before its first turn a loop has only an end. */
static void measure_turn(skad_daemon *daemon)
{
    if (daemon->turning) {
        daemon->turning = false;
        skad_histogram_add(&daemon->durations.turn,
                           skad_clock_now().mono_us - daemon->driver.now->mono_us);
    }
}

static void end_turn(struct ev_loop *loop, ev_prepare *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    (void)skad_driver_end(&daemon->driver);
    measure_turn(daemon);
}

/* ---- Life ---- */

static void init_watchers(skad_daemon *daemon)
{
    ev_check_init(&daemon->turn_begins, begin_turn);
    ev_set_priority(&daemon->turn_begins, EV_MAXPRI); /* before all that uses the time */
    ev_prepare_init(&daemon->turn_ends, end_turn);
    ev_init(&daemon->ready, on_ready);
    daemon->turn_begins.data = daemon;
    daemon->turn_ends.data = daemon;
    daemon->ready.data = daemon;
}

/* Watchers start last: a thread that runs already would stay outside the sandbox. */
static bool start(skad_daemon *daemon, skad_failure *failure)
{
    struct ev_loop *loop = daemon->config.loop;
    const int wanted = daemon->config.workers;
    const size_t workers = wanted < 0 ? skad_workers_default() : (size_t)wanted;

    ev_check_start(loop, &daemon->turn_begins);
    ev_prepare_start(loop, &daemon->turn_ends);
    ev_io_set(&daemon->ready, skad_loop_fd(daemon->driver.loop), EV_READ);
    ev_io_start(loop, &daemon->ready);
    if (!skad_driver_start(&daemon->driver, workers, failure)) {
        return false;
    }
    daemon->context.workers = daemon->driver.endpoints.workers;
    daemon->context.local = &daemon->driver.local;
    return true;
}

static void tell_start(const skad_daemon *daemon)
{
    const skad_told_start start = {
        .node = daemon->driver.node,
        .network = daemon->driver.profile.name,
        .endpoints = &daemon->driver.endpoints,
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
    init_watchers(daemon);
    if (!skad_daemon_make_parts(daemon, failure)) {
        skad_daemon_free(daemon);
        return false;
    }
    if (config->sandbox != NULL) {
        daemon->context.sandbox = skad_sandbox_enter(config->sandbox);
    }
    tell_start(daemon);
    if (!start(daemon, failure)) {
        skad_daemon_free(daemon);
        return false;
    }
    skad_daemon_pulse_start(daemon);
    skad_daemon_watchdog_start(daemon);
    /* These were borrowed only for the start. */
    daemon->config.profile = NULL;
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
    ev_io_stop(loop, &daemon->ready);
    skad_daemon_pulse_stop(daemon);
    skad_daemon_watchdog_stop(daemon);
    skad_metrics_server_free(daemon->metrics);
    skad_control_free(daemon->control);
    skad_driver_close(&daemon->driver);
    free(daemon);
}

/* ---- While it runs ---- */

bool skad_daemon_join(skad_daemon *daemon, const skad_join_point *places, size_t count,
                      skad_failure *failure)
{
    return skad_driver_join(&daemon->driver, places, count, failure);
}

void skad_daemon_refresh(skad_daemon *daemon)
{
    skad_log(daemon->config.log, SKAD_LOG_INFO, "looking anew at what may have changed");
    skad_driver_refresh(&daemon->driver);
}

/* Link-local addresses are at the interface that the sockets were opened for. */
static bool check_interface(const skad_daemon *daemon, const skad_daemon_change *change,
                            skad_failure *failure)
{
    const uint32_t opened = daemon->driver.endpoints.interface;
    uint32_t interface = opened;
    if (!skad_join_points_interface(change->join, change->join_count, &interface, failure)) {
        return false;
    }
    return interface == opened ||
           skad_fail(failure, "join: a link-local address needs a new start");
}

static bool change_points(skad_daemon *daemon, const skad_daemon_change *change,
                          skad_failure *failure)
{
    skad_driver *driver = &daemon->driver;
    if (!check_interface(daemon, change, failure)) {
        return false;
    }
    return skad_driver_is_joined(driver)
               ? skad_driver_set_points(driver, change->join, change->join_count, failure)
               : skad_driver_join(driver, change->join, change->join_count, failure);
}

bool skad_daemon_change_to(skad_daemon *daemon, const skad_daemon_change *change,
                           skad_failure *failure)
{
    if (change->join != NULL && !change_points(daemon, change, failure)) {
        return false;
    }
    if (change->caps != NULL) {
        *change->caps_refused = !skad_record_store_resize(daemon->driver.records, change->caps);
    }
    return true;
}

void skad_daemon_spare(skad_daemon *daemon)
{
    skad_workers_spare(daemon->driver.endpoints.workers);
    skad_spare_memory();
}

void skad_daemon_report(const skad_daemon *daemon)
{
    skad_told_state(daemon->config.log, daemon->driver.node, *daemon->driver.now,
                    daemon->context.started_us);
}

skad_loop *skad_daemon_loop(const skad_daemon *daemon)
{
    return daemon->driver.loop;
}

const skad_address *skad_daemon_address(const skad_daemon *daemon)
{
    return &daemon->driver.endpoints.sockets[0].bound;
}
