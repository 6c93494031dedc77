/* Sockets for the answers of peers that we have asked, beside the port where the datagrams of all
 * senders queue up: a flood fills that queue, and the answers that we wait for would be dropped.
 *
 * A peer socket has the port's own address and is connected to one peer. Linux gives a datagram
 * to the socket that is connected to its sender, if there is one. So the peer's answers arrive in
 * a queue that only a sender that spoofs this very peer's address can fill. A datagram from a peer
 * socket is treated like any other, and nothing is sent through it. No other process can use the
 * port's address: it is shared only while peer sockets are opened, at the start, and never again.
 *
 * There is a fixed number of them. If another peer needs one, it is taken from the peer that was
 * not asked for the longest time; late answers of that peer come to the port again. */
#ifndef SKAD_HOST_NET_PEER_SOCKETS_H
#define SKAD_HOST_NET_PEER_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "src/host/loop/loop.h"
#include "src/host/net/udp.h"

/* More than a few lookups ask within a round trip. The kernel looks at all of them for each
 * datagram that comes to the port: with 32 that costs the rate of noise nothing measurable, with 64
 * an eighth (bench/flood.c). */
#define SKAD_PEER_SOCKETS_MAX 32

typedef struct skad_peer_sockets skad_peer_sockets;

typedef struct skad_peer_socket {
    skad_peer_sockets *peer_sockets;
    int fd;
    skad_address peer; /* it is connected to this peer; the port itself while it is free */
    uint64_t asked;    /* when the peer was asked last, in requests; 0: never */
    skad_watch receivable;
} skad_peer_socket;

struct skad_peer_sockets {
    skad_loop *loop;
    const skad_udp_socket *port;
    skad_address itself; /* only the port can send from it */
    skad_peer_socket each[SKAD_PEER_SOCKETS_MAX];
    size_t count;
    uint64_t requests; /* so far */
    uint64_t refused;  /* reports of the network that nothing listens where a request went */
    void (*received)(void *user, const skad_udp_received *one);
    void *user;
};

/* Opens peer sockets for a port, as many as the system gives, `count` at most. With fewer, or even
 * none, the node only loses more answers under a flood. */
void skad_peer_sockets_open(skad_peer_sockets *peer_sockets, const skad_udp_socket *port,
                            size_t count);
void skad_peer_sockets_close(skad_peer_sockets *peer_sockets);

/* Begins to receive, before the loop looks at the port. The peer sockets stay where they are. */
void skad_peer_sockets_start(skad_peer_sockets *peer_sockets, skad_loop *loop,
                             void (*received)(void *user, const skad_udp_received *one),
                             void *user);

/* Prepares for the answer of a peer: a request to it is about to leave. */
void skad_peer_sockets_expect(skad_peer_sockets *peer_sockets, const skad_address *peer);

/* The addresses of this machine have changed. A socket keeps the address by which it reached its
 * peer, so each is free again until its peer is asked anew. */
void skad_peer_sockets_forget(skad_peer_sockets *peer_sockets);

#endif
