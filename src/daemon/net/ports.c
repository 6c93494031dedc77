/* Receiving and sending, on top of udp.c. */
#include "src/daemon/net/ports.h"

#include <string.h>

#include "crypto/assert.h"

/* ---- Receiving ---- */

static void receive(void *user, const skad_udp_received *one)
{
    skad_ports *ports = user;
    if (ports->workers == NULL) {
        (void)skad_node_receive(ports->node, one->bytes, one->len, &one->from, *ports->now);
    } else {
        skad_workers_receive(ports->workers, one->bytes, one->len, &one->from, *ports->now);
    }
}

/* One batch of each socket in a turn, so that nothing else waits behind a flood of one of them:
 * neither the other family nor what comes by inlets. */
static void on_receivable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)loop;
    (void)revents;
    const skad_port *self = watcher->data;
    skad_udp_received received[SKAD_UDP_BATCH];
    size_t count = skad_udp_receive(self->udp, received);
    for (size_t i = 0; i < count; i++) {
        receive(self->ports, &received[i]);
    }
}

/* ---- Sending ---- */

static skad_port *port_of(skad_ports *ports, uint8_t family)
{
    for (size_t i = 0; i < ports->count; i++) {
        if (ports->sockets[i].bound.family == family) {
            return &ports->ports[i];
        }
    }
    return NULL;
}

/* Sends what waits at a socket. False while the kernel takes no more. */
static bool flush(skad_port *self)
{
    bool all = skad_udp_flush(self->udp);
    if (all && ev_is_active(&self->sendable)) {
        ev_io_stop(self->ports->loop, &self->sendable);
    } else if (!all && !ev_is_active(&self->sendable)) {
        ev_io_start(self->ports->loop, &self->sendable);
    }
    return all;
}

static void on_sendable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)loop;
    (void)revents;
    (void)flush(watcher->data);
}

static bool any_congested(const skad_ports *ports)
{
    for (size_t i = 0; i < ports->count; i++) {
        if (ports->sockets[i].out_count > 0) {
            return true;
        }
    }
    return false;
}

static bool poll_datagram(skad_ports *ports, skad_datagram *out)
{
    return ports->workers == NULL ? skad_node_poll_datagram(ports->node, out)
                                  : skad_workers_poll(ports->workers, out);
}

/* Moves datagrams from the node to the kernel, batch by batch. */
static void move_all(skad_ports *ports)
{
    skad_datagram datagram;
    while (!any_congested(ports)) {
        size_t taken = 0;
        while (taken < SKAD_UDP_BATCH && poll_datagram(ports, &datagram)) {
            skad_port *to = port_of(ports, datagram.to.family);
            SKAD_ASSERT(to != NULL);
            skad_datagram *place = skad_udp_reserve(to->udp);
            SKAD_ASSERT(place != NULL);
            if (datagram.request) {
                skad_inlets_expect(&to->inlets, &datagram.to);
            }
            *place = datagram;
            skad_udp_commit(to->udp);
            taken++;
        }
        if (taken == 0) {
            return;
        }
        for (size_t i = 0; i < ports->count; i++) {
            (void)flush(&ports->ports[i]);
        }
    }
}

static void tell_refused(skad_ports *ports)
{
    uint64_t refused = 0;
    int error = 0;
    for (size_t i = 0; i < ports->count; i++) {
        refused += ports->sockets[i].counters.refused;
        if (ports->sockets[i].counters.refused_errno != 0) {
            error = ports->sockets[i].counters.refused_errno;
        }
    }
    uint64_t held = 0;
    if (refused > ports->refused_told &&
        skad_log_limit_pass(&ports->refused_limit, ports->now->mono_us, &held)) {
        skad_log(ports->log, SKAD_LOG_WARNING, "the system refused to send %llu datagrams: %s",
                 (unsigned long long)(refused - ports->refused_told), strerror(error));
        ports->refused_told = refused;
    }
}

void skad_ports_send(skad_ports *ports)
{
    if (ports->workers != NULL) {
        skad_workers_seal(ports->workers);
    }
    move_all(ports);
    tell_refused(ports);
}

/* ---- Opening ---- */

static bool open_socket(skad_ports *ports, const skad_address *listen, bool optional,
                        skad_failure *failure)
{
    bool unsupported = false;
    if ((ports->families & listen->family) != 0) {
        return skad_fail(failure, "listen on one IPv4 and one IPv6 address at most");
    }
    skad_udp_socket *udp = &ports->sockets[ports->count];
    if (!skad_udp_open(listen, udp, &unsupported, failure)) {
        return optional && unsupported;
    }
    skad_port *self = &ports->ports[ports->count++];
    ports->families |= listen->family;
    *self = (skad_port){.ports = ports, .udp = udp};
    ev_io_init(&self->receivable, on_receivable, udp->fd, EV_READ);
    ev_io_init(&self->sendable, on_sendable, udp->fd, EV_WRITE);
    self->receivable.data = self;
    self->sendable.data = self;
    return true;
}

bool skad_ports_open(skad_ports *ports, struct ev_loop *loop, const skad_address *listen,
                     size_t count, size_t inlets, skad_failure *failure)
{
    static const skad_address everywhere[SKAD_PORTS_MAX] = {
        {.family = SKAD_FAMILY_IPV4, .port = SKAD_PORT_DEFAULT},
        {.family = SKAD_FAMILY_IPV6, .port = SKAD_PORT_DEFAULT},
    };
    bool chosen = count > 0;
    if (!chosen) {
        listen = everywhere;
        count = SKAD_PORTS_MAX;
    }
    ports->loop = loop;
    for (size_t i = 0; i < count; i++) {
        if (!open_socket(ports, &listen[i], !chosen, failure)) {
            return false;
        }
    }
    for (size_t i = 0; i < ports->count; i++) {
        skad_inlets_open(&ports->ports[i].inlets, ports->ports[i].udp, inlets);
    }
    return ports->count > 0 || skad_fail(failure, "this machine has neither IPv4 nor IPv6");
}

/* ---- Workers ---- */

/* In a worker's thread. */
static void wake(void *user)
{
    skad_ports *ports = user;
    ev_async_send(ports->loop, &ports->done);
}

static void on_done(struct ev_loop *loop, ev_async *watcher, int revents)
{
    (void)revents;
    skad_ports *ports = watcher->data;
    if (skad_workers_collect(ports->workers, *ports->now)) {
        ev_async_send(loop, watcher); /* the rest in the next turn */
    }
}

static skad_status start_workers(skad_ports *ports, size_t count)
{
    const skad_workers_config config = {count, ports->node, wake, ports};
    ev_async_init(&ports->done, on_done);
    ports->done.data = ports;
    ev_async_start(ports->loop, &ports->done);
    return skad_workers_new(&config, &ports->workers);
}

static void stop_workers(skad_ports *ports)
{
    skad_workers_free(ports->workers);
    ports->workers = NULL;
    ev_async_stop(ports->loop, &ports->done);
}

/* ---- Beginning and end ---- */

skad_status skad_ports_start(skad_ports *ports, skad_node *node, const skad_time *now,
                             size_t workers)
{
    ports->node = node;
    ports->now = now;
    skad_status status = workers == 0 ? SKAD_OK : start_workers(ports, workers);
    if (status != SKAD_OK) {
        return status;
    }
    for (size_t i = 0; i < ports->count; i++) {
        ev_io_start(ports->loop, &ports->ports[i].receivable);
        skad_inlets_start(&ports->ports[i].inlets, ports->loop, receive, ports);
    }
    return SKAD_OK;
}

void skad_ports_close(skad_ports *ports)
{
    if (ev_is_active(&ports->done)) {
        stop_workers(ports);
    }
    for (size_t i = 0; i < ports->count; i++) {
        skad_inlets_close(&ports->ports[i].inlets);
        ev_io_stop(ports->loop, &ports->ports[i].receivable);
        ev_io_stop(ports->loop, &ports->ports[i].sendable);
        skad_udp_close(&ports->sockets[i]);
    }
    ports->count = 0;
}
