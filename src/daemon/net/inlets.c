#include "src/daemon/net/inlets.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "proto/address.h"

#define PRIORITY 1 /* the port's is 0 */

/* ---- Opening ---- */

static bool share(int fd, int on)
{
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
}

static bool connect_to(int fd, const skad_address *peer)
{
    struct sockaddr_storage name;
    socklen_t len = skad_address_to_sockaddr(peer, &name);
    return connect(fd, (struct sockaddr *)&name, len) == 0;
}

/* What is bound to all addresses is reached by the loopback one. */
static skad_address itself(const skad_udp_socket *port)
{
    static const uint8_t everywhere[16] = {0};
    skad_address address = port->bound;
    if (memcmp(address.ip, everywhere, sizeof address.ip) == 0) {
        bool ipv4 = address.family == SKAD_FAMILY_IPV4;
        address.ip[0] = ipv4 ? 127 : 0;
        address.ip[ipv4 ? 3 : 15] = 1;
    }
    return address;
}

/* Bound and at once connected, for until then it takes what is for the port. */
static bool open_one(const skad_inlets *inlets, skad_inlet *inlet)
{
    const int on = 1;
    const skad_address *bound = &inlets->port->bound;
    bool ipv6 = bound->family == SKAD_FAMILY_IPV6;
    struct sockaddr_storage name;
    socklen_t len = skad_address_to_sockaddr(bound, &name);
    int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    if ((ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) || !share(fd, 1) ||
        bind(fd, (struct sockaddr *)&name, len) != 0 || !connect_to(fd, &inlets->itself)) {
        close(fd);
        return false;
    }
    *inlet = (skad_inlet){.fd = fd, .peer = inlets->itself};
    return true;
}

void skad_inlets_open(skad_inlets *inlets, const skad_udp_socket *port, size_t count)
{
    *inlets = (skad_inlets){.port = port, .itself = itself(port)};
    if (count == 0 || !share(port->fd, 1)) {
        return;
    }
    while (inlets->count < count && inlets->count < SKAD_INLETS_MAX &&
           open_one(inlets, &inlets->each[inlets->count])) {
        inlets->count++;
    }
    /* A socket can be bound to an address only while all that have it share it: from now on nobody
     * else's can. Turning an option off does not fail. */
    (void)share(port->fd, 0);
    for (size_t i = 0; i < inlets->count; i++) {
        (void)share(inlets->each[i].fd, 0);
    }
}

void skad_inlets_close(skad_inlets *inlets)
{
    for (size_t i = 0; i < inlets->count; i++) {
        if (inlets->loop != NULL) {
            ev_io_stop(inlets->loop, &inlets->each[i].receivable);
        }
        close(inlets->each[i].fd);
    }
    inlets->count = 0;
}

/* ---- Receiving ---- */

/* What the network says about a peer, such as that nobody is there, ends a call without a datagram
 * and is over then: anybody can say it. */
static void on_receivable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)loop;
    (void)revents;
    const skad_inlet *inlet = watcher->data;
    const skad_inlets *inlets = inlet->inlets;
    skad_udp_received received[SKAD_UDP_BATCH];
    size_t count = skad_udp_receive_by(inlets->port, inlet->fd, received);
    for (size_t i = 0; i < count; i++) {
        inlets->received(inlets->user, &received[i]);
    }
}

void skad_inlets_start(skad_inlets *inlets, struct ev_loop *loop,
                       void (*received)(void *user, const skad_udp_received *one), void *user)
{
    inlets->loop = loop;
    inlets->received = received;
    inlets->user = user;
    for (size_t i = 0; i < inlets->count; i++) {
        skad_inlet *inlet = &inlets->each[i];
        inlet->inlets = inlets;
        ev_io_init(&inlet->receivable, on_receivable, inlet->fd, EV_READ);
        ev_set_priority(&inlet->receivable, PRIORITY);
        inlet->receivable.data = inlet;
        ev_io_start(loop, &inlet->receivable);
    }
}

/* ---- Asking ---- */

/* Disconnects first: a socket that is bound to all addresses keeps the one by which it reached its
 * first peer otherwise. Until it is connected again, what is for the port may come by it. */
static bool turn_to(const skad_inlets *inlets, skad_inlet *inlet, const skad_address *peer)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    inlet->peer = inlets->itself;
    if (connect(inlet->fd, &nobody, sizeof nobody) == 0 && connect_to(inlet->fd, peer)) {
        inlet->peer = *peer;
        return true;
    }
    return connect_to(inlet->fd, &inlets->itself);
}

void skad_inlets_expect(skad_inlets *inlets, const skad_address *peer)
{
    skad_inlet *oldest = NULL;
    inlets->requests++;
    for (size_t i = 0; i < inlets->count; i++) {
        skad_inlet *inlet = &inlets->each[i];
        if (skad_address_equal(&inlet->peer, peer)) {
            inlet->asked = inlets->requests;
            return;
        }
        if (oldest == NULL || inlet->asked < oldest->asked) {
            oldest = inlet;
        }
    }
    if (oldest != NULL) {
        oldest->asked = inlets->requests;
        (void)turn_to(inlets, oldest, peer);
    }
}
