/* A netlink socket. What its messages say is not read: that there was one is enough. */
#include "src/host/net/interfaces.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* A cable, its address and its route come one after the other; an IPv6 address may be used after a
 * second. */
#define SETTLE_US (3 * SKAD_US_PER_S / 2)

static void on_settled(void *user)
{
    const skad_interfaces *interfaces = user;
    interfaces->changed(interfaces->user);
}

/* A lost message (ENOBUFS) is one, too. */
static void on_readable(void *user)
{
    char message[4096];
    skad_interfaces *interfaces = user;
    (void)recv(interfaces->fd, message, sizeof message, MSG_DONTWAIT);
    if (!interfaces->settled.active) {
        skad_timer_start(interfaces->loop, &interfaces->settled, SETTLE_US);
    }
}

static int open_netlink(void)
{
    const struct sockaddr_nl name = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void skad_interfaces_start(skad_interfaces *interfaces, skad_loop *loop,
                           void (*changed)(void *user), void *user)
{
    *interfaces =
        (skad_interfaces){.changed = changed, .user = user, .loop = loop, .fd = open_netlink()};
    if (interfaces->fd >= 0) {
        interfaces->settled = (skad_timer){.due = on_settled, .user = interfaces};
        interfaces->readable = (skad_watch){
            .fd = interfaces->fd,
            .readable = on_readable,
            .user = interfaces,
        };
        skad_watch_start(loop, &interfaces->readable);
    }
}

void skad_interfaces_stop(skad_interfaces *interfaces)
{
    if (interfaces->fd >= 0) {
        skad_watch_stop(interfaces->loop, &interfaces->readable);
        skad_timer_stop(interfaces->loop, &interfaces->settled);
        close(interfaces->fd);
        interfaces->fd = -1;
    }
}
