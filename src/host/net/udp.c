/* UDP sockets on top of recvmmsg and sendmmsg. All buffers are made when a socket is opened. */
#define _GNU_SOURCE /* recvmmsg, sendmmsg */
#include "src/host/net/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/sock_diag.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "src/host/net/pktinfo.h"
#include "src/host/net/scoped.h"

/* A byte more than the longest datagram shows that one was too long. */
#define IN_BYTES (SKAD_DATAGRAM_BYTES_MAX + 1)

/* A batch of small datagrams in flight for each of the node's peers should fit; the kernel cuts
 * this down to its own limit. */
#define KERNEL_BUFFER_BYTES (4 << 20)

struct skad_udp_inbox {
    uint8_t bytes[SKAD_UDP_BATCH][IN_BYTES];
    struct sockaddr_storage from[SKAD_UDP_BATCH];
    skad_pktinfo pktinfo[SKAD_UDP_BATCH];
    uint32_t interface; /* at which the first datagram of a link-local peer came; 0: none did */
};

bool skad_address_from_sockaddr(const struct sockaddr *from, skad_address *out)
{
    static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    memset(out, 0, sizeof *out);
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        out->family = SKAD_FAMILY_IPV4;
        out->port = ntohs(in.sin_port);
        memcpy(out->ip, &in.sin_addr, 4);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        const uint8_t *ip = in6.sin6_addr.s6_addr;
        out->port = ntohs(in6.sin6_port);
        if (memcmp(ip, mapped_prefix, sizeof mapped_prefix) == 0) {
            out->family = SKAD_FAMILY_IPV4;
            memcpy(out->ip, ip + sizeof mapped_prefix, 4);
        } else {
            out->family = SKAD_FAMILY_IPV6;
            memcpy(out->ip, ip, 16);
        }
        return true;
    }
    return false;
}

socklen_t skad_address_to_sockaddr(const skad_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == SKAD_FAMILY_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&in.sin_addr, address->ip, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    SKAD_ASSERT(address->family == SKAD_FAMILY_IPV6);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
    memcpy(&in6.sin6_addr, address->ip, 16);
    memcpy(out, &in6, sizeof in6);
    return sizeof in6;
}

socklen_t skad_udp_name(const skad_udp_socket *udp, const skad_address *address,
                        struct sockaddr_storage *out)
{
    socklen_t len = skad_address_to_sockaddr(address, out);
    if (skad_scoped_link_local(address)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, out, sizeof in6);
        const uint32_t heard = udp->in == NULL ? 0 : udp->in->interface;
        in6.sin6_scope_id = udp->interface != 0 ? udp->interface : heard;
        memcpy(out, &in6, sizeof in6);
    }
    return len;
}

/* ---- Opening ---- */

static bool fail_to_bind(const skad_address *listen, skad_failure *failure)
{
    int error = errno;
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address_format(listen, text);
    switch (error) {
    case EADDRINUSE:
        return skad_fail(failure,
                         "%s is in use by another program: stop it, or choose another port with "
                         "--listen",
                         text);
    case EADDRNOTAVAIL:
        return skad_fail(failure, "%s is not an address of this machine: choose one with --listen",
                         text);
    case EACCES:
        return skad_fail(failure, "this user may not use %s: choose a port above 1023", text);
    default:
        return skad_fail(failure, "cannot listen on %s: %s", text, strerror(error));
    }
}

static bool bind_socket(const skad_udp_socket *udp, const skad_address *listen, skad_address *bound)
{
    const int fd = udp->fd;
    const int on = 1;
    const int bytes = KERNEL_BUFFER_BYTES;
    struct sockaddr_storage name;

    if (listen->family == SKAD_FAMILY_IPV6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        return false;
    }
    /* Smaller buffers only lose more under load. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);

    socklen_t len = skad_udp_name(udp, listen, &name);
    if (bind(fd, (struct sockaddr *)&name, len) != 0) {
        return false;
    }
    len = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
        return false;
    }
    if (!skad_address_from_sockaddr((struct sockaddr *)&name, bound)) {
        return false;
    }
    skad_pktinfo_enable(fd, bound);
    return true;
}

bool skad_udp_open(const skad_address *listen, skad_udp_socket *out, bool *unsupported,
                   skad_failure *failure)
{
    return skad_udp_open_at(listen, 0, out, unsupported, failure);
}

bool skad_udp_open_at(const skad_address *listen, uint32_t interface, skad_udp_socket *out,
                      bool *unsupported, skad_failure *failure)
{
    int domain = listen->family == SKAD_FAMILY_IPV6 ? AF_INET6 : AF_INET;

    *out = (skad_udp_socket){.interface = interface};
    out->fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (out->fd < 0 || !bind_socket(out, listen, &out->bound)) {
        if (unsupported != NULL) {
            *unsupported = errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
        }
        (void)fail_to_bind(listen, failure);
        skad_udp_close(out);
        return false;
    }
    out->out = calloc(SKAD_UDP_WAITING, sizeof *out->out);
    out->in = calloc(1, sizeof *out->in);
    if (out->out == NULL || out->in == NULL) {
        skad_udp_close(out);
        return skad_fail(failure, "out of memory");
    }
    return true;
}

void skad_udp_close(skad_udp_socket *udp)
{
    if (udp->fd >= 0) {
        close(udp->fd);
    }
    free(udp->out);
    free(udp->in);
    *udp = (skad_udp_socket){.fd = -1};
}

/* ---- Receiving ---- */

static void learn_interface(struct skad_udp_inbox *in, const skad_address *from,
                            const struct sockaddr_storage *name)
{
    if (in->interface == 0 && skad_scoped_link_local(from)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, name, sizeof in6);
        in->interface = in6.sin6_scope_id;
    }
}

size_t skad_udp_receive_by(const skad_udp_socket *udp, int fd,
                           skad_udp_received received[static SKAD_UDP_BATCH])
{
    struct mmsghdr messages[SKAD_UDP_BATCH];
    struct iovec pieces[SKAD_UDP_BATCH];
    struct skad_udp_inbox *in = udp->in;

    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < SKAD_UDP_BATCH; i++) {
        pieces[i] = (struct iovec){.iov_base = in->bytes[i], .iov_len = IN_BYTES};
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = &in->from[i];
        messages[i].msg_hdr.msg_namelen = sizeof in->from[i];
        messages[i].msg_hdr.msg_control = &in->pktinfo[i];
        messages[i].msg_hdr.msg_controllen = sizeof in->pktinfo[i];
    }
    int got = recvmmsg(fd, messages, SKAD_UDP_BATCH, MSG_DONTWAIT, NULL);
    size_t count = 0;
    for (int i = 0; i < got; i++) {
        skad_udp_received *one = &received[count];
        if (skad_address_from_sockaddr((struct sockaddr *)&in->from[i], &one->from)) {
            learn_interface(in, &one->from, &in->from[i]);
            one->bytes = in->bytes[i];
            one->len = messages[i].msg_len;
            skad_pktinfo_read(&messages[i].msg_hdr, &one->local);
            count++;
        }
    }
    return count;
}

size_t skad_udp_receive(const skad_udp_socket *udp,
                        skad_udp_received received[static SKAD_UDP_BATCH])
{
    return skad_udp_receive_by(udp, udp->fd, received);
}

/* ---- Sending ---- */

static skad_datagram *waiting_at(skad_udp_socket *udp, size_t index)
{
    return &udp->out[(udp->out_first + index) % SKAD_UDP_WAITING];
}

skad_datagram *skad_udp_reserve(skad_udp_socket *udp)
{
    return udp->out_count < SKAD_UDP_WAITING ? waiting_at(udp, udp->out_count) : NULL;
}

void skad_udp_commit(skad_udp_socket *udp)
{
    SKAD_ASSERT(udp->out_count < SKAD_UDP_WAITING);
    udp->out_count++;
}

void skad_udp_refuse(skad_udp_socket *udp)
{
    udp->counters.refused++;
    udp->counters.refused_errno = ENOBUFS;
}

/* What one call to sendmmsg moves: the number sent, or -1 with errno about the first one. */
static int send_batch(skad_udp_socket *udp)
{
    struct mmsghdr messages[SKAD_UDP_BATCH];
    struct iovec pieces[SKAD_UDP_BATCH];
    struct sockaddr_storage names[SKAD_UDP_BATCH];
    skad_pktinfo pktinfos[SKAD_UDP_BATCH];

    size_t count = udp->out_count < SKAD_UDP_BATCH ? udp->out_count : SKAD_UDP_BATCH;
    memset(messages, 0, count * sizeof messages[0]);
    for (size_t i = 0; i < count; i++) {
        skad_datagram *datagram = waiting_at(udp, i);
        pieces[i] = (struct iovec){.iov_base = datagram->bytes, .iov_len = datagram->len};
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = &names[i];
        messages[i].msg_hdr.msg_namelen = skad_udp_name(udp, &datagram->to, &names[i]);
        skad_pktinfo_write(&datagram->local, &pktinfos[i], &messages[i].msg_hdr);
    }
    return sendmmsg(udp->fd, messages, (unsigned)count, MSG_DONTWAIT);
}

static void drop_first(skad_udp_socket *udp, size_t count)
{
    udp->out_count -= count;
    /* An empty ring starts over: light traffic stays within a few places, which are in the cache.
     */
    udp->out_first = udp->out_count == 0 ? 0 : (udp->out_first + count) % SKAD_UDP_WAITING;
}

bool skad_udp_flush(skad_udp_socket *udp)
{
    /* Each turn sends or skips at least one, or leaves; only EINTR repeats. */
    while (udp->out_count > 0) {
        int sent = send_batch(udp);
        if (sent > 0) {
            drop_first(udp, (size_t)sent);
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            udp->counters.congestion++;
            return false;
        } else if (sent == 0 || errno != EINTR) {
            udp->counters.refused++;
            udp->counters.refused_errno = errno;
            drop_first(udp, 1);
        }
    }
    return true;
}

/* ---- The queue ---- */

bool skad_udp_queue_get(const skad_udp_socket *udp, skad_udp_queue *out)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof info;
    if (getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, info, &len) != 0 ||
        len <= SK_MEMINFO_DROPS * sizeof info[0] || info[SK_MEMINFO_RCVBUF] == 0) {
        return false;
    }
    const uint64_t percent = 100ULL * info[SK_MEMINFO_RMEM_ALLOC] / info[SK_MEMINFO_RCVBUF];
    out->percent = percent > 100 ? 100 : (unsigned)percent;
    out->drops = info[SK_MEMINFO_DROPS];
    return true;
}
