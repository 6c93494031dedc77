/* How a node comes into its network, and looks for it anew. */
#include "src/host/drive/driver.h"

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

static void on_patience(void *user)
{
    skad_driver *driver = user;
    skad_resolver_start(driver->resolver);
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

void skad_driver_joined(skad_driver *driver)
{
    skad_node_stats stats;
    skad_node_stats_get(driver->node, *driver->now, &stats);
    skad_log(driver->config.log, SKAD_LOG_INFO, "joined: %u peers", stats.peers);
    skad_timer_stop(driver->loop, &driver->patience);
    skad_resolver_stop(driver->resolver);
    skad_peer_book_joined(driver->peers);
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

void skad_driver_network_changed(skad_driver *driver)
{
    uint64_t held = 0;
    if (skad_driver_is_joined(driver)) {
        return;
    }
    look(driver);
    if (skad_log_limit_pass(&driver->changes, driver->now->mono_us, &held)) {
        skad_log(driver->config.log, SKAD_LOG_INFO,
                 "interfaces or addresses of this machine changed: trying to join at once");
    }
}
