/* The sockets of one node on its loop: received datagrams go into the node, and the node's
 * datagrams go out in batches. With workers, threads check and make the signatures in between;
 * their results wake the loop.
 *
 * While the kernel's buffer of a socket is full its datagrams wait here, and those of the other
 * family go on. If no place is left they are lost, as in the network. While the buffers of all
 * sockets are full nothing more is taken from the node: the rest waits in its outbox, which is
 * bounded. */
#ifndef SKAD_HOST_NET_UDP_ENDPOINTS_H
#define SKAD_HOST_NET_UDP_ENDPOINTS_H

#include "skad/node.h"
#include "src/host/loop/loop.h"
#include "src/host/net/peer_sockets.h"
#include "src/host/net/udp.h"
#include "src/host/net/workers.h"
#include "src/host/system/report.h"

#define SKAD_UDP_ENDPOINTS_MAX 2 /* one for each family */
#define SKAD_PORT_DEFAULT      4700

typedef struct skad_udp_endpoints skad_udp_endpoints;

/* A socket, and what waits for it. */
typedef struct skad_udp_endpoint {
    skad_udp_endpoints *endpoints;
    skad_udp_socket *udp;
    skad_watch watch; /* blocked while the kernel's buffer is full */
    skad_peer_sockets peer_sockets;
    uint64_t taken; /* datagrams that came in at the port */
} skad_udp_endpoint;

struct skad_udp_endpoints {
    skad_loop *loop;
    skad_log_to log;
    skad_udp_socket sockets[SKAD_UDP_ENDPOINTS_MAX];
    skad_udp_endpoint endpoints[SKAD_UDP_ENDPOINTS_MAX];
    size_t count;
    unsigned families;  /* a set of skad_family */
    uint32_t interface; /* where link-local peers are; 0: where the first is heard. Set before the
                           start, as is log */
    skad_node *node;    /* set by skad_udp_endpoints_start, with now */
    const skad_time *now;
    skad_workers *workers; /* NULL: none, all is done on the loop */
    skad_wake done;        /* rung by workers */
    uint64_t at_port[2];   /* accepted without workers, by IPv4 and IPv6 */
    skad_log_limit refused_limit;
    uint64_t refused_told; /* datagrams that the kernel refused, as last logged */
};

/* Opens a socket for each address; without any, for all addresses of both families as far as the
 * machine has them, at SKAD_PORT_DEFAULT. Each gets so many peer sockets. Call
 * skad_udp_endpoints_close after a failure, too. */
SKAD_MUST_CHECK bool skad_udp_endpoints_open(skad_udp_endpoints *endpoints, skad_loop *loop,
                                             const skad_address *listen, size_t count,
                                             size_t peer_sockets, skad_failure *failure);
void skad_udp_endpoints_close(skad_udp_endpoints *endpoints);

/* Begins to receive, with so many workers. Node and time are borrowed until
 * skad_udp_endpoints_close; *now is the instant of the current turn. Error: SKAD_ERR_MEMORY (no
 * thread is one, too). */
SKAD_MUST_CHECK skad_status skad_udp_endpoints_start(skad_udp_endpoints *endpoints, skad_node *node,
                                                     const skad_time *now, size_t workers);

/* How many requests the node has accepted, by IPv4 and IPv6. Without workers an answer that came to
 * the port counts, too: those that have a peer socket do not. */
void skad_udp_endpoints_requests(const skad_udp_endpoints *endpoints, uint64_t out[static 2]);

/* The addresses of this machine have changed. */
void skad_udp_endpoints_moved(skad_udp_endpoints *endpoints);

/* Sends the node's datagrams; now and then logs how many the kernel refused. */
void skad_udp_endpoints_send(skad_udp_endpoints *endpoints);

#endif
