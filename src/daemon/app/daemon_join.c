/* How a daemon comes into its network, and looks for it anew. */
#include "src/daemon/app/daemon_inside.h"

static void on_found(void *user, const skad_address *addresses, size_t count)
{
    skad_daemon *daemon = user;
    skad_status status = skad_node_join(daemon->node, addresses, count, daemon->now);
    if (status != SKAD_OK) {
        skad_log(daemon->config.log, SKAD_LOG_WARNING, "cannot join: %s", skad_status_text(status));
    }
}

bool skad_daemon_set_places(skad_daemon *daemon, const skad_join_point *places, size_t count,
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
    if (!skad_daemon_set_places(daemon, places, count, failure)) {
        return false;
    }
    ev_timer_stop(daemon->config.loop, &daemon->patience);
    skad_resolver_start(daemon->resolver);
    skad_joining_begin(&daemon->joining, daemon->joining.greets);
    return true;
}

void skad_daemon_begin_joining(skad_daemon *daemon)
{
    const bool greets = skad_peer_book_greet(daemon->peers);
    skad_joining_begin(&daemon->joining, greets);
    if (greets) {
        ev_timer_start(daemon->config.loop, &daemon->patience);
    } else {
        skad_resolver_start(daemon->resolver);
    }
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

static bool is_joined(const skad_daemon *daemon)
{
    skad_node_stats stats;
    skad_node_stats_get(daemon->node, daemon->now, &stats);
    return stats.joined;
}

/* Link-local addresses are at the interface that the sockets were opened for. */
static bool check_interface(const skad_daemon *daemon, const skad_daemon_change *change,
                            skad_failure *failure)
{
    uint32_t interface = daemon->endpoints.interface;
    if (!skad_join_points_interface(change->join, change->join_count, &interface, failure)) {
        return false;
    }
    return interface == daemon->endpoints.interface ||
           skad_fail(failure, "join: a link-local address needs a new start");
}

bool skad_daemon_change_to(skad_daemon *daemon, const skad_daemon_change *change,
                           skad_failure *failure)
{
    if (change->join != NULL) {
        if (!check_interface(daemon, change, failure)) {
            return false;
        }
        const bool ok =
            is_joined(daemon)
                ? skad_daemon_set_places(daemon, change->join, change->join_count, failure)
                : skad_daemon_join(daemon, change->join, change->join_count, failure);
        if (!ok) {
            return false;
        }
    }
    if (change->caps != NULL) {
        *change->caps_refused = !skad_record_store_resize(daemon->records, change->caps);
    }
    return true;
}
