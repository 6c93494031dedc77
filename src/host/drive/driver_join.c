/* How a node comes into its network, and looks for it anew. */
#include "src/host/drive/driver.h"

#include <inttypes.h>

#define PATIENCE_US (3 * SKAD_US_PER_S) /* a request to a silent peer times out after as long */

static void on_found(void *user, const skad_address *addresses, size_t count)
{
    skad_driver *driver = user;
    const skad_status status = skad_node_join(driver->node, addresses, count, *driver->now);
    if (status != SKAD_OK) {
        skad_log(driver->config.log, SKAD_LOG_WARNING, "cannot join: %s", skad_status_text(status));
    }
}

bool skad_driver_set_points(skad_driver *driver, const skad_join_point *points, size_t count,
                            skad_failure *failure)
{
    const skad_resolver_config config = {
        .loop = driver->loop,
        .places = points,
        .places_count = count,
        .families = driver->endpoints.families,
        .allow_private = driver->config.profile->allow_private,
        .log = driver->config.log,
        .found = on_found,
        .user = driver,
    };
    skad_resolver *resolver = NULL;
    const skad_status status = skad_resolver_new(&config, &resolver);
    if (status != SKAD_OK) {
        return skad_fail(failure, "cannot join: %s", skad_status_text(status));
    }
    skad_resolver_free(driver->resolver);
    driver->resolver = resolver;
    return true;
}

bool skad_driver_join(skad_driver *driver, const skad_join_point *points, size_t count,
                      skad_failure *failure)
{
    if (!skad_driver_set_points(driver, points, count, failure)) {
        return false;
    }
    skad_timer_stop(driver->loop, &driver->patience);
    skad_resolver_start(driver->resolver);
    skad_joining_begin(&driver->joining, driver->joining.greets);
    return true;
}

/* Peers had time to answer: of an earlier run, or from before the machine moved. */
static void on_patience(void *user)
{
    skad_driver *driver = user;
    if (skad_driver_is_joined(driver)) {
        skad_resolver_stop(driver->resolver);
    } else {
        skad_resolver_start(driver->resolver);
    }
}

/* All nodes share the bootstrap nodes, so these are not asked while our own old peers may answer.
 */
void skad_driver_begin_joining(skad_driver *driver)
{
    const bool greets = skad_peer_book_greet(driver->peers);
    driver->patience = (skad_timer){.due = on_patience, .user = driver};
    skad_joining_begin(&driver->joining, greets);
    if (greets) {
        skad_timer_start(driver->loop, &driver->patience, PATIENCE_US);
    } else {
        skad_resolver_start(driver->resolver);
    }
}

/* The ways to some peers tell when this machine moves. */
static void note_sources(skad_driver *driver)
{
    skad_table_row rows[2 * SKAD_SOURCES_MAX];
    skad_contact peers[2 * SKAD_SOURCES_MAX];
    const size_t max = sizeof rows / sizeof rows[0];
    const size_t all = skad_node_table(driver->node, *driver->now, rows, max);
    const size_t count = all < max ? all : max;
    for (size_t i = 0; i < count; i++) {
        peers[i] = rows[i].contact;
    }
    skad_sources_note(&driver->sources, peers, count);
}

void skad_driver_joined(skad_driver *driver)
{
    skad_node_stats stats;
    skad_node_stats_get(driver->node, *driver->now, &stats);
    skad_log(driver->config.log, SKAD_LOG_INFO, "joined: %u peers", stats.peers);
    skad_timer_stop(driver->loop, &driver->patience);
    skad_resolver_stop(driver->resolver);
    skad_peer_book_joined(driver->peers);
    if (driver->config.interfaces) {
        note_sources(driver);
    }
    skad_joining_end(&driver->joining);
}

static void look(skad_driver *driver)
{
    skad_joining_begin(&driver->joining, skad_peer_book_greet(driver->peers));
    skad_resolver_start(driver->resolver);
}

void skad_driver_isolated(skad_driver *driver)
{
    skad_log(driver->config.log, SKAD_LOG_WARNING,
             "isolated: no peer answers any more; trying to rejoin");
    look(driver);
}

bool skad_driver_is_joined(const skad_driver *driver)
{
    skad_node_stats stats;
    skad_node_stats_get(driver->node, *driver->now, &stats);
    return stats.joined;
}

void skad_driver_refresh(skad_driver *driver)
{
    if (!skad_driver_is_joined(driver)) {
        look(driver);
    }
}

static const char *family_text(unsigned families)
{
    if (families == SKAD_FAMILIES_ALL) {
        return "IPv4 and IPv6";
    }
    return families == SKAD_FAMILY_IPV4 ? "IPv4" : "IPv6";
}

/* A node that has joined asks its peers; the join points are asked as well, since the old peers may
 * be out of reach. */
static void move(skad_driver *driver, unsigned families)
{
    skad_udp_endpoints_moved(&driver->endpoints);
    note_sources(driver);
    skad_node_moved(driver->node, families, *driver->now);
    if (skad_driver_is_joined(driver)) {
        skad_resolver_start(driver->resolver);
        skad_timer_start(driver->loop, &driver->patience, PATIENCE_US);
    }
}

void skad_driver_network_changed(skad_driver *driver)
{
    uint64_t held = 0;
    const bool joined = skad_driver_is_joined(driver);
    const unsigned families =
        skad_sources_changed(&driver->sources) & (unsigned)driver->endpoints.families;
    skad_local_discovery_changed(&driver->local);
    if (families != 0) {
        move(driver, families);
    }
    if (!joined) {
        look(driver);
    }
    if ((families != 0 || !joined) &&
        skad_log_limit_pass(&driver->changes, driver->now->mono_us, &held)) {
        skad_log(driver->config.log, SKAD_LOG_INFO,
                 families == 0 ? "interfaces or addresses of this machine changed: trying to join "
                                 "at once"
                               : "interfaces or addresses of this machine changed: %s has another "
                                 "address; %s",
                 family_text(families), joined ? "checking the peers" : "trying to join at once");
    }
}

void skad_driver_slept(skad_driver *driver, uint64_t seconds)
{
    skad_log(driver->config.log, SKAD_LOG_INFO,
             "this machine slept for %" PRIu64 " s: checking the peers", seconds);
    skad_local_discovery_changed(&driver->local);
    move(driver, SKAD_FAMILIES_ALL);
    if (!skad_driver_is_joined(driver)) {
        look(driver);
    }
}
