/* Receiving and sending, on top of udp.c. */
#include "src/host/net/udp_endpoints.h"

#include <string.h>

#include "crypto/assert.h"

/* ---- Receiving ---- */

static skad_verdict receive_one(skad_udp_endpoints *endpoints, const skad_udp_received *one)
{
    if (endpoints->workers == NULL) {
        return skad_node_receive_at(endpoints->node, one->bytes, one->len, &one->from, &one->local,
                                    *endpoints->now);
    }
    skad_workers_receive(endpoints->workers, one->bytes, one->len, &one->from, &one->local,
                         *endpoints->now);
    return SKAD_VERDICT_COUNT; /* not known yet */
}

static void receive(void *user, const skad_udp_received *one)
{
    (void)receive_one(user, one);
}

static void receive_at_port(skad_udp_endpoints *endpoints, const skad_udp_received *one)
{
    if (receive_one(endpoints, one) == SKAD_VERDICT_ACCEPT) {
        endpoints->at_port[one->from.family == SKAD_FAMILY_IPV6]++;
    }
}

void skad_udp_endpoints_requests(const skad_udp_endpoints *endpoints, uint64_t out[static 2])
{
    memcpy(out, endpoints->at_port, sizeof endpoints->at_port);
    if (endpoints->workers != NULL) {
        skad_workers_requests(endpoints->workers, out);
    }
}

/* Takes one batch of each socket in a turn, so that a flood of one socket delays neither the other
 * family nor the peer sockets. */
static void on_receivable(void *user)
{
    skad_udp_endpoint *self = user;
    skad_udp_received received[SKAD_UDP_BATCH];
    size_t count = skad_udp_receive(self->udp, received);
    self->taken += count;
    for (size_t i = 0; i < count; i++) {
        receive_at_port(self->endpoints, &received[i]);
    }
}

/* ---- Sending ---- */

static skad_udp_endpoint *port_of(skad_udp_endpoints *endpoints, uint8_t family)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (endpoints->sockets[i].bound.family == family) {
            return &endpoints->endpoints[i];
        }
    }
    return NULL;
}

/* Sends the datagrams that wait at a socket. False while the kernel takes no more. */
static bool flush(skad_udp_endpoint *self)
{
    bool all = skad_udp_flush(self->udp);
    skad_watch_block(self->endpoints->loop, &self->watch, !all);
    return all;
}

static void on_sendable(void *user)
{
    (void)flush(user);
}

/* Between two batches what waits at a socket does so because the kernel takes no more. */
static bool congested(const skad_udp_endpoint *self)
{
    return self->udp->out_count > 0;
}

static bool all_congested(const skad_udp_endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (!congested(&endpoints->endpoints[i])) {
            return false;
        }
    }
    return true;
}

static bool poll_datagram(skad_udp_endpoints *endpoints, skad_datagram *out)
{
    return endpoints->workers == NULL ? skad_node_poll_datagram(endpoints->node, out)
                                      : skad_workers_poll(endpoints->workers, out);
}

/* Puts a datagram where it waits for its batch, or for the kernel. */
static void queue(skad_udp_endpoints *endpoints, const skad_datagram *datagram)
{
    skad_udp_endpoint *to = port_of(endpoints, datagram->to.family);
    SKAD_ASSERT(to != NULL);
    skad_datagram *place = skad_udp_reserve(to->udp);
    if (place == NULL) {
        skad_udp_refuse(to->udp);
        return;
    }
    if (datagram->request) {
        skad_peer_sockets_expect(&to->peer_sockets, &datagram->to);
    }
    *place = *datagram;
    skad_udp_commit(to->udp);
}

/* Moves datagrams from the node to the kernel, batch by batch. */
static void move_all(skad_udp_endpoints *endpoints)
{
    skad_datagram datagram;
    while (!all_congested(endpoints)) {
        size_t taken = 0;
        while (taken < SKAD_UDP_BATCH && poll_datagram(endpoints, &datagram)) {
            queue(endpoints, &datagram);
            taken++;
        }
        if (taken == 0) {
            return;
        }
        for (size_t i = 0; i < endpoints->count; i++) {
            if (!endpoints->endpoints[i].watch.blocked) { /* else the loop will tell */
                (void)flush(&endpoints->endpoints[i]);
            }
        }
    }
}

static void log_refused(skad_udp_endpoints *endpoints)
{
    uint64_t refused = 0;
    int error = 0;
    for (size_t i = 0; i < endpoints->count; i++) {
        refused += endpoints->sockets[i].counters.refused;
        if (endpoints->sockets[i].counters.refused_errno != 0) {
            error = endpoints->sockets[i].counters.refused_errno;
        }
    }
    uint64_t held = 0;
    if (refused > endpoints->refused_told &&
        skad_log_limit_pass(&endpoints->refused_limit, endpoints->now->mono_us, &held)) {
        skad_log(endpoints->log, SKAD_LOG_WARNING, "the system refused to send %llu datagrams: %s",
                 (unsigned long long)(refused - endpoints->refused_told), strerror(error));
        endpoints->refused_told = refused;
    }
}

void skad_udp_endpoints_send(skad_udp_endpoints *endpoints)
{
    if (endpoints->workers != NULL) {
        skad_workers_seal(endpoints->workers);
    }
    move_all(endpoints);
    log_refused(endpoints);
}

void skad_udp_endpoints_moved(skad_udp_endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        skad_peer_sockets_forget(&endpoints->endpoints[i].peer_sockets);
    }
}

/* ---- Opening ---- */

/* `optional`: it may be missing, because another one is there or comes next. `told`: that is told.
 */
static bool open_socket(skad_udp_endpoints *endpoints, const skad_address *listen, bool optional,
                        bool told, skad_failure *failure)
{
    bool unsupported = false;
    if ((endpoints->families & listen->family) != 0) {
        return skad_fail(failure, "listen on one IPv4 and one IPv6 address at most");
    }
    skad_udp_socket *udp = &endpoints->sockets[endpoints->count];
    if (!skad_udp_open_at(listen, endpoints->interface, udp, &unsupported, failure)) {
        if (optional && unsupported && told) {
            skad_log(endpoints->log, SKAD_LOG_WARNING, "%s; the node goes on without it",
                     failure->text);
        }
        return optional && unsupported;
    }
    skad_udp_endpoint *self = &endpoints->endpoints[endpoints->count++];
    endpoints->families |= listen->family;
    *self = (skad_udp_endpoint){.endpoints = endpoints, .udp = udp};
    self->watch = (skad_watch){
        .fd = udp->fd,
        .readable = on_receivable,
        .writable = on_sendable,
        .user = self,
    };
    return true;
}

bool skad_udp_endpoints_open(skad_udp_endpoints *endpoints, skad_loop *loop,
                             const skad_address *listen, size_t count, size_t peer_sockets,
                             skad_failure *failure)
{
    static const skad_address everywhere[SKAD_UDP_ENDPOINTS_MAX] = {
        {.family = SKAD_FAMILY_IPV4, .port = SKAD_PORT_DEFAULT},
        {.family = SKAD_FAMILY_IPV6, .port = SKAD_PORT_DEFAULT},
    };
    bool chosen = count > 0;
    if (!chosen) {
        listen = everywhere;
        count = SKAD_UDP_ENDPOINTS_MAX;
    }
    endpoints->loop = loop;
    for (size_t i = 0; i < count; i++) {
        const bool optional = !chosen || i + 1 < count || endpoints->count > 0;
        if (!open_socket(endpoints, &listen[i], optional, chosen, failure)) {
            return false;
        }
    }
    for (size_t i = 0; i < endpoints->count; i++) {
        skad_peer_sockets_open(&endpoints->endpoints[i].peer_sockets, endpoints->endpoints[i].udp,
                               peer_sockets);
    }
    return endpoints->count > 0 || skad_fail(failure, "this machine has neither IPv4 nor IPv6");
}

/* ---- Workers ---- */

/* In a worker's thread. */
static void wake(void *user)
{
    skad_udp_endpoints *endpoints = user;
    skad_wake_ring(endpoints->loop, &endpoints->done);
}

static void on_done(void *user)
{
    skad_udp_endpoints *endpoints = user;
    if (skad_workers_collect(endpoints->workers, *endpoints->now)) {
        skad_wake_ring(endpoints->loop, &endpoints->done); /* the rest in the next turn */
    }
}

static skad_status start_workers(skad_udp_endpoints *endpoints, size_t count)
{
    const skad_workers_config config = {count, endpoints->node, wake, endpoints};
    endpoints->done = (skad_wake){.woken = on_done, .user = endpoints, .standing = true};
    skad_wake_start(endpoints->loop, &endpoints->done);
    return skad_workers_new(&config, &endpoints->workers);
}

static void stop_workers(skad_udp_endpoints *endpoints)
{
    skad_workers_free(endpoints->workers);
    endpoints->workers = NULL;
    skad_wake_stop(endpoints->loop, &endpoints->done);
}

/* ---- Beginning and end ---- */

skad_status skad_udp_endpoints_start(skad_udp_endpoints *endpoints, skad_node *node,
                                     const skad_time *now, size_t workers)
{
    endpoints->node = node;
    endpoints->now = now;
    skad_status status = workers == 0 ? SKAD_OK : start_workers(endpoints, workers);
    if (status != SKAD_OK) {
        return status;
    }
    for (size_t i = 0; i < endpoints->count; i++) {
        skad_watch_start(endpoints->loop, &endpoints->endpoints[i].watch);
        skad_peer_sockets_start(&endpoints->endpoints[i].peer_sockets, endpoints->loop, receive,
                                endpoints);
    }
    return SKAD_OK;
}

void skad_udp_endpoints_close(skad_udp_endpoints *endpoints)
{
    if (endpoints->done.active) {
        stop_workers(endpoints);
    }
    for (size_t i = 0; i < endpoints->count; i++) {
        skad_peer_sockets_close(&endpoints->endpoints[i].peer_sockets);
        skad_watch_stop(endpoints->loop, &endpoints->endpoints[i].watch);
        skad_udp_close(&endpoints->sockets[i]);
    }
    endpoints->count = 0;
}
