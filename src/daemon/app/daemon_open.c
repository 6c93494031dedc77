/* Making the parts of a daemon: store, identity, node, and what helps it. */
#include <string.h>

#include "crypto/keys.h"
#include "crypto/random.h"
#include "proto/address.h"
#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/system/clock.h"

static bool open_store(skad_daemon *daemon, skad_failure *failure)
{
    skad_record_store_config config = {
        .loop = daemon->config.loop,
        .path = daemon->config.records_path,
        .caps = daemon->config.caps,
        .file_bytes_max = daemon->config.limits.disk_mib << 20,
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
    skad_limits_change_rates(&daemon->config.limits, &config.rates);
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
        .now = &daemon->now,
    };
    if (!skad_metrics_server_new(&config, &daemon->metrics, failure)) {
        return false;
    }
    tell_metrics(daemon);
    return true;
}

static bool make_helpers(skad_daemon *daemon, const skad_identity *identity, skad_failure *failure)
{
    daemon->context = (skad_method_context){
        .node = daemon->node,
        .store = daemon->store,
        .profile = daemon->config.profile,
        .sockets = daemon->endpoints.sockets,
        .sockets_count = daemon->endpoints.count,
        .health = &daemon->pulse.health,
        .durations = &daemon->durations,
        .endpoints = &daemon->endpoints,
        .started_us = daemon->now.mono_us,
    };
    skad_control_config control = {
        .loop = daemon->config.loop,
        .context = &daemon->context,
        .now = &daemon->now,
    };
    if (daemon->config.control_rights != NULL) {
        control.place = *daemon->config.control_rights;
    }
    if (daemon->config.monitor != NULL) {
        control.monitor = *daemon->config.monitor;
    }
    control.place.path = daemon->config.control_path;
    const skad_nonce_renewal_config renewal = {
        .loop = daemon->config.loop,
        .profile = daemon->config.profile,
        .identity = identity,
        .path = daemon->config.identity_path,
        .node = daemon->node,
        .percent = (unsigned)daemon->config.limits.puzzle_percent,
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
    if (daemon->config.metrics != NULL && !open_metrics(daemon, failure)) {
        return false;
    }
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

bool skad_daemon_make_parts(skad_daemon *daemon, skad_failure *failure)
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
