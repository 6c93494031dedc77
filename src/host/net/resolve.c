/* Looking up names of --join. Each name is looked up by itself:
 *
 *   start -> asking (a thread) -> hand over the addresses -> back-off (a timer) -> asking ...
 *     stop, from anywhere -> quiet
 *
 * So a name whose server is slow or silent delays no other. Back-off: 2 s, doubled up to 5 minutes,
 * so that a network that comes up late is found soon and a name that no longer exists costs its
 * server next to nothing. A name that ceases to resolve keeps its addresses.
 *
 * A node takes as many addresses as there may be points, so each point has one of its own at least:
 * numeric ones come first, then names take turns (src/host/net/join_shares.h). The server of one
 * name cannot shut out the others. */
#include "src/host/net/resolve.h"

#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/random.h"
#include "proto/address.h"
#include "src/host/net/join_shares.h"
#include "src/host/net/scoped.h"
#include "src/host/net/udp.h"
#include "src/host/system/task.h"

#define BACKOFF_S_MIN 2U
#define BACKOFF_S_MAX 300U

static_assert(SKAD_JOIN_POINTS_MAX <= SKAD_JOIN_LIST_MAX, "each point has an address of its own");

/* What a point comes to. */
typedef struct findings {
    skad_join_share usable;
    skad_join_share skipped;
} findings;

/* What a thread works on: its own copy. */
typedef struct lookup {
    skad_join_point point;
    unsigned families;
    bool allow_private;
    size_t place;
    int error; /* of getaddrinfo */
    findings found;
} lookup;

/* One point. A numeric one is known from the beginning and never looked up. */
typedef struct place {
    skad_resolver *resolver;
    skad_join_point point;
    skad_task *task; /* the running lookup, or NULL */
    skad_timer retry;
    unsigned backoff_s;
    bool answered;  /* a lookup ended since the start, well or not */
    int error;      /* of the last one */
    int told_error; /* that is in the log */
    bool told_many; /* that it has too many addresses */
    findings found; /* by the last lookup that went well */
} place;

struct skad_resolver {
    skad_resolver_config config;
    place places[SKAD_JOIN_POINTS_MAX]; /* numeric ones first */
    size_t places_count;
    skad_join_list handed; /* what the node has */
    skad_join_list told;   /* of those skipped */
    bool told_none;        /* since the start: that none can be used */
    bool wanted;           /* between start and stop */
};

/* ---- Parsing ---- */

bool skad_join_point_parse(const char *text, skad_join_point *out, skad_failure *failure)
{
    skad_scoped scoped;
    memset(out, 0, sizeof *out);
    const skad_scoped_outcome outcome = skad_scoped_parse(text, &scoped, failure);
    if (outcome == SKAD_SCOPED_REFUSED) {
        return false;
    }
    if (outcome == SKAD_SCOPED_FINE) {
        out->address = scoped.address;
        out->interface = scoped.interface;
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

bool skad_join_points_interface(const skad_join_point *points, size_t count, uint32_t *interface,
                                skad_failure *failure)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t other = points[i].interface;
        if (other != 0 && *interface != 0 && other != *interface) {
            return skad_fail(failure, "link-local addresses of two interfaces: a node can have "
                                      "those of one");
        }
        *interface = other != 0 ? other : *interface;
    }
    return true;
}

/* ---- In the thread ---- */

static bool is_usable(const skad_address *address, unsigned families, bool allow_private)
{
    return (families & address->family) != 0 && skad_address_routable(address, allow_private);
}

static void add_found(const lookup *work, findings *found, const skad_address *address,
                      skad_random *random)
{
    const bool usable = is_usable(address, work->families, work->allow_private);
    skad_join_share_offer(usable ? &found->usable : &found->skipped, address, random);
}

static void run_lookup(void *data, const atomic_bool *stop)
{
    lookup *work = data;
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    uint8_t seed[SKAD_SEED_BYTES];
    skad_random random;
    char port[8];

    (void)stop; /* the C library has no way to end a lookup */
    (void)snprintf(port, sizeof port, "%u", work->point.port);
    work->error = getaddrinfo(work->point.host, port, &hints, &list);
    if (work->error != 0) {
        return;
    }
    skad_random_system(seed, sizeof seed);
    skad_random_init(&random, seed);
    for (const struct addrinfo *one = list; one != NULL; one = one->ai_next) {
        skad_address address;
        if (skad_address_from_sockaddr(one->ai_addr, &address)) {
            add_found(work, &work->found, &address, &random);
        }
    }
    freeaddrinfo(list);
}

/* ---- What is found ---- */

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
    for (size_t i = 0; i < found->skipped.kept.count; i++) {
        const skad_address *address = &found->skipped.kept.each[i];
        if (skad_join_list_add(&resolver->told, address)) {
            skad_address_format(address, text);
            skad_log(resolver->config.log, SKAD_LOG_WARNING, "cannot join through %s: %s", text,
                     flaw_of(&resolver->config, address));
        }
    }
}

/* Takes an address of each point in turn. */
static void collect(const skad_resolver *resolver, skad_join_list *out)
{
    skad_join_share shares[SKAD_JOIN_POINTS_MAX];
    for (size_t i = 0; i < resolver->places_count; i++) {
        shares[i] = resolver->places[i].found.usable;
    }
    out->count = 0;
    skad_join_shares_take(shares, resolver->places_count, out);
}

static bool same(const skad_join_list *a, const skad_join_list *b)
{
    size_t common = 0;
    for (size_t i = 0; i < a->count; i++) {
        common += skad_join_list_has(b, &a->each[i]);
    }
    return common == a->count && a->count == b->count;
}

static bool all_answered(const skad_resolver *resolver)
{
    for (size_t i = 0; i < resolver->places_count; i++) {
        if (!resolver->places[i].answered) {
            return false;
        }
    }
    return true;
}

/* Names with more addresses than their share has room for, each once. */
static void tell_many(skad_resolver *resolver)
{
    for (size_t i = 0; i < resolver->places_count && all_answered(resolver); i++) {
        place *one = &resolver->places[i];
        const size_t left_out = skad_join_share_left_out(&one->found.usable, &resolver->handed);
        if (left_out > 0 && !one->told_many) {
            one->told_many = true;
            skad_log(resolver->config.log, SKAD_LOG_INFO,
                     "%s has %zu addresses; a random choice of %zu is used", one->point.host,
                     one->found.usable.offered, one->found.usable.offered - left_out);
        }
    }
}

/* Once each start. */
static void tell_none(skad_resolver *resolver)
{
    if (resolver->told.count > 0 && resolver->handed.count == 0 && all_answered(resolver) &&
        !resolver->told_none) {
        resolver->told_none = true;
        skad_log(resolver->config.log, SKAD_LOG_ERROR,
                 "cannot join: none of the addresses of --join can be used");
    }
}

/* Hands over all usable addresses, if they are others than before, or `anew`. */
static void hand_over(skad_resolver *resolver, bool anew)
{
    skad_join_list list;
    collect(resolver, &list);
    if (list.count > 0 && (anew || !same(&list, &resolver->handed))) {
        resolver->handed = list;
        resolver->config.found(resolver->config.user, list.each, list.count);
    }
}

/* ---- On the loop ---- */

static void retry_later(place *name)
{
    skad_timer_start(name->resolver->config.loop, &name->retry, name->backoff_s * SKAD_US_PER_S);
    name->backoff_s *= 2;
    if (name->backoff_s > BACKOFF_S_MAX) {
        name->backoff_s = BACKOFF_S_MAX;
    }
}

/* Tells of a name when it ceases to resolve, or resolves again. */
static void tell_name(place *name)
{
    const skad_log_to log = name->resolver->config.log;
    if (name->error == name->told_error) {
        return;
    }
    if (name->error != 0) {
        skad_log(log, SKAD_LOG_WARNING,
                 "%s does not resolve (%s); it is looked up again until the node has joined",
                 name->point.host, gai_strerror(name->error));
    } else {
        skad_log(log, SKAD_LOG_INFO, "%s resolves now", name->point.host);
    }
    name->told_error = name->error;
}

static void finish_lookup(void *user, void *data)
{
    skad_resolver *resolver = user;
    const lookup *work = data;
    place *name = &resolver->places[work->place];

    name->task = NULL;
    name->error = work->error;
    name->answered = true;
    tell_name(name);
    if (name->error == 0) {
        name->found = work->found;
    }
    if (!resolver->wanted) {
        return;
    }
    tell_skipped(resolver, &name->found);
    hand_over(resolver, false);
    tell_many(resolver);
    tell_none(resolver);
    retry_later(name);
}

static void begin_lookup(place *name)
{
    skad_resolver *resolver = name->resolver;
    lookup *work = calloc(1, sizeof *work);
    if (work != NULL) {
        work->point = name->point;
        work->place = (size_t)(name - resolver->places);
        work->families = resolver->config.families;
        work->allow_private = resolver->config.allow_private;
        skad_task_work task = {
            .run = run_lookup, .finish = finish_lookup, .user = resolver, .data = work};
        if (skad_task_start(resolver->config.loop, &task, &name->task) == SKAD_OK) {
            return;
        }
        free(work);
    }
    skad_log(resolver->config.log, SKAD_LOG_WARNING, "no memory to look up %s; retrying in %u s",
             name->point.host, name->backoff_s);
    retry_later(name);
}

static void on_retry(void *user)
{
    begin_lookup(user);
}

static bool is_name(const skad_join_point *point)
{
    return point->host[0] != 0;
}

/* Adds the numeric points, or the names. */
static void add_places(skad_resolver *resolver, bool names, skad_random *random)
{
    const skad_resolver_config *config = &resolver->config;
    const lookup rules = {.families = config->families, .allow_private = config->allow_private};
    for (size_t i = 0; i < config->places_count; i++) {
        if (is_name(&config->places[i]) != names) {
            continue;
        }
        place *added = &resolver->places[resolver->places_count++];
        added->resolver = resolver;
        added->point = config->places[i];
        added->retry = (skad_timer){.due = on_retry, .user = added};
        if (!names) {
            added->answered = true;
            add_found(&rules, &added->found, &added->point.address, random);
        }
    }
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
    const uint8_t seed[SKAD_SEED_BYTES] = {0}; /* a share of one address leaves no choice */
    skad_random random;
    skad_random_init(&random, seed);
    resolver->config = *config;
    add_places(resolver, false, &random);
    add_places(resolver, true, &random);
    resolver->config.places = NULL;
    *out = resolver;
    return SKAD_OK;
}

void skad_resolver_free(skad_resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    for (size_t i = 0; i < resolver->places_count; i++) {
        skad_timer_stop(resolver->config.loop, &resolver->places[i].retry);
        skad_task_abandon(resolver->places[i].task);
    }
    free(resolver);
}

void skad_resolver_start(skad_resolver *resolver)
{
    resolver->wanted = true;
    resolver->told_none = false;
    hand_over(resolver, true);
    for (size_t i = 0; i < resolver->places_count; i++) {
        place *one = &resolver->places[i];
        tell_skipped(resolver, &one->found);
        one->backoff_s = BACKOFF_S_MIN;
        if (is_name(&one->point) && one->task == NULL) {
            one->answered = false;
            skad_timer_stop(resolver->config.loop, &one->retry);
            begin_lookup(one);
        }
    }
    tell_none(resolver);
}

void skad_resolver_stop(skad_resolver *resolver)
{
    resolver->wanted = false;
    for (size_t i = 0; i < resolver->places_count; i++) {
        skad_timer_stop(resolver->config.loop, &resolver->places[i].retry);
    }
}

/* ---- Telling ---- */

void skad_resolver_state_get(const skad_resolver *resolver, skad_resolver_state *out)
{
    *out = (skad_resolver_state){.places = resolver->places_count};
    for (size_t i = 0; i < resolver->places_count; i++) {
        const place *one = &resolver->places[i];
        out->awaited += !one->answered;
        if (!one->answered && out->waits == NULL) {
            out->waits = one->point.host;
        }
        out->unresolved += one->answered && one->error != 0;
        out->usable += one->found.usable.kept.count;
        out->skipped += one->found.skipped.kept.count;
    }
}

const skad_address *skad_resolver_first(const skad_resolver *resolver)
{
    return resolver->handed.count == 0 ? NULL : &resolver->handed.each[0];
}

size_t skad_resolver_flaws(const skad_resolver *resolver, skad_join_flaw *out, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < resolver->places_count; i++) {
        const place *one = &resolver->places[i];
        if (one->error != 0 && count < most) {
            skad_join_flaw *flaw = &out[count++];
            (void)snprintf(flaw->place, sizeof flaw->place, "%s:%u", one->point.host,
                           one->point.port);
            flaw->why = gai_strerror(one->error);
        }
        for (size_t j = 0; j < one->found.skipped.kept.count && count < most; j++) {
            skad_join_flaw *flaw = &out[count++];
            skad_address_format(&one->found.skipped.kept.each[j], flaw->place);
            flaw->why = flaw_of(&resolver->config, &one->found.skipped.kept.each[j]);
        }
    }
    return count;
}
