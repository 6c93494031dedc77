/* Ways in for the peers that we have asked something, beside the port where everybody's datagrams
 * queue up: a flood fills that queue, and what we wait for would be dropped with it.
 *
 * An inlet is a socket with the port's own address, connected to one peer. Linux gives a datagram
 * to the socket that is connected to its sender, if there is one, so the peer's answers come in by
 * a queue that nobody can fill who does not spoof this very peer's address. What comes by an inlet
 * is a datagram like any other, and nothing is sent by it. The port's address stays ours alone: it
 * can be shared while inlets are opened, at the start, and never again.
 *
 * There is a fixed number of them. One that is needed for another peer is taken from the peer that
 * was not asked for the longest time, whose late answers come by the port again. */
#ifndef SKAD_DAEMON_NET_INLETS_H
#define SKAD_DAEMON_NET_INLETS_H

#include <stddef.h>
#include <stdint.h>

#include <ev.h>

#include "src/daemon/net/udp.h"

/* More than a few lookups ask within a round trip. The kernel passes by all of them for each
 * datagram that comes by the port: that costs noise nothing that could be measured, but 64 of them
 * an eighth (bench/flood.c). */
#define SKAD_INLETS_MAX 32

typedef struct skad_inlets skad_inlets;

typedef struct skad_inlet {
    skad_inlets *inlets;
    int fd;
    skad_address peer; /* whom it is connected to; the port itself while it is free */
    uint64_t asked;    /* when the peer was asked last, in requests; 0: never */
    ev_io receivable;
} skad_inlet;

struct skad_inlets {
    struct ev_loop *loop;
    const skad_udp_socket *port;
    skad_address itself; /* what nobody but the port can send from */
    skad_inlet each[SKAD_INLETS_MAX];
    size_t count;
    uint64_t requests; /* so far */
    void (*received)(void *user, const skad_udp_received *one);
    void *user;
};

/* Opens inlets for a port, as many as the system gives, `count` at most: fewer, even none, only
 * lose more under a flood. */
void skad_inlets_open(skad_inlets *inlets, const skad_udp_socket *port, size_t count);
void skad_inlets_close(skad_inlets *inlets);

/* Begins to receive, before the loop looks at the port. The inlets stay where they are. */
void skad_inlets_start(skad_inlets *inlets, struct ev_loop *loop,
                       void (*received)(void *user, const skad_udp_received *one), void *user);

/* A request to this peer is about to leave. */
void skad_inlets_expect(skad_inlets *inlets, const skad_address *peer);

#endif
