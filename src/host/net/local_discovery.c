#define _GNU_SOURCE /* in6_pktinfo, ip_mreqn */
#include "src/host/net/local_discovery.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/random.h"
#include "src/core/inbound/overhear.h"
#include "src/core/node/driver.h"
#include "src/host/net/pktinfo.h"
#include "src/host/net/scoped.h"

static const skad_address groups[2] = {
    {.family = SKAD_FAMILY_IPV4, .port = SKAD_LOCAL_PORT, .ip = {239, 255, 115, 107}},
    {.family = SKAD_FAMILY_IPV6,
     .port = SKAD_LOCAL_PORT,
     .ip = {0xff, 0x02, [12] = 0x73, 0x6b, 0x61, 0x64}},
};
static const char *const names[2] = {"IPv4", "IPv6"};

static uint32_t draw(void)
{
    uint8_t bytes[sizeof(uint32_t)];
    uint32_t number;
    skad_random_system(bytes, sizeof bytes);
    memcpy(&number, bytes, sizeof number);
    return number;
}

/* ---- Hearing ---- */

/* The interface at which a datagram came, if it was sent to the group; 0: it was not. */
static uint32_t interface_of(struct msghdr *message, size_t family)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    for (; control != NULL; control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(control), sizeof info);
            return memcmp(&info.ipi_addr, groups[family].ip, 4) == 0 ? (uint32_t)info.ipi_ifindex
                                                                     : 0;
        }
        if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(control), sizeof info);
            return memcmp(&info.ipi6_addr, groups[family].ip, 16) == 0 ? info.ipi6_ifindex : 0;
        }
    }
    return 0;
}

static skad_udp_socket *port_of(const skad_local_discovery *self, size_t family)
{
    for (size_t i = 0; i < self->config.endpoints->count; i++) {
        if (self->config.endpoints->sockets[i].bound.family == groups[family].family) {
            return &self->config.endpoints->sockets[i];
        }
    }
    return NULL;
}

/* A node has all its link-local peers at one interface (scoped.h): that of the first one that it
 * hears, unless it has one already. */
static bool takes_scope(const skad_local_discovery *self, const skad_address *from,
                        uint32_t interface)
{
    skad_udp_socket *port = port_of(self, 1);
    if (!skad_scoped_link_local(from)) {
        return true;
    }
    if (port != NULL && port->interface == 0) {
        port->interface = interface;
    }
    return port != NULL && port->interface == interface;
}

static void plan_answer(skad_local_discovery *self)
{
    const uint64_t due_us = skad_local_answers_deadline(&self->answers);
    const uint64_t now_us = self->config.now->mono_us;
    if (due_us != UINT64_MAX) {
        skad_timer_start(self->config.loop, &self->answer, due_us > now_us ? due_us - now_us : 0);
    }
}

static void on_answer(void *user)
{
    skad_local_discovery *self = user;
    skad_local_answer answer;
    while (skad_local_answers_take(&self->answers, self->config.now->mono_us, &answer)) {
        self->counters.asked +=
            skad_node_ask(self->config.node, &answer.id, &answer.address, *self->config.now);
    }
    plan_answer(self);
}

static void hear(skad_local_discovery *self, const uint8_t *bytes, size_t len,
                 const skad_address *from, uint32_t interface)
{
    skad_id sender;
    if (!skad_links_hold(&self->links, interface, from) ||
        skad_node_overhear(self->config.node, bytes, len, from, *self->config.now, &sender) !=
            SKAD_VERDICT_ACCEPT) {
        self->counters.dropped++;
        return;
    }
    self->counters.heard++;
    if (!skad_node_knows(self->config.node, &sender, from) && takes_scope(self, from, interface) &&
        skad_local_answers_plan(&self->answers, &sender, from, draw(), self->config.now->mono_us)) {
        plan_answer(self);
    }
}

static void on_heard(void *user)
{
    skad_local_ear *ear = user;
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX + 1]; /* a byte more shows that one was too long */
    for (unsigned i = 0; i < SKAD_LOCAL_BATCH; i++) {
        struct sockaddr_storage name;
        skad_pktinfo space;
        struct iovec piece = {bytes, sizeof bytes};
        struct msghdr message = {
            .msg_name = &name,
            .msg_namelen = sizeof name,
            .msg_iov = &piece,
            .msg_iovlen = 1,
            .msg_control = &space,
            .msg_controllen = sizeof space,
        };
        const ssize_t len = recvmsg(ear->fd, &message, MSG_DONTWAIT);
        skad_address from;
        if (len < 0) {
            return;
        }
        const uint32_t interface = interface_of(&message, ear->family);
        if (interface != 0 && skad_address_from_sockaddr((struct sockaddr *)&name, &from)) {
            hear(ear->discovery, bytes, (size_t)len, &from, interface);
        }
    }
}

/* ---- Announcing ---- */

/* A socket that is bound to one address announces where that address is. */
static bool may_leave(const skad_local_discovery *self, const skad_udp_socket *port,
                      uint32_t interface)
{
    static const uint8_t everywhere[16] = {0};
    if (memcmp(port->bound.ip, everywhere, sizeof everywhere) == 0) {
        return true;
    }
    for (size_t i = 0; i < self->links.count; i++) {
        const skad_link *link = &self->links.all[i];
        if (link->interface == interface && link->address.family == port->bound.family &&
            memcmp(link->address.ip, port->bound.ip, sizeof port->bound.ip) == 0) {
            return true;
        }
    }
    return false;
}

/* Sends to the group on one interface, from the address there that is best. */
static int send_to(const skad_udp_socket *port, size_t family, const skad_link *link,
                   const uint8_t *bytes, size_t len)
{
    struct sockaddr_storage name;
    uint8_t copy[SKAD_DATAGRAM_BYTES_MAX];
    _Alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {0};
    memcpy(copy, bytes, len);
    struct iovec piece = {copy, len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_name = &name};
    message.msg_namelen = skad_address_to_sockaddr(&groups[family], &name);
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    if (family == 0) {
        struct in_pktinfo info = {.ipi_ifindex = (int)link->interface};
        memcpy(&info.ipi_spec_dst, link->address.ip, 4);
        *control = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
        memcpy(CMSG_DATA(control), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = link->interface};
        memcpy(&info.ipi6_addr, link->address.ip, 16);
        *control = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info),
                                    .cmsg_level = IPPROTO_IPV6,
                                    .cmsg_type = IPV6_PKTINFO};
        memcpy(CMSG_DATA(control), &info, sizeof info);
        ((struct sockaddr_in6 *)&name)->sin6_scope_id = link->interface;
    }
    return sendmsg(port->fd, &message, MSG_DONTWAIT) < 0 ? errno : 0;
}

/* Tells of a family's first failure, and not again until it works. */
static void tell_sending(skad_local_discovery *self, size_t family, int error)
{
    skad_local_ear *ear = &self->ears[family];
    if (error != 0 && ear->told == 0) {
        skad_log(self->config.log, SKAD_LOG_WARNING,
                 "local discovery by %s does not work here: %s; it is tried again", names[family],
                 strerror(error));
    }
    ear->told = error;
}

static size_t announce_by(skad_local_discovery *self, size_t family)
{
    const skad_udp_socket *port = port_of(self, family);
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
    size_t len = 0;
    size_t sent = 0;
    int error = 0;
    uint32_t done = 0; /* addresses of an interface follow each other, by family */
    for (size_t i = 0; port != NULL && i < self->links.count; i++) {
        const skad_link *link = &self->links.all[i];
        const skad_address *best =
            skad_links_best(&self->links, link->interface, (skad_family)groups[family].family);
        if (best != &link->address || link->interface == done ||
            !may_leave(self, port, link->interface)) {
            continue;
        }
        done = link->interface;
        len = len != 0
                  ? len
                  : skad_node_announcement(self->config.node, (skad_family)groups[family].family,
                                           *self->config.now, bytes);
        const int failed = len == 0 ? 0 : send_to(port, family, link, bytes, len);
        error = failed != 0 ? failed : error;
        self->counters.refused += failed != 0;
        sent += failed == 0;
    }
    self->counters.announced += sent;
    tell_sending(self, family, error);
    return sent;
}

static void tell_none(skad_local_discovery *self, bool none)
{
    if (none && !self->told_none) {
        skad_log(self->config.log, SKAD_LOG_WARNING,
                 "local discovery finds no network interface here that can multicast and has a "
                 "private address; it is tried again");
    }
    self->told_none = none;
}

static void on_announce(void *user)
{
    skad_local_discovery *self = user;
    skad_node_stats stats;
    size_t sent = 0;
    for (size_t family = 0; family < 2; family++) {
        sent += announce_by(self, family);
    }
    tell_none(self, sent == 0 && self->ears[0].told == 0 && self->ears[1].told == 0);
    skad_node_stats_get(self->config.node, *self->config.now, &stats);
    const uint64_t pause_us = stats.joined ? SKAD_LOCAL_PAUSE_US_JOINED : self->pause_us;
    skad_timer_start(self->config.loop, &self->announce, pause_us + draw() % (pause_us / 4));
    self->pause_us =
        self->pause_us < SKAD_LOCAL_PAUSE_US_MAX / 2 ? 2 * self->pause_us : SKAD_LOCAL_PAUSE_US_MAX;
}

/* ---- Beginning and end ---- */

/* Several nodes of a machine hear the group, so its port is shared. What is sent to the port alone
 * is not for it. */
static bool open_ear(skad_local_ear *ear)
{
    const int on = 1;
    const int off = 0;
    const bool ipv6 = ear->family == 1;
    struct sockaddr_storage name;
    skad_address everywhere = {.family = groups[ear->family].family, .port = SKAD_LOCAL_PORT};
    const socklen_t len = skad_address_to_sockaddr(&everywhere, &name);
    ear->fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (ear->fd < 0) {
        return false;
    }
    (void)setsockopt(ear->fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                     ipv6 ? IPV6_MULTICAST_ALL : IP_MULTICAST_ALL, &off, sizeof off);
    if ((ipv6 && setsockopt(ear->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        setsockopt(ear->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(ear->fd, (struct sockaddr *)&name, len) != 0) {
        const int error = errno;
        close(ear->fd);
        ear->fd = -1;
        errno = error;
        return false;
    }
    skad_pktinfo_enable(ear->fd, &everywhere);
    return true;
}

static void join_group(const skad_local_ear *ear, uint32_t interface)
{
    if (ear->family == 0) {
        struct ip_mreqn request = {.imr_ifindex = (int)interface};
        memcpy(&request.imr_multiaddr, groups[0].ip, 4);
        (void)setsockopt(ear->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
    } else {
        struct ipv6_mreq request = {.ipv6mr_interface = interface};
        memcpy(&request.ipv6mr_multiaddr, groups[1].ip, 16);
        (void)setsockopt(ear->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request);
    }
}

/* A membership that is there already stays; one that the system refuses is missed, and no more. */
static void join_groups(skad_local_discovery *self)
{
    skad_links_read(&self->links);
    for (size_t i = 0; i < self->links.count; i++) {
        const skad_link *link = &self->links.all[i];
        const skad_local_ear *ear = &self->ears[link->address.family == SKAD_FAMILY_IPV6];
        if (ear->fd >= 0) {
            join_group(ear, link->interface);
        }
    }
}

void skad_local_discovery_start(skad_local_discovery *self, const skad_local_config *config)
{
    *self = (skad_local_discovery){.config = *config, .on = true};
    self->announce = (skad_timer){.due = on_announce, .user = self};
    self->answer = (skad_timer){.due = on_answer, .user = self};
    for (size_t family = 0; family < 2; family++) {
        skad_local_ear *ear = &self->ears[family];
        *ear = (skad_local_ear){.discovery = self, .fd = -1, .family = family};
        if (port_of(self, family) == NULL) {
            continue;
        }
        if (!open_ear(ear)) {
            tell_sending(self, family, errno);
            continue;
        }
        ear->watch = (skad_watch){.fd = ear->fd, .readable = on_heard, .user = ear};
        skad_watch_start(config->loop, &ear->watch);
    }
    skad_local_discovery_changed(self);
}

void skad_local_discovery_changed(skad_local_discovery *self)
{
    if (!self->on) {
        return;
    }
    join_groups(self);
    self->pause_us = SKAD_LOCAL_PAUSE_US_MIN;
    skad_timer_start(self->config.loop, &self->announce, draw() % SKAD_US_PER_S);
}

void skad_local_discovery_stop(skad_local_discovery *self)
{
    if (!self->on) {
        return;
    }
    skad_timer_stop(self->config.loop, &self->announce);
    skad_timer_stop(self->config.loop, &self->answer);
    for (size_t family = 0; family < 2; family++) {
        if (self->ears[family].fd >= 0) {
            skad_watch_stop(self->config.loop, &self->ears[family].watch);
            close(self->ears[family].fd);
        }
    }
    *self = (skad_local_discovery){.on = false};
}
