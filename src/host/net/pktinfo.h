/* Which of the addresses of this machine a datagram came to, and is to leave from, as the kernel
 * tells it and is told: control messages beside the datagram (RFC 3542 section 6, ip(7)). */
#ifndef SKAD_HOST_NET_PKTINFO_H
#define SKAD_HOST_NET_PKTINFO_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "skad/types.h"

/* Room for the control message of one datagram, of either family. */
typedef struct skad_pktinfo {
    _Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
} skad_pktinfo;

/* Has the kernel tell of each datagram to which address it came, if the socket is bound to all of
 * them. One that is bound to a single address needs no telling. */
void skad_pktinfo_enable(int fd, const skad_address *bound);

/* Reads it from a received message. Family NONE where the kernel did not tell, or the address is
 * none to answer from. */
void skad_pktinfo_read(struct msghdr *message, skad_local *out);

/* Puts it into a message that is to be sent; `space` is used until then. Does nothing for NONE. */
void skad_pktinfo_write(const skad_local *local, skad_pktinfo *space, struct msghdr *message);

#endif
