/* The sockets of one node on its loop: what comes in goes into the node, what the node wants to
 * send goes out in batches. With workers, signatures are checked and made in their threads in
 * between; what they have done wakes the loop.
 *
 * While the kernel's buffer of a socket is full nothing more is taken from the node: the rest waits
 * in its outbox, which is bounded. */
#ifndef SKAD_DAEMON_NET_PORTS_H
#define SKAD_DAEMON_NET_PORTS_H

#include <ev.h>

#include "skad/node.h"
#include "src/daemon/net/inlets.h"
#include "src/daemon/net/udp.h"
#include "src/daemon/net/workers.h"
#include "src/daemon/system/log.h"

#define SKAD_PORTS_MAX    2 /* one for each family */
#define SKAD_PORT_DEFAULT 4700

typedef struct skad_ports skad_ports;

/* A socket and its watchers. */
typedef struct skad_port {
    skad_ports *ports;
    skad_udp_socket *udp;
    ev_io receivable;
    ev_io sendable; /* active while the kernel's buffer is full */
    skad_inlets inlets;
} skad_port;

struct skad_ports {
    struct ev_loop *loop;
    skad_log_level log;
    skad_udp_socket sockets[SKAD_PORTS_MAX];
    skad_port ports[SKAD_PORTS_MAX];
    size_t count;
    unsigned families; /* a set of skad_family */
    skad_node *node;   /* set by skad_ports_start, with now */
    const skad_time *now;
    skad_workers *workers; /* NULL: none, all is done on the loop */
    ev_async done;         /* sent by workers */
    skad_log_limit refused_limit;
    uint64_t refused_told; /* datagrams that the kernel refused, as last logged */
};

/* Opens a socket for each address; without any, for all addresses of both families as far as the
 * machine has them, at SKAD_PORT_DEFAULT. Each gets so many inlets. After a failure
 * skad_ports_close is due as well. */
SKAD_MUST_CHECK bool skad_ports_open(skad_ports *ports, struct ev_loop *loop,
                                     const skad_address *listen, size_t count, size_t inlets,
                                     skad_failure *failure);
void skad_ports_close(skad_ports *ports);

/* Begins to receive, with so many workers. Node and time are borrowed until skad_ports_close; *now
 * is the instant of the current turn. Error: SKAD_ERR_MEMORY (no thread is one, too). */
SKAD_MUST_CHECK skad_status skad_ports_start(skad_ports *ports, skad_node *node,
                                             const skad_time *now, size_t workers);

/* Sends what the node has to send; logs, now and then, what the kernel refused. */
void skad_ports_send(skad_ports *ports);

#endif
