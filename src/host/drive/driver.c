/* A turn, and the life of a driver from its first socket to its last. */
#include "src/host/drive/driver.h"

#include <errno.h>
#include <string.h>

#include "crypto/keys.h"
#include "crypto/random.h"
#include "src/host/drive/reports.h"
#include "src/host/system/clock.h"

#define PAUSE_US_MIN 500                  /* deadlines closer than this are one wakeup */
#define SLEEP_US_MIN (5 * SKAD_US_PER_S)  /* a shorter sleep costs no token and no mapping */
#define PAUSE_US_MAX (60 * SKAD_US_PER_S) /* an idle node looks at its clocks once a minute */

static skad_time read_clock(const skad_driver *driver)
{
    return driver->config.clock != NULL ? driver->config.clock(driver->config.user)
                                        : skad_clock_now();
}

/* ---- A turn ---- */

/* One clock stands still while the machine sleeps, the other one goes on. */
static uint64_t time_asleep_us(void)
{
    const uint64_t awake_us = skad_clock_awake_us();
    const uint64_t all_us = skad_clock_now().mono_us;
    return all_us > awake_us ? all_us - awake_us : 0;
}

static void look_for_sleep(skad_driver *driver)
{
    if (!driver->config.interfaces || driver->config.clock != NULL) {
        return;
    }
    const uint64_t asleep_us = time_asleep_us();
    const uint64_t slept_us = asleep_us > driver->asleep_us ? asleep_us - driver->asleep_us : 0;
    driver->asleep_us = asleep_us;
    if (slept_us >= SLEEP_US_MIN && driver->node != NULL) {
        skad_driver_slept(driver, slept_us / SKAD_US_PER_S);
    }
}

skad_time skad_driver_begin(skad_driver *driver)
{
    const skad_time before = *driver->now;
    skad_loop_begin(driver->loop, read_clock(driver));
    skad_report_clock(driver->config.log, before, *driver->now);
    look_for_sleep(driver);
    return before;
}

void skad_driver_dispatch(skad_driver *driver)
{
    skad_loop_dispatch(driver->loop);
}

static void handle_event(skad_driver *driver, const skad_event *event)
{
    switch (event->kind) {
    case SKAD_EVENT_JOINED:
        skad_driver_joined(driver);
        break;
    case SKAD_EVENT_ISOLATED:
        skad_driver_isolated(driver);
        break;
    case SKAD_EVENT_ADOPTED:
    case SKAD_EVENT_TWIN:
        skad_report_event(driver->config.log, event);
        break;
    case SKAD_EVENT_REACHABILITY:
        skad_report_event(driver->config.log, event);
        if (event->u.reachability.verdict == SKAD_REACH_NO) {
            skad_mapping_unreached(driver->mapping, event->u.reachability.family);
        }
        break;
    case SKAD_EVENT_PUZZLE_NEEDED:
        skad_nonce_renewal_start(driver->renewal, event->u.epoch);
        break;
    case SKAD_EVENT_STEP:
    case SKAD_EVENT_CHANGED:
    case SKAD_EVENT_PING:
    case SKAD_EVENT_LOOKUP:
    case SKAD_EVENT_PUT:
    case SKAD_EVENT_GET:
        break;
    }
    driver->config.event(driver->config.user, event);
}

/* Requests that waited for room may start after events. They may end at once if no peer has to be
 * asked. Each round takes requests that have come already, so the rounds end. */
static void handle_events(skad_driver *driver)
{
    skad_event event;
    do {
        while (skad_node_poll_event(driver->node, &event)) {
            handle_event(driver, &event);
        }
    } while (driver->config.resume != NULL && driver->config.resume(driver->config.user));
}

/* Deadlines that have passed already are soon, not at once: then one turn does for many. */
static uint64_t next_deadline(const skad_driver *driver)
{
    const uint64_t now_us = driver->now->mono_us;
    const uint64_t nodes_us = skad_node_deadline(driver->node);
    const uint64_t timers_us = skad_loop_deadline(driver->loop);
    uint64_t next_us = nodes_us < timers_us ? nodes_us : timers_us;
    next_us = next_us < now_us + PAUSE_US_MIN ? now_us + PAUSE_US_MIN : next_us;
    return next_us > now_us + PAUSE_US_MAX ? now_us + PAUSE_US_MAX : next_us;
}

uint64_t skad_driver_end(skad_driver *driver)
{
    if (skad_node_deadline(driver->node) <= driver->now->mono_us) {
        skad_node_tick(driver->node, *driver->now);
    }
    handle_events(driver);
    skad_udp_endpoints_send(&driver->endpoints);
    const uint64_t next_us = next_deadline(driver);
    if (driver->config.clock == NULL) {
        skad_loop_arm(driver->loop, next_us);
    }
    return next_us;
}

/* ---- Opening ---- */

static bool open_store(skad_driver *driver, skad_failure *failure)
{
    skad_record_store_config config = {
        .loop = driver->loop,
        .path = driver->config.records_path,
        .caps = driver->config.caps,
        .file_bytes_max = driver->config.file_bytes_max,
        .profile = driver->config.profile,
        .now_unix_s = driver->now->unix_s,
        .log = driver->config.log,
        .takes_long = driver->config.takes_long,
    };
    if (config.caps.records_max == 0) {
        skad_record_store_default_caps(&config.caps);
    }
    if (!skad_record_store_new(&config, &driver->records, failure)) {
        return false;
    }
    driver->store = skad_record_store_store(driver->records);
    return true;
}

static bool make_node(skad_driver *driver, const skad_identity *identity, skad_failure *failure)
{
    if (!open_store(driver, failure)) {
        return false;
    }
    skad_node_config config = {
        .profile = *driver->config.profile,
        .identity = identity,
        .store = driver->store,
        .families = driver->endpoints.families,
        .role = driver->config.role,
        .finds_reach = true,
        .audit_period_s = driver->config.audit_period_s,
    };
    if (driver->config.limits != NULL) {
        config.limits = *driver->config.limits;
    } else {
        skad_node_limits_default(&config.limits);
    }
    skad_node_rates_default(&config.profile, &config.rates);
    if (driver->config.rates != NULL) {
        driver->config.rates(driver->config.user, &config.rates);
    }
    skad_random_system(config.seed, sizeof config.seed);
    skad_status status = skad_node_new(&config, *driver->now, &driver->node);
    skad_wipe(config.seed, sizeof config.seed);
    skad_wipe(config.profile.psk, sizeof config.profile.psk);
    return status == SKAD_OK ||
           skad_fail(failure, "cannot make the node: %s", skad_status_text(status));
}

/* Keeps the profile without the pre-shared key, which only the node needs. */
static void keep_profile(skad_driver *driver)
{
    driver->profile = *driver->config.profile;
    driver->profile.has_psk = false;
    skad_wipe(driver->profile.psk, sizeof driver->profile.psk);
    driver->config.profile = &driver->profile;
}

static bool make_renewal(skad_driver *driver, const skad_identity *identity, skad_failure *failure)
{
    const skad_nonce_renewal_config config = {
        .loop = driver->loop,
        .profile = driver->config.profile,
        .identity = identity,
        .path = driver->config.identity_path,
        .node = driver->node,
        .percent = driver->config.puzzle_percent,
        .log = driver->config.log,
    };
    return skad_nonce_renewal_new(&config, &driver->renewal) == SKAD_OK ||
           skad_fail(failure, "out of memory");
}

static bool make_mapping(skad_driver *driver, const skad_identity *identity, skad_failure *failure)
{
    const skad_mapping_config config = {
        .loop = driver->loop,
        .endpoints = &driver->endpoints,
        .identity = identity,
        .node = driver->node,
        .log = driver->config.log,
    };
    if (!driver->config.port_mapping || driver->config.role == SKAD_ROLE_CLIENT) {
        return true;
    }
    return skad_mapping_new(&config, &driver->mapping) == SKAD_OK ||
           skad_fail(failure, "out of memory");
}

static bool make_peers(skad_driver *driver, skad_failure *failure)
{
    const skad_peer_book_config config = {
        .loop = driver->loop,
        .path = driver->config.peers_path,
        .profile = driver->config.profile,
        .node = driver->node,
        .now = driver->now,
        .log = driver->config.log,
    };
    const skad_status status = skad_peer_book_new(&config, &driver->peers);
    return status == SKAD_OK ||
           skad_fail(failure, "cannot keep peers: %s", skad_status_text(status));
}

static bool make_parts(skad_driver *driver, skad_failure *failure)
{
    const skad_driver_config *config = &driver->config;
    skad_identity identity;
    if (!config->identify(config->user, config->stop, &identity, failure)) {
        return false;
    }
    /* Making an identity may have taken long. */
    skad_loop_begin(driver->loop, read_clock(driver));
    bool made = make_node(driver, &identity, failure);
    keep_profile(driver);
    made = made && make_renewal(driver, &identity, failure) &&
           make_mapping(driver, &identity, failure);
    skad_joining_init(&driver->joining, &(skad_joining_config){
                                            .loop = driver->loop,
                                            .node = driver->node,
                                            .now = driver->now,
                                            .resolver = &driver->resolver,
                                            .endpoints = &driver->endpoints,
                                            .log = config->log,
                                        });
    made = made && (config->made == NULL || config->made(config->user, driver, &identity, failure));
    skad_identity_wipe(&identity);
    return made && make_peers(driver, failure);
}

static bool make_loop(skad_driver *driver, skad_failure *failure)
{
    const skad_status status = skad_loop_new(&driver->loop);
    if (status != SKAD_OK) {
        return status == SKAD_ERR_IO
                   ? skad_fail(failure, "cannot make an event loop: %s", strerror(errno))
                   : skad_fail(failure, "out of memory");
    }
    driver->now = skad_loop_now(driver->loop);
    skad_loop_begin(driver->loop, read_clock(driver));
    return true;
}

/* What was borrowed only for the opening. */
static void forget_borrowed(skad_driver *driver)
{
    driver->config.identify = NULL;
    driver->config.made = NULL;
    driver->config.stop = NULL;
    driver->config.identity_path = NULL;
    driver->config.peers_path = NULL;
    driver->config.records_path = NULL;
    driver->config.limits = NULL;
    driver->config.listen = NULL;
    driver->config.join = NULL;
}

static bool check_config(const skad_driver_config *config, skad_failure *failure)
{
    return !config->local_discovery || config->profile->allow_private ||
           skad_fail(failure,
                     "local discovery is for networks with private addresses, and the profile '%s' "
                     "has none (allow_private)",
                     config->profile->name);
}

bool skad_driver_open(const skad_driver_config *config, skad_driver *driver, skad_failure *failure)
{
    *driver = (skad_driver){.config = *config, .interfaces.fd = -1};
    driver->endpoints.log = config->log;
    driver->endpoints.interface = config->interface;
    const bool opened = check_config(config, failure) && make_loop(driver, failure) &&
                        skad_join_points_interface(config->join, config->join_count,
                                                   &driver->endpoints.interface, failure) &&
                        skad_udp_endpoints_open(
                            &driver->endpoints, driver->loop, config->listen, config->listen_count,
                            config->peer_sockets ? SKAD_PEER_SOCKETS_MAX : 0, failure) &&
                        make_parts(driver, failure) &&
                        skad_driver_set_points(driver, config->join, config->join_count, failure);
    if (!opened) {
        skad_driver_close(driver);
        return false;
    }
    forget_borrowed(driver);
    return true;
}

/* A thread has written records. */
static void on_settled(void *user)
{
    skad_driver *driver = user;
    skad_node_settle(driver->node, *driver->now);
}

static void on_interfaces(void *user)
{
    const skad_driver *driver = user;
    skad_driver_network_changed(user);
    skad_mapping_changed(driver->mapping);
}

bool skad_driver_start(skad_driver *driver, size_t workers, skad_failure *failure)
{
    skad_record_store_behind(driver->records, on_settled, driver);
    const skad_status status =
        skad_udp_endpoints_start(&driver->endpoints, driver->node, driver->now, workers);
    if (status != SKAD_OK) {
        return skad_fail(failure, "cannot start %zu workers: %s", workers,
                         skad_status_text(status));
    }
    if (driver->config.local_discovery) {
        const skad_local_config local = {
            .loop = driver->loop,
            .node = driver->node,
            .now = driver->now,
            .endpoints = &driver->endpoints,
            .log = driver->config.log,
        };
        skad_local_discovery_start(&driver->local, &local);
    }
    if (driver->config.interfaces) {
        driver->asleep_us = time_asleep_us();
        skad_sources_begin(&driver->sources);
        skad_interfaces_start(&driver->interfaces, driver->loop, on_interfaces, driver);
    }
    skad_mapping_look(driver->mapping);
    skad_driver_begin_joining(driver);
    return true;
}

void skad_driver_close(skad_driver *driver)
{
    if (driver->loop == NULL) {
        return;
    }
    skad_interfaces_stop(&driver->interfaces);
    skad_mapping_free(driver->mapping);
    skad_local_discovery_stop(&driver->local);
    skad_timer_stop(driver->loop, &driver->patience);
    skad_joining_end(&driver->joining);
    skad_peer_book_free(driver->peers);
    skad_resolver_free(driver->resolver);
    skad_nonce_renewal_free(driver->renewal);
    skad_udp_endpoints_close(&driver->endpoints); /* its workers are at the node */
    skad_node_free(driver->node);
    skad_record_store_free(driver->records);
    skad_loop_free(driver->loop);
    *driver = (skad_driver){.loop = NULL};
}
