/* Ways in for the peers that we have asked something, beside the port where everybody's datagrams
 * queue up: a flood fills that queue, and what we wait for would be dropped with it.
 *
 * A peer socket has the port's own address and is connected to one peer. Linux gives a datagram
 * to the socket that is connected to its sender, if there is one, so the peer's answers come in by
 * a queue that only a sender that spoofs this very peer's address can fill. What comes by a peer
 * socket is a datagram like any other, and nothing is sent by it. The port's address stays ours
 * alone: it can be shared while peer sockets are opened, at the start, and never again.
 *
 * There is a fixed number of them. One that is needed for another peer is taken from the peer that
 * was not asked for the longest time, whose late answers come by the port again. */
#ifndef SKAD_DAEMON_NET_PEER_SOCKETS_H
#define SKAD_DAEMON_NET_PEER_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include <ev.h>

#include "src/daemon/net/udp.h"

/* More than a few lookups ask within a round trip. The kernel passes by all of them for each
 * datagram that comes by the port: that costs noise nothing that could be measured, but 64 of them
 * an eighth (bench/flood.c). */
#define SKAD_PEER_SOCKETS_MAX 32

typedef struct skad_peer_sockets skad_peer_sockets;

typedef struct skad_peer_socket {
    skad_peer_sockets *peer_sockets;
    int fd;
    skad_address peer; /* whom it is connected to; the port itself while it is free */
    uint64_t asked;    /* when the peer was asked last, in requests; 0: never */
    ev_io receivable;
} skad_peer_socket;

struct skad_peer_sockets {
    struct ev_loop *loop;
    const skad_udp_socket *port;
    skad_address itself; /* what nobody but the port can send from */
    skad_peer_socket each[SKAD_PEER_SOCKETS_MAX];
    size_t count;
    uint64_t requests; /* so far */
    void (*received)(void *user, const skad_udp_received *one);
    void *user;
};

/* Opens peer sockets for a port, as many as the system gives, `count` at most: fewer, even none,
 * only lose more under a flood. */
void skad_peer_sockets_open(skad_peer_sockets *peer_sockets, const skad_udp_socket *port,
                            size_t count);
void skad_peer_sockets_close(skad_peer_sockets *peer_sockets);

/* Begins to receive, before the loop looks at the port. The peer sockets stay where they are. */
void skad_peer_sockets_start(skad_peer_sockets *peer_sockets, struct ev_loop *loop,
                             void (*received)(void *user, const skad_udp_received *one),
                             void *user);

/* A request to this peer is about to leave. */
void skad_peer_sockets_expect(skad_peer_sockets *peer_sockets, const skad_address *peer);

#endif
