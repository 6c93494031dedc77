/* Looking up names of --join.
 *
 *   start -> asking (a thread) -> hand over the addresses -> back-off (a timer) -> asking ...
 *     stop, from anywhere -> quiet
 *
 * Back-off: 2 s, doubled up to 5 minutes, so that a network that comes up late is found soon and a
 * name that no longer exists costs its server next to nothing.
 *
 * A node takes as many addresses as there may be points, so each point has one of its own at least:
 * numeric ones come first, then names take turns (src/daemon/net/join_shares.h). The server of one
 * name cannot shut out the others. */
#include "src/daemon/net/resolve.h"

#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <ev.h>

#include "crypto/random.h"
#include "proto/address.h"
#include "src/daemon/net/join_shares.h"
#include "src/daemon/net/udp.h"
#include "src/daemon/system/task.h"

#define BACKOFF_S_MIN 2.0
#define BACKOFF_S_MAX 300.0

static_assert(SKAD_JOIN_POINTS_MAX <= SKAD_JOIN_LIST_MAX, "each point has an address of its own");

/* What a lookup, or the look at numeric addresses, comes to. */
typedef struct findings {
    skad_join_list usable;
    skad_join_list skipped;
} findings;

/* What the thread works on: its own copy. */
typedef struct lookup {
    skad_join_point places[SKAD_JOIN_POINTS_MAX];
    int errors[SKAD_JOIN_POINTS_MAX]; /* of getaddrinfo */
    size_t places_count;
    unsigned families;
    bool allow_private;
    skad_random random;
    skad_join_share usable[SKAD_JOIN_POINTS_MAX]; /* by place */
    skad_join_share skipped[SKAD_JOIN_POINTS_MAX];
} lookup;

struct skad_resolver {
    skad_resolver_config config;
    skad_join_point places[SKAD_JOIN_POINTS_MAX]; /* numeric ones first */
    bool told_left_out[SKAD_JOIN_POINTS_MAX];     /* that this place has too many addresses */
    size_t numeric_count;
    skad_task *task;     /* the running lookup, or NULL */
    skad_join_list told; /* of those skipped */
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

static bool is_usable(const skad_address *address, unsigned families, bool allow_private)
{
    return (families & address->family) != 0 && skad_address_routable(address, allow_private);
}

static void add_found(lookup *work, size_t place, const skad_address *address)
{
    const bool usable = is_usable(address, work->families, work->allow_private);
    skad_join_share_offer(usable ? &work->usable[place] : &work->skipped[place], address,
                          &work->random);
}

static int ask(lookup *work, size_t number)
{
    const skad_join_point *place = &work->places[number];
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
            add_found(work, number, &address);
        }
    }
    freeaddrinfo(list);
    return 0;
}

static void run_lookup(void *data, const atomic_bool *stop)
{
    lookup *work = data;
    uint8_t seed[SKAD_SEED_BYTES];
    skad_random_system(seed, sizeof seed);
    skad_random_init(&work->random, seed);
    for (size_t i = 0; i < work->places_count && !atomic_load(stop); i++) {
        if (work->places[i].host[0] == 0) {
            add_found(work, i, &work->places[i].address);
        } else {
            work->errors[i] = ask(work, i);
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

static void tell_skipped(skad_resolver *resolver, const findings *found)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < found->skipped.count; i++) {
        const skad_address *address = &found->skipped.each[i];
        if (skad_join_list_add(&resolver->told, address)) {
            skad_address_format(address, text);
            skad_log(resolver->config.log, SKAD_LOG_WARNING, "cannot join through %s: %s", text,
                     flaw_of(&resolver->config, address));
        }
    }
    if (found->skipped.count > 0 && found->usable.count == 0) {
        skad_log(resolver->config.log, SKAD_LOG_ERROR,
                 "cannot join: none of the addresses of --join can be used");
    }
}

/* Names with more addresses than their share has room for, each once. */
static void tell_left_out(skad_resolver *resolver, const lookup *work, const findings *found)
{
    for (size_t i = 0; i < work->places_count; i++) {
        const size_t left_out = skad_join_share_left_out(&work->usable[i], &found->usable);
        if (left_out > 0 && !resolver->told_left_out[i]) {
            resolver->told_left_out[i] = true;
            skad_log(resolver->config.log, SKAD_LOG_INFO,
                     "%s has %zu addresses; a random choice of %zu is used", work->places[i].host,
                     work->usable[i].offered, work->usable[i].offered - left_out);
        }
    }
}

static void hand_over(const skad_resolver *resolver, const findings *found)
{
    if (found->usable.count > 0) {
        resolver->config.found(resolver->config.user, found->usable.each, found->usable.count);
    }
}

static void finish_lookup(void *user, void *data)
{
    skad_resolver *resolver = user;
    const lookup *work = data;
    findings found = {.usable.count = 0};

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
    skad_join_shares_take(work->usable, work->places_count, &found.usable);
    skad_join_shares_take(work->skipped, work->places_count, &found.skipped);
    tell_skipped(resolver, &found);
    tell_left_out(resolver, work, &found);
    hand_over(resolver, &found);
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

/* Copies the numeric places, or the names, to the end of the list, which had `count`. */
static size_t copy_places(skad_resolver *resolver, bool names, size_t count)
{
    const skad_resolver_config *config = &resolver->config;
    for (size_t i = 0; i < config->places_count; i++) {
        if ((config->places[i].host[0] != 0) == names) {
            resolver->places[count++] = config->places[i];
        }
    }
    return count;
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
    resolver->numeric_count = copy_places(resolver, false, 0);
    (void)copy_places(resolver, true, resolver->numeric_count);
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
    findings numeric = {.usable.count = 0};
    for (size_t i = 0; i < resolver->numeric_count; i++) {
        const skad_address *address = &resolver->places[i].address;
        const bool usable =
            is_usable(address, resolver->config.families, resolver->config.allow_private);
        (void)skad_join_list_add(usable ? &numeric.usable : &numeric.skipped, address);
    }
    hand_over(resolver, &numeric);
    if (resolver->numeric_count == resolver->config.places_count) {
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
