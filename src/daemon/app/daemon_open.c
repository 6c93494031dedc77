/* Making the parts of a daemon: its driver; and, when that has a node, the control socket and
 * metrics. */
#include "proto/address.h"
#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/system/notify.h"

static void tell_metrics(const skad_daemon *daemon)
{
    const skad_metrics_place *place = daemon->config.metrics;
    char text[SKAD_ADDRESS_TEXT_BYTES];
    if (place->path[0] != 0) {
        skad_log(daemon->config.log, SKAD_LOG_INFO, "metrics at the socket %s", place->path);
    } else {
        skad_address_format(&place->address, text);
        skad_log(daemon->config.log, SKAD_LOG_INFO, "metrics at http://%s/metrics", text);
    }
}

static bool open_metrics(skad_daemon *daemon, skad_failure *failure)
{
    const skad_metrics_config config = {
        .loop = daemon->config.loop,
        .place = daemon->config.metrics,
        .context = &daemon->context,
        .now = daemon->driver.now,
    };
    if (!skad_metrics_server_new(&config, &daemon->metrics, failure)) {
        return false;
    }
    tell_metrics(daemon);
    return true;
}

static bool open_control(skad_daemon *daemon, skad_failure *failure)
{
    skad_control_config config = {
        .loop = daemon->config.loop,
        .context = &daemon->context,
        .now = daemon->driver.now,
    };
    if (daemon->config.control_rights != NULL) {
        config.place = *daemon->config.control_rights;
    }
    if (daemon->config.monitor != NULL) {
        config.monitor = *daemon->config.monitor;
    }
    config.place.path = daemon->config.control_path;
    if (!skad_control_new(&config, &daemon->control, failure)) {
        return false;
    }
    daemon->context.control = daemon->control;
    return true;
}

/* The control socket comes first: the process that has it has the folder for itself. */
static bool on_made(void *user, skad_driver *driver, const skad_identity *identity,
                    skad_failure *failure)
{
    skad_daemon *daemon = user;
    (void)identity;
    daemon->context = (skad_method_context){
        .node = driver->node,
        .store = driver->store,
        .profile = &driver->profile,
        .sockets = driver->endpoints.sockets,
        .sockets_count = driver->endpoints.count,
        .joining = &driver->joining,
        .health = &daemon->pulse.health,
        .durations = &daemon->durations,
        .endpoints = &driver->endpoints,
        .mapping = driver->mapping,
        .started_us = driver->now->mono_us,
    };
    return open_control(daemon, failure) &&
           (daemon->config.metrics == NULL || open_metrics(daemon, failure));
}

static bool identify(void *user, const atomic_bool *stop, skad_identity *out, skad_failure *failure)
{
    const skad_daemon *daemon = user;
    return daemon->config.identify(daemon->config.user, stop, out, failure);
}

static void change_rates(void *user, skad_node_rates *rates)
{
    const skad_daemon *daemon = user;
    skad_limits_change_rates(&daemon->config.limits, rates);
}

bool skad_daemon_make_parts(skad_daemon *daemon, skad_failure *failure)
{
    const skad_daemon_config *config = &daemon->config;
    const skad_driver_config driver = {
        .profile = config->profile,
        .identify = identify,
        .made = on_made,
        .event = skad_daemon_event,
        .resume = skad_daemon_resume,
        .user = daemon,
        .stop = config->stop,
        .identity_path = config->identity_path,
        .peers_path = config->peers_path,
        .records_path = config->records_path,
        .caps = config->caps,
        .file_bytes_max = config->limits.disk_mib << 20,
        .rates = change_rates,
        .puzzle_percent = (unsigned)config->limits.puzzle_percent,
        .listen = config->listen,
        .listen_count = config->listen_count,
        .interface = config->interface,
        .interfaces = config->interfaces,
        .role = config->role,
        .port_mapping = config->port_mapping,
        .local_discovery = config->local_discovery,
        .audit_period_s = config->audit_period_s,
        .peer_sockets = config->peer_sockets,
        .join = config->join,
        .join_count = config->join_count,
        .log = config->log,
        .takes_long = skad_notify_extend,
    };
    return skad_driver_open(&driver, &daemon->driver, failure);
}
