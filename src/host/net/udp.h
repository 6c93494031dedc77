/* UDP sockets: opening, receiving and sending in batches, and the two shapes of an address.
 *
 * One socket has one family (an IPv6 socket is V6ONLY), so there is at most one of each. If it is
 * bound to all addresses of the machine, the kernel tells of each datagram to which of them it
 * came, and is told from which one a datagram is to leave. A batch
 * that the kernel does not take at once stays with its socket. A datagram that the kernel refuses
 * is counted and skipped, because for the peer it is as if the network had lost it. */
#ifndef SKAD_HOST_NET_UDP_H
#define SKAD_HOST_NET_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "skad/node.h"
#include "src/host/system/failure.h"

#define SKAD_UDP_BATCH   64   /* datagrams in one system call */
#define SKAD_UDP_WAITING 1024 /* that may wait at a socket: a whole outbox */

typedef struct skad_udp_counters {
    uint64_t refused;    /* datagrams that the kernel would not send, or that found no place */
    int refused_errno;   /* why, the last time */
    uint64_t congestion; /* times that the send buffer was full */
} skad_udp_counters;

typedef struct skad_udp_socket {
    int fd;
    skad_address bound;        /* with the port that the kernel chose */
    skad_datagram *out;        /* a ring of SKAD_UDP_WAITING places */
    size_t out_first;          /* the next one to leave */
    size_t out_count;          /* waiting, from out_first on */
    struct skad_udp_inbox *in; /* buffers of one batch */
    uint32_t interface;        /* where link-local peers are; 0: where the first of them is heard */
    skad_udp_counters counters;
} skad_udp_socket;

/* One received datagram; borrowed until the next receive. */
typedef struct skad_udp_received {
    const uint8_t *bytes;
    size_t len; /* one more than SKAD_DATAGRAM_BYTES_MAX when it was longer than that */
    skad_address from;
    skad_local local; /* where it came to; NONE where the socket has only one address */
} skad_udp_received;

/* Binds a socket. On failure says what to do; *unsupported (may be NULL) says whether the machine
 * only lacks the family, or the address. */
SKAD_MUST_CHECK bool skad_udp_open(const skad_address *listen, skad_udp_socket *out,
                                   bool *unsupported, skad_failure *failure);
/* The same, with the number of the interface where link-local addresses are, its own included. */
SKAD_MUST_CHECK bool skad_udp_open_at(const skad_address *listen, uint32_t interface,
                                      skad_udp_socket *out, bool *unsupported,
                                      skad_failure *failure);
void skad_udp_close(skad_udp_socket *udp);

/* Takes up to SKAD_UDP_BATCH datagrams that wait at the socket; returns how many. */
size_t skad_udp_receive(const skad_udp_socket *udp,
                        skad_udp_received received[static SKAD_UDP_BATCH]);
/* The same from another socket `fd`, with the buffers of this one. */
size_t skad_udp_receive_by(const skad_udp_socket *udp, int fd,
                           skad_udp_received received[static SKAD_UDP_BATCH]);

/* The place for one more datagram to send, or NULL when all are taken; skad_udp_commit makes it
 * count. One that finds no place is lost: skad_udp_refuse counts it. */
skad_datagram *skad_udp_reserve(skad_udp_socket *udp);
void skad_udp_commit(skad_udp_socket *udp);
void skad_udp_refuse(skad_udp_socket *udp);

/* Sends the waiting datagrams. False if the kernel's buffer is full and some are left. */
bool skad_udp_flush(skad_udp_socket *udp);

/* The queue of received datagrams that the kernel holds for a socket. */
typedef struct skad_udp_queue {
    unsigned percent; /* how full it is */
    uint64_t drops;   /* datagrams that found no room, since the socket was opened */
} skad_udp_queue;

/* False if this kernel does not tell. */
bool skad_udp_queue_get(const skad_udp_socket *udp, skad_udp_queue *out);

/* IPv4-mapped IPv6 becomes IPv4. False for other families. */
bool skad_address_from_sockaddr(const struct sockaddr *from, skad_address *out);
/* The name of an address for system calls on the socket: a link-local one is at its interface. */
socklen_t skad_udp_name(const skad_udp_socket *udp, const skad_address *address,
                        struct sockaddr_storage *out);
socklen_t skad_address_to_sockaddr(const skad_address *address, struct sockaddr_storage *out);

#endif
