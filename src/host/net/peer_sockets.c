#include "src/host/net/peer_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "proto/address.h"

/* ---- Opening ---- */

static bool share(int fd, int on)
{
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
}

static bool connect_to(const skad_udp_socket *port, int fd, const skad_address *peer)
{
    struct sockaddr_storage name;
    socklen_t len = skad_udp_name(port, peer, &name);
    return connect(fd, (struct sockaddr *)&name, len) == 0;
}

/* The port's own address. A port that is bound to all addresses is reached by the loopback one. */
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

/* Binds a socket and connects it at once, because until then it takes the port's datagrams. */
static bool open_one(const skad_peer_sockets *peer_sockets, skad_peer_socket *peer_socket)
{
    const int on = 1;
    const skad_address *bound = &peer_sockets->port->bound;
    bool ipv6 = bound->family == SKAD_FAMILY_IPV6;
    struct sockaddr_storage name;
    socklen_t len = skad_udp_name(peer_sockets->port, bound, &name);
    int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    if ((ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) || !share(fd, 1) ||
        bind(fd, (struct sockaddr *)&name, len) != 0 ||
        !connect_to(peer_sockets->port, fd, &peer_sockets->itself)) {
        close(fd);
        return false;
    }
    *peer_socket = (skad_peer_socket){.fd = fd, .peer = peer_sockets->itself};
    return true;
}

void skad_peer_sockets_open(skad_peer_sockets *peer_sockets, const skad_udp_socket *port,
                            size_t count)
{
    *peer_sockets = (skad_peer_sockets){.port = port, .itself = itself(port)};
    if (count == 0 || !share(port->fd, 1)) {
        return;
    }
    while (peer_sockets->count < count && peer_sockets->count < SKAD_PEER_SOCKETS_MAX &&
           open_one(peer_sockets, &peer_sockets->each[peer_sockets->count])) {
        peer_sockets->count++;
    }
    /* A socket can be bound to an address only while all sockets at the address share it: from now
     * on no other process can bind to it. Turning an option off does not fail. */
    (void)share(port->fd, 0);
    for (size_t i = 0; i < peer_sockets->count; i++) {
        (void)share(peer_sockets->each[i].fd, 0);
    }
}

void skad_peer_sockets_close(skad_peer_sockets *peer_sockets)
{
    for (size_t i = 0; i < peer_sockets->count; i++) {
        if (peer_sockets->loop != NULL) {
            skad_watch_stop(peer_sockets->loop, &peer_sockets->each[i].receivable);
        }
        close(peer_sockets->each[i].fd);
    }
    peer_sockets->count = 0;
}

/* ---- Receiving ---- */

/* A report of the network about a peer, such as "port unreachable", ends a call without a datagram.
 * It is counted, as a hint for the operator, and no more, because any machine can forge it. */
static void on_receivable(void *user)
{
    const skad_peer_socket *peer_socket = user;
    skad_peer_sockets *peer_sockets = peer_socket->peer_sockets;
    skad_udp_received received[SKAD_UDP_BATCH];
    errno = 0;
    size_t count = skad_udp_receive_by(peer_sockets->port, peer_socket->fd, received);
    if (count == 0 && errno == ECONNREFUSED) {
        peer_sockets->refused++;
    }
    for (size_t i = 0; i < count; i++) {
        peer_sockets->received(peer_sockets->user, &received[i]);
    }
}

void skad_peer_sockets_start(skad_peer_sockets *peer_sockets, skad_loop *loop,
                             void (*received)(void *user, const skad_udp_received *one), void *user)
{
    peer_sockets->loop = loop;
    peer_sockets->received = received;
    peer_sockets->user = user;
    for (size_t i = 0; i < peer_sockets->count; i++) {
        skad_peer_socket *peer_socket = &peer_sockets->each[i];
        peer_socket->peer_sockets = peer_sockets;
        peer_socket->receivable = (skad_watch){
            .fd = peer_socket->fd,
            .first = true,
            .readable = on_receivable,
            .user = peer_socket,
        };
        skad_watch_start(loop, &peer_socket->receivable);
    }
}

/* ---- Asking ---- */

/* Disconnects first: otherwise a socket that is bound to all addresses keeps the address by which
 * it reached its first peer. Until it is connected again, it may receive datagrams for the port. */
static bool turn_to(const skad_peer_sockets *peer_sockets, skad_peer_socket *peer_socket,
                    const skad_address *peer)
{
    const struct sockaddr unconnected = {.sa_family = AF_UNSPEC};
    peer_socket->peer = peer_sockets->itself;
    if (connect(peer_socket->fd, &unconnected, sizeof unconnected) == 0 &&
        connect_to(peer_sockets->port, peer_socket->fd, peer)) {
        peer_socket->peer = *peer;
        return true;
    }
    return connect_to(peer_sockets->port, peer_socket->fd, &peer_sockets->itself);
}

void skad_peer_sockets_expect(skad_peer_sockets *peer_sockets, const skad_address *peer)
{
    skad_peer_socket *oldest = NULL;
    peer_sockets->requests++;
    for (size_t i = 0; i < peer_sockets->count; i++) {
        skad_peer_socket *peer_socket = &peer_sockets->each[i];
        if (skad_address_equal(&peer_socket->peer, peer)) {
            peer_socket->asked = peer_sockets->requests;
            return;
        }
        if (oldest == NULL || peer_socket->asked < oldest->asked) {
            oldest = peer_socket;
        }
    }
    if (oldest != NULL) {
        oldest->asked = peer_sockets->requests;
        (void)turn_to(peer_sockets, oldest, peer);
    }
}

void skad_peer_sockets_forget(skad_peer_sockets *peer_sockets)
{
    for (size_t i = 0; i < peer_sockets->count; i++) {
        peer_sockets->each[i].asked = 0;
        (void)turn_to(peer_sockets, &peer_sockets->each[i], &peer_sockets->itself);
    }
}
