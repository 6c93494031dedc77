/* Opening a host: every member of its config is looked at, and the sentence of a failure names it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keys.h"
#include "crypto/secret.h"
#include "skad/version.h"
#include "src/host/api/host_inside.h"
#include "src/host/net/scoped.h"
#include "src/host/state/identity_cost.h"
#include "src/host/state/profile_file.h"
#include "src/host/system/clock.h"

#define CONFIG_BYTES_MIN sizeof(size_t)
#define CONFIG_BYTES_MAX 65536 /* of any later version: more is not a size */

void skad_host_config_init(skad_host_config *config)
{
    *config = (skad_host_config){
        .size = sizeof *config,
        .profile = "public",
        .role = SKAD_ROLE_AUTO,
        .peer_sockets = true,
        .log_least = SKAD_LOG_INFO,
    };
}

/* ---- The config ---- */

/* Takes over a config of any version: members that an older one lacks are as skad_host_config_init
 * has them; those that only a later one knows must be zero. */
static skad_status take_config(const skad_host_config *config, skad_host_config *out,
                               skad_failure *failure)
{
    skad_host_config_init(out);
    if (config->size < CONFIG_BYTES_MIN || config->size > CONFIG_BYTES_MAX) {
        (void)skad_fail(failure, "config: call skad_host_config_init first");
        return SKAD_ERR_INPUT;
    }
    const uint8_t *bytes = (const uint8_t *)config;
    for (size_t i = sizeof *out; i < config->size; i++) {
        if (bytes[i] != 0) {
            (void)skad_fail(failure, "config: it asks for what only a later version of the library "
                                     "has; this one is " SKAD_VERSION);
            return SKAD_ERR_VERSION;
        }
    }
    memcpy(out, config, config->size < sizeof *out ? config->size : sizeof *out);
    out->size = sizeof *out;
    return SKAD_OK;
}

/* Puts the member's name before a sentence; false. */
static bool name_member(skad_failure *failure, const char *member)
{
    char text[SKAD_FAILURE_BYTES];
    memcpy(text, failure->text, sizeof text);
    return skad_fail(failure, "%s: %.480s", member, text);
}

/* All that the driver needs of the config, parsed. */
typedef struct parsed {
    skad_profile *profile; /* in memory for secrets */
    skad_address listen[SKAD_UDP_ENDPOINTS_MAX];
    uint32_t interface;
    skad_join_point join[SKAD_JOIN_POINTS_MAX];
} parsed;

static bool parse_listen(const skad_host_config *config, parsed *out, skad_failure *failure)
{
    if (config->listen_count > SKAD_UDP_ENDPOINTS_MAX ||
        (config->listen_count > 0 && config->listen == NULL)) {
        return skad_fail(failure, "listen: one IPv4 and one IPv6 address at most");
    }
    for (size_t i = 0; i < config->listen_count; i++) {
        skad_scoped scoped;
        if (config->listen[i] == NULL) {
            return skad_fail(failure, "listen: address %zu is NULL", i);
        }
        switch (skad_scoped_parse(config->listen[i], &scoped, failure)) {
        case SKAD_SCOPED_FINE:
            break;
        case SKAD_SCOPED_NO_ADDRESS:
            return skad_fail(failure, "listen: %.100s is not ADDR:PORT or [ADDR]:PORT",
                             config->listen[i]);
        case SKAD_SCOPED_REFUSED:
            return name_member(failure, "listen");
        }
        out->listen[i] = scoped.address;
        out->interface = scoped.interface != 0 ? scoped.interface : out->interface;
    }
    return true;
}

static bool parse_join(const char *const *join, size_t count,
                       skad_join_point out[static SKAD_JOIN_POINTS_MAX], skad_failure *failure)
{
    if (count > SKAD_JOIN_POINTS_MAX || (count > 0 && join == NULL)) {
        return skad_fail(failure, "join: %d nodes at most", SKAD_JOIN_POINTS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (join[i] == NULL) {
            return skad_fail(failure, "join: node %zu is NULL", i);
        }
        if (!skad_join_point_parse(join[i], &out[i], failure)) {
            return name_member(failure, "join");
        }
    }
    return true;
}

static bool parse(const skad_host_config *config, parsed *out, skad_failure *failure)
{
    if (config->profile == NULL) {
        return skad_fail(failure, "profile: NULL; give \"public\", \"test\" or a path");
    }
    if (config->workers < -1 || config->workers > SKAD_WORKERS_MAX) {
        return skad_fail(failure, "workers: %d is not within -1 and %d", config->workers,
                         SKAD_WORKERS_MAX);
    }
    if ((unsigned)config->role > SKAD_ROLE_CLIENT) {
        return skad_fail(failure, "role: %d is not one", (int)config->role);
    }
    if (config->solve_share > 100) {
        return skad_fail(failure, "solve_share: %u is more than 100 percent", config->solve_share);
    }
    if ((unsigned)config->log_least > SKAD_LOG_NOTHING) {
        return skad_fail(failure, "log_least: %d is not a level", (int)config->log_least);
    }
    if (!skad_profile_choose(config->profile, out->profile, failure)) {
        return name_member(failure, "profile");
    }
    if (config->local_discovery && !out->profile->allow_private) {
        return skad_fail(failure, "local_discovery: the profile '%s' allows no private addresses",
                         out->profile->name);
    }
    return parse_listen(config, out, failure) &&
           parse_join(config->join, config->join_count, out->join, failure);
}

/* ---- What the driver asks ---- */

static void write_log(void *user, skad_log_level level, const char *text)
{
    const skad_host_state *self = user;
    char line[SKAD_LOG_LINE_BYTES];
    size_t len = 0;
    /* A name from outside forges no second line. */
    for (; text[len] != 0 && len + 1 < sizeof line; len++) {
        const bool control = (unsigned char)text[len] < ' ' || text[len] == 0x7f;
        line[len] = text[len];
        if (control) {
            line[len] = '?';
        }
    }
    line[len] = 0;
    self->config.log(self->config.user, level, line);
}

static skad_time read_clock(void *user)
{
    const skad_host_state *self = user;
    return self->config.clock(self->config.user);
}

static bool identify(void *user, const skad_flag *stop, skad_identity *out, skad_failure *failure)
{
    skad_host_state *self = user;
    const skad_profile *profile = self->driver.config.profile;
    const skad_solve_options options = {
        .stop = stop, .progress = self->config.progress, .user = self->config.user};
    bool made;
    self->directory.unix_s = self->driver.now->unix_s;
    if (self->directory.dir[0] != 0) {
        return skad_data_directory_identity(&self->directory, profile, &options, out, &made,
                                            failure) ||
               name_member(failure, "folder");
    }
    if (!skad_identity_cost_check(profile, SKAD_IDENTITY_COST_US_MAX, failure)) {
        return false;
    }
    const uint32_t epoch = skad_profile_epoch(profile, self->directory.unix_s);
    const skad_status status = skad_identity_generate(profile, epoch, &options, out);
    return status == SKAD_OK ||
           skad_fail(failure, "cannot make an identity: %s", skad_status_text(status));
}

/* ---- Life ---- */

static bool open_driver(skad_host_state *self, const parsed *parts, skad_failure *failure)
{
    const skad_host_config *config = &self->config;
    const bool kept = self->directory.dir[0] != 0;
    const skad_driver_config driver = {
        .profile = parts->profile,
        .identify = identify,
        .event = skad_host_on_event,
        .user = self,
        .stop = config->stop,
        .identity_path = kept ? self->directory.identity : NULL,
        .peers_path = kept ? self->directory.peers : NULL,
        .records_path = kept ? self->directory.records : NULL,
        .caps = config->store,
        .puzzle_percent = config->solve_share,
        .listen = parts->listen,
        .listen_count = config->listen_count,
        .interface = parts->interface,
        .interfaces = true,
        .role = config->role,
        .port_mapping = config->port_mapping,
        .local_discovery = config->local_discovery,
        .audit_period_s = config->audit_period_s,
        .peer_sockets = config->peer_sockets,
        .join = parts->join,
        .join_count = config->join_count,
        .log = {.least = config->log_least,
                .write = config->log != NULL ? write_log : NULL,
                .user = self},
        .clock = config->clock != NULL ? read_clock : NULL,
    };
    return skad_driver_open(&driver, &self->driver, failure);
}

static void destroy(skad_host_state *self)
{
    skad_host_calls_end(self);
    skad_driver_close(&self->driver);
    skad_event_queue_free(&self->events);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* The config's texts belong to the program, which may free them now. */
static void forget_texts(skad_host_config *config)
{
    config->profile = NULL;
    config->folder = NULL;
    config->listen = NULL;
    config->join = NULL;
    config->stop = NULL;
    config->progress = NULL;
}

static bool open_all(skad_host_state *self, const parsed *parts, skad_failure *failure)
{
    const char *folder = self->config.folder;
    if (folder != NULL && (!skad_data_directory_init(folder, &self->directory, failure) ||
                           !skad_data_directory_make(&self->directory, failure))) {
        return name_member(failure, "folder");
    }
    if (!open_driver(self, parts, failure)) {
        return false;
    }
    skad_host_calls_begin(self);
    const int wanted = self->config.workers;
    const size_t workers = wanted < 0 ? skad_workers_default() : (size_t)wanted;
    return skad_driver_start(&self->driver, workers, failure);
}

static skad_status open_with(skad_host_state *self, parsed *parts, skad_failure *failure)
{
    if (!parse(&self->config, parts, failure)) {
        return SKAD_ERR_INPUT;
    }
    const bool opened = open_all(self, parts, failure);
    if (!opened) {
        const skad_flag *stop = self->config.stop;
        return stop != NULL && atomic_load(stop) ? SKAD_ERR_STOPPED : SKAD_ERR_IO;
    }
    self->handle = skad_handle_new(self);
    if (self->handle == 0) {
        (void)skad_fail(failure, "%d hosts are open in this process: close one", SKAD_HOSTS_MAX);
        return SKAD_ERR_FULL;
    }
    skad_host_due(self);
    return SKAD_OK;
}

skad_status skad_host_open(const skad_host_config *config, skad_host *out, skad_failure *failure)
{
    skad_failure unread = {""};
    failure = failure == NULL ? &unread : failure;
    failure->text[0] = 0;
    if (config == NULL || out == NULL) {
        (void)skad_fail(failure, "%s: NULL", config == NULL ? "config" : "out");
        return SKAD_ERR_INPUT;
    }
    *out = 0;
    skad_host_state *self = calloc(1, sizeof *self);
    parsed *parts = calloc(1, sizeof *parts);
    skad_profile *profile = skad_secret_alloc(sizeof *profile, NULL);
    skad_status status = SKAD_ERR_MEMORY;
    if (self != NULL && parts != NULL && profile != NULL) {
        parts->profile = profile;
        pthread_mutex_init(&self->lock, NULL);
        atomic_store(&self->owner, pthread_self());
        status = take_config(config, &self->config, failure);
        status = status == SKAD_OK ? open_with(self, parts, failure) : status;
        forget_texts(&self->config);
        if (status == SKAD_OK) {
            *out = self->handle;
        } else {
            destroy(self);
        }
    } else {
        (void)skad_fail(failure, "out of memory");
        free(self);
    }
    free(parts);
    skad_secret_free(profile, sizeof *profile);
    return status;
}

skad_status skad_host_close(skad_host host)
{
    skad_host_state *self;
    const skad_status status = skad_host_enter_idle(host, &self);
    if (status == SKAD_OK) {
        skad_handle_free(host);
        destroy(self);
    }
    return status;
}

skad_status skad_host_join(skad_host host, const char *const *join, size_t count)
{
    skad_host_state *self;
    const skad_status status = skad_host_enter(host, &self);
    if (status != SKAD_OK) {
        return status;
    }
    static const skad_join_point none;
    skad_join_point *points = calloc(SKAD_JOIN_POINTS_MAX, sizeof *points);
    skad_failure failure;
    skad_host_refresh(self);
    bool joined = points != NULL || skad_fail(&failure, "out of memory");
    joined = joined && parse_join(join, count, points, &failure);
    if (joined) {
        const skad_join_point *wanted = count == 0 ? &none : points;
        joined = skad_driver_is_joined(&self->driver)
                     ? skad_driver_set_points(&self->driver, wanted, count, &failure)
                     : skad_driver_join(&self->driver, wanted, count, &failure);
    }
    free(points);
    skad_host_due(self);
    return joined ? SKAD_OK : skad_host_fail(self, SKAD_ERR_INPUT, "%s", failure.text);
}
