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
#include <string.h>

#include <ev.h>

#include "crypto/keys.h"
#include "crypto/random.h"
#include "src/daemon/app/told.h"
#include "src/daemon/control/control.h"
#include "src/daemon/net/joining.h"
#include "src/daemon/net/udp_endpoints.h"
#include "src/daemon/state/nonce_renewal.h"
#include "src/daemon/state/peer_book.h"
#include "src/daemon/state/record_store.h"
#include "src/daemon/system/clock.h"

_Static_assert(SKAD_LISTEN_MAX == SKAD_UDP_ENDPOINTS_MAX, "one for each family");

#define TIMER_S_MIN 5e-4 /* deadlines closer than this are one wakeup */
#define TIMER_S_MAX 60.0 /* an idle node looks at its clocks once a minute */
#define PATIENCE_S  3.0  /* a request to a silent peer times out after as long */

struct skad_daemon {
    skad_daemon_config config;
    skad_profile profile; /* without the key */
    skad_node *node;
    skad_record_store *records;
    skad_store store; /* that of the records */
    skad_time now;
    skad_udp_endpoints endpoints;
    ev_check turn_begins;
    ev_prepare turn_ends;
    ev_timer deadline;
    ev_timer patience; /* old peers may answer until then; afterwards the places are asked */
    skad_method_context context;
    skad_control *control;
    skad_resolver *resolver;
    skad_nonce_renewal *renewal;
    skad_peer_book *peers;
    skad_joining joining;
    skad_log_limit changes; /* of interfaces, while the node has not joined */
};

/* ---- A turn ---- */

static void begin_turn(struct ev_loop *loop, ev_check *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    const skad_time before = daemon->now;
    daemon->now = skad_clock_now();
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
        break;
    case SKAD_EVENT_ISOLATED:
        skad_log(daemon->config.log, SKAD_LOG_WARNING,
                 "isolated: no peer answers any more; trying to rejoin");
        skad_joining_begin(&daemon->joining, skad_peer_book_greet(daemon->peers));
        skad_resolver_start(daemon->resolver);
        break;
    case SKAD_EVENT_ADOPTED:
    case SKAD_EVENT_TWIN:
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
        skad_control_finish(daemon->control, event);
        break;
    }
}

/* Requests that waited for room may start now. They may end at once if no peer has to be asked.
 * Each round takes requests that have come already, so the rounds end. */
static void handle_events(skad_daemon *daemon)
{
    skad_event event;
    while (skad_node_poll_event(daemon->node, &event)) {
        do {
            handle_event(daemon, &event);
        } while (skad_node_poll_event(daemon->node, &event));
        skad_control_resume(daemon->control);
    }
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

/* ---- Joining ---- */

static void on_found(void *user, const skad_address *addresses, size_t count)
{
    skad_daemon *daemon = user;
    skad_status status = skad_node_join(daemon->node, addresses, count, daemon->now);
    if (status != SKAD_OK) {
        skad_log(daemon->config.log, SKAD_LOG_WARNING, "cannot join: %s", skad_status_text(status));
    }
}

static bool set_places(skad_daemon *daemon, const skad_join_point *places, size_t count,
                       skad_failure *failure)
{
    const skad_resolver_config config = {
        .loop = daemon->config.loop,
        .places = places,
        .places_count = count,
        .families = daemon->endpoints.families,
        .allow_private = daemon->config.profile->allow_private,
        .log = daemon->config.log,
        .found = on_found,
        .user = daemon,
    };
    skad_resolver *resolver = NULL;
    skad_status status = skad_resolver_new(&config, &resolver);
    if (status != SKAD_OK) {
        return skad_fail(failure, "cannot join: %s", skad_status_text(status));
    }
    skad_resolver_free(daemon->resolver);
    daemon->resolver = resolver;
    return true;
}

bool skad_daemon_join(skad_daemon *daemon, const skad_join_point *places, size_t count,
                      skad_failure *failure)
{
    if (!set_places(daemon, places, count, failure)) {
        return false;
    }
    ev_timer_stop(daemon->config.loop, &daemon->patience);
    skad_resolver_start(daemon->resolver);
    skad_joining_begin(&daemon->joining, daemon->joining.greets);
    return true;
}

static void on_patience(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_daemon *daemon = watcher->data;
    skad_resolver_start(daemon->resolver);
}

/* All nodes share the bootstrap nodes, so they are not asked while our own old peers may answer. */
static void begin_joining(skad_daemon *daemon)
{
    const bool greets = skad_peer_book_greet(daemon->peers);
    skad_joining_begin(&daemon->joining, greets);
    if (greets) {
        ev_timer_start(daemon->config.loop, &daemon->patience);
    } else {
        skad_resolver_start(daemon->resolver);
    }
}

/* ---- Opening ---- */

static bool open_store(skad_daemon *daemon, skad_failure *failure)
{
    skad_record_store_config config = {
        .loop = daemon->config.loop,
        .path = daemon->config.records_path,
        .caps = daemon->config.caps,
        .profile = daemon->config.profile,
        .now_unix_s = daemon->now.unix_s,
        .log = daemon->config.log,
    };
    if (config.caps.records_max == 0) {
        skad_record_store_default_caps(&config.caps);
    }
    if (!skad_record_store_new(&config, &daemon->records, failure)) {
        return false;
    }
    daemon->store = skad_record_store_store(daemon->records);
    return true;
}

static bool make_node(skad_daemon *daemon, const skad_identity *identity, skad_failure *failure)
{
    if (!open_store(daemon, failure)) {
        return false;
    }
    skad_node_config config = {
        .profile = *daemon->config.profile,
        .identity = identity,
        .store = daemon->store,
        .families = daemon->endpoints.families,
    };
    skad_node_limits_default(&config.limits);
    skad_node_rates_default(&config.profile, &config.rates);
    skad_random_system(config.seed, sizeof config.seed);
    skad_status status = skad_node_new(&config, daemon->now, &daemon->node);
    skad_wipe(config.seed, sizeof config.seed);
    skad_wipe(config.profile.psk, sizeof config.profile.psk);
    return status == SKAD_OK ||
           skad_fail(failure, "cannot make the node: %s", skad_status_text(status));
}

/* Keeps the profile without the pre-shared key, which only the node needs. */
static void keep_profile(skad_daemon *daemon)
{
    daemon->profile = *daemon->config.profile;
    daemon->profile.has_psk = false;
    skad_wipe(daemon->profile.psk, sizeof daemon->profile.psk);
    daemon->config.profile = &daemon->profile;
}

static bool make_helpers(skad_daemon *daemon, const skad_identity *identity, skad_failure *failure)
{
    daemon->context = (skad_method_context){
        .node = daemon->node,
        .store = daemon->store,
        .profile = daemon->config.profile,
        .sockets = daemon->endpoints.sockets,
        .sockets_count = daemon->endpoints.count,
        .started_us = daemon->now.mono_us,
    };
    const skad_control_config control = {
        .loop = daemon->config.loop,
        .path = daemon->config.control_path,
        .context = &daemon->context,
        .now = &daemon->now,
    };
    const skad_nonce_renewal_config renewal = {
        .loop = daemon->config.loop,
        .profile = daemon->config.profile,
        .identity = identity,
        .path = daemon->config.identity_path,
        .node = daemon->node,
        .log = daemon->config.log,
    };
    const skad_peer_book_config peers = {
        .loop = daemon->config.loop,
        .path = daemon->config.peers_path,
        .profile = daemon->config.profile,
        .node = daemon->node,
        .now = &daemon->now,
        .log = daemon->config.log,
    };
    if (skad_nonce_renewal_new(&renewal, &daemon->renewal) != SKAD_OK) {
        return skad_fail(failure, "out of memory");
    }
    /* The control socket comes first: the process that has it has the folder for itself. */
    if (!skad_control_new(&control, &daemon->control, failure)) {
        return false;
    }
    daemon->context.control = daemon->control;
    skad_joining_init(&daemon->joining, &(skad_joining_config){
                                            .loop = daemon->config.loop,
                                            .node = daemon->node,
                                            .now = &daemon->now,
                                            .resolver = &daemon->resolver,
                                            .endpoints = &daemon->endpoints,
                                            .log = daemon->config.log,
                                        });
    daemon->context.joining = &daemon->joining;
    skad_status status = skad_peer_book_new(&peers, &daemon->peers);
    return status == SKAD_OK ||
           skad_fail(failure, "cannot keep peers: %s", skad_status_text(status));
}

static bool make_parts(skad_daemon *daemon, skad_failure *failure)
{
    skad_identity identity;
    if (!daemon->config.identify(daemon->config.user, daemon->config.stop, &identity, failure)) {
        return false;
    }
    /* Making an identity may have taken long. */
    daemon->now = skad_clock_now();
    ev_now_update(daemon->config.loop);
    bool made = make_node(daemon, &identity, failure);
    keep_profile(daemon);
    made = made && make_helpers(daemon, &identity, failure);
    skad_identity_wipe(&identity);
    return made;
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
        !make_parts(daemon, failure) ||
        !set_places(daemon, config->join, config->join_count, failure)) {
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
    begin_joining(daemon);
    /* These were borrowed only for the start. */
    daemon->config.identify = NULL;
    daemon->config.stop = NULL;
    daemon->config.identity_path = NULL;
    daemon->config.peers_path = NULL;
    daemon->config.records_path = NULL;
    daemon->config.control_path = NULL;
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
    skad_joining_end(&daemon->joining);
    skad_peer_book_free(daemon->peers);
    skad_resolver_free(daemon->resolver);
    skad_control_free(daemon->control);
    skad_nonce_renewal_free(daemon->renewal);
    skad_udp_endpoints_close(&daemon->endpoints); /* its workers are at the node */
    skad_node_free(daemon->node);
    skad_record_store_free(daemon->records);
    free(daemon);
}

/* Returns whether the node looks: one that has joined has no reason to. */
static bool look_anew(skad_daemon *daemon)
{
    skad_node_stats stats;
    skad_node_stats_get(daemon->node, daemon->now, &stats);
    if (!stats.joined) {
        skad_joining_begin(&daemon->joining, skad_peer_book_greet(daemon->peers));
        skad_resolver_start(daemon->resolver);
    }
    return !stats.joined;
}

void skad_daemon_refresh(skad_daemon *daemon)
{
    skad_log(daemon->config.log, SKAD_LOG_INFO, "looking anew at what may have changed");
    (void)look_anew(daemon);
}

void skad_daemon_network_changed(skad_daemon *daemon)
{
    uint64_t held = 0;
    if (look_anew(daemon) && skad_log_limit_pass(&daemon->changes, daemon->now.mono_us, &held)) {
        skad_log(daemon->config.log, SKAD_LOG_INFO,
                 "interfaces or addresses of this machine changed: trying to join at once");
    }
}

void skad_daemon_report(const skad_daemon *daemon)
{
    skad_told_state(daemon->config.log, daemon->node, daemon->now, daemon->context.started_us);
}

const skad_address *skad_daemon_address(const skad_daemon *daemon)
{
    return &daemon->endpoints.sockets[0].bound;
}
