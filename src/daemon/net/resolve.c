/* Looking up names of --join.
 *
 *   start -> asking (a thread) -> hand over the addresses -> back-off (a timer) -> asking ...
 *     stop, from anywhere -> quiet
 *
 * Back-off: 2 s, doubled up to 5 minutes, so that a network that comes up late is found soon and a
 * name that no longer exists costs its server next to nothing. */
#include "src/daemon/net/resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <ev.h>

#include "proto/address.h"
#include "src/daemon/net/udp.h"
#include "src/daemon/system/task.h"

#define BACKOFF_S_MIN 2.0
#define BACKOFF_S_MAX 300.0
#define FOUND_MAX     32 /* what skad_node_join takes */

/* Addresses, each once. Those beyond its room are left out. */
typedef struct address_list {
    skad_address each[FOUND_MAX];
    size_t count;
} address_list;

/* What the thread works on: its own copy. */
typedef struct lookup {
    skad_join_point places[SKAD_JOIN_POINTS_MAX];
    int errors[SKAD_JOIN_POINTS_MAX]; /* of getaddrinfo */
    size_t places_count;
    unsigned families;
    bool allow_private;
    address_list usable;
    address_list skipped;
} lookup;

struct skad_resolver {
    skad_resolver_config config;
    skad_join_point places[SKAD_JOIN_POINTS_MAX];
    size_t names_count;
    skad_task *task;   /* the running lookup, or NULL */
    address_list told; /* of those skipped */
    ev_timer retry;
    double backoff_s;
    bool wanted; /* between start and stop */
};

/* ---- Parsing ---- */

bool skad_join_point_parse(const char *text, skad_join_point *out, skad_failure *failure)
{
    memset(out, 0, sizeof *out);
    if (skad_address_parse(text, &out->address)) {
        return out->address.port != 0 ||
               skad_fail(failure, "%s: port 0 cannot be used: give the port of a node", text);
    }
    const char *colon = strrchr(text, ':');
    size_t host_len = colon == NULL ? 0 : (size_t)(colon - text);
    if (host_len == 0 || host_len > SKAD_HOST_BYTES_MAX || strchr(text, '[') != NULL ||
        memchr(text, ':', host_len) != NULL) {
        return skad_fail(failure, "%s: give ADDR:PORT, [ADDR]:PORT or NAME:PORT", text);
    }
    char *end = NULL;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != 0 || port == 0 || port > UINT16_MAX) {
        return skad_fail(failure, "%s: the port is a number from 1 to 65535", text);
    }
    memcpy(out->host, text, host_len);
    out->port = (uint16_t)port;
    return true;
}

/* ---- In the thread ---- */

/* False if it was there already, or there is no room. */
static bool add_address(address_list *list, const skad_address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (skad_address_equal(&list->each[i], address)) {
            return false;
        }
    }
    if (list->count == FOUND_MAX) {
        return false;
    }
    list->each[list->count++] = *address;
    return true;
}

static void add_found(lookup *work, const skad_address *address)
{
    bool usable = (work->families & address->family) != 0 &&
                  skad_address_routable(address, work->allow_private);
    (void)add_address(usable ? &work->usable : &work->skipped, address);
}

static int ask(lookup *work, const skad_join_point *place)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    char port[8];
    struct addrinfo *list = NULL;

    (void)snprintf(port, sizeof port, "%u", place->port);
    int error = getaddrinfo(place->host, port, &hints, &list);
    if (error != 0) {
        return error;
    }
    for (const struct addrinfo *one = list; one != NULL; one = one->ai_next) {
        skad_address address;
        if (skad_address_from_sockaddr(one->ai_addr, &address)) {
            add_found(work, &address);
        }
    }
    freeaddrinfo(list);
    return 0;
}

static void run_lookup(void *data, const atomic_bool *stop)
{
    lookup *work = data;
    for (size_t i = 0; i < work->places_count && !atomic_load(stop); i++) {
        const skad_join_point *place = &work->places[i];
        if (place->host[0] == 0) {
            add_found(work, &place->address);
        } else {
            work->errors[i] = ask(work, place);
        }
    }
}

/* ---- On the loop ---- */

static void retry_later(skad_resolver *resolver)
{
    ev_timer_set(&resolver->retry, resolver->backoff_s, 0.);
    ev_timer_start(resolver->config.loop, &resolver->retry);
    resolver->backoff_s *= 2;
    if (resolver->backoff_s > BACKOFF_S_MAX) {
        resolver->backoff_s = BACKOFF_S_MAX;
    }
}

static const char *flaw_of(const skad_resolver_config *config, const skad_address *address)
{
    if (!skad_address_routable(address, true)) {
        return "nothing may be sent to this special-purpose address";
    }
    if (!skad_address_routable(address, config->allow_private)) {
        return "private addresses may not be contacted in this network";
    }
    return address->family == SKAD_FAMILY_IPV4 ? "this node has no IPv4" : "this node has no IPv6";
}

static void tell_skipped(skad_resolver *resolver, const lookup *work)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < work->skipped.count; i++) {
        const skad_address *address = &work->skipped.each[i];
        if (add_address(&resolver->told, address)) {
            skad_address_format(address, text);
            skad_log(resolver->config.log, SKAD_LOG_WARNING, "cannot join through %s: %s", text,
                     flaw_of(&resolver->config, address));
        }
    }
    if (work->skipped.count > 0 && work->usable.count == 0) {
        skad_log(resolver->config.log, SKAD_LOG_ERROR,
                 "cannot join: none of the addresses of --join can be used");
    }
}

static void hand_over(const skad_resolver *resolver, const lookup *work)
{
    if (work->usable.count > 0) {
        resolver->config.found(resolver->config.user, work->usable.each, work->usable.count);
    }
}

static void finish_lookup(void *user, void *data)
{
    skad_resolver *resolver = user;
    const lookup *work = data;

    resolver->task = NULL;
    for (size_t i = 0; i < work->places_count; i++) {
        if (work->errors[i] != 0) {
            skad_log(resolver->config.log, SKAD_LOG_WARNING,
                     "%s does not resolve (%s); retrying in %.0f s", work->places[i].host,
                     gai_strerror(work->errors[i]), resolver->backoff_s);
        }
    }
    if (!resolver->wanted) {
        return;
    }
    tell_skipped(resolver, work);
    hand_over(resolver, work);
    retry_later(resolver);
}

static void begin_lookup(skad_resolver *resolver)
{
    lookup *work = calloc(1, sizeof *work);
    if (work != NULL) {
        memcpy(work->places, resolver->places, sizeof work->places);
        work->places_count = resolver->config.places_count;
        work->families = resolver->config.families;
        work->allow_private = resolver->config.allow_private;
        skad_task_work task = {
            .run = run_lookup, .finish = finish_lookup, .user = resolver, .data = work};
        if (skad_task_start(resolver->config.loop, &task, &resolver->task) == SKAD_OK) {
            return;
        }
        free(work);
    }
    skad_log(resolver->config.log, SKAD_LOG_WARNING,
             "no memory to look up names; retrying in %.0f s", resolver->backoff_s);
    retry_later(resolver);
}

static void on_retry(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    begin_lookup(watcher->data);
}

skad_status skad_resolver_new(const skad_resolver_config *config, skad_resolver **out)
{
    if (config->places_count > SKAD_JOIN_POINTS_MAX) {
        return SKAD_ERR_INPUT;
    }
    skad_resolver *resolver = calloc(1, sizeof *resolver);
    if (resolver == NULL) {
        return SKAD_ERR_MEMORY;
    }
    resolver->config = *config;
    for (size_t i = 0; i < config->places_count; i++) {
        resolver->places[i] = config->places[i];
        resolver->names_count += config->places[i].host[0] != 0;
    }
    ev_timer_init(&resolver->retry, on_retry, BACKOFF_S_MIN, 0.);
    resolver->retry.data = resolver;
    *out = resolver;
    return SKAD_OK;
}

void skad_resolver_free(skad_resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    ev_timer_stop(resolver->config.loop, &resolver->retry);
    skad_task_abandon(resolver->task);
    free(resolver);
}

void skad_resolver_start(skad_resolver *resolver)
{
    resolver->wanted = true;
    resolver->backoff_s = BACKOFF_S_MIN;
    lookup numeric = {.families = resolver->config.families,
                      .allow_private = resolver->config.allow_private};
    for (size_t i = 0; i < resolver->config.places_count; i++) {
        if (resolver->places[i].host[0] == 0) {
            add_found(&numeric, &resolver->places[i].address);
        }
    }
    hand_over(resolver, &numeric);
    if (resolver->names_count == 0) {
        tell_skipped(resolver, &numeric);
    } else if (resolver->task == NULL) {
        ev_timer_stop(resolver->config.loop, &resolver->retry);
        begin_lookup(resolver);
    }
}

void skad_resolver_stop(skad_resolver *resolver)
{
    resolver->wanted = false;
    ev_timer_stop(resolver->config.loop, &resolver->retry);
}
