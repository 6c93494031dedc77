/* A netlink socket. What its messages say is not read: that there was one is enough. */
#include "src/daemon/net/interfaces.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* A cable, its address and its route come one after the other; an IPv6 address may be used after a
 * second. */
#define SETTLE_S 1.5

static void on_settled(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    const skad_interfaces *interfaces = watcher->data;
    interfaces->changed(interfaces->user);
}

/* A lost message (ENOBUFS) is one, too. */
static void on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    char message[4096];
    (void)revents;
    skad_interfaces *interfaces = watcher->data;
    (void)recv(interfaces->fd, message, sizeof message, MSG_DONTWAIT);
    if (!ev_is_active(&interfaces->settled)) {
        ev_timer_set(&interfaces->settled, SETTLE_S, 0.);
        ev_timer_start(loop, &interfaces->settled);
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

void skad_interfaces_start(skad_interfaces *interfaces, struct ev_loop *loop,
                           void (*changed)(void *user), void *user)
{
    *interfaces =
        (skad_interfaces){.changed = changed, .user = user, .loop = loop, .fd = open_netlink()};
    if (interfaces->fd >= 0) {
        ev_timer_init(&interfaces->settled, on_settled, SETTLE_S, 0.);
        ev_io_init(&interfaces->readable, on_readable, interfaces->fd, EV_READ);
        interfaces->settled.data = interfaces;
        interfaces->readable.data = interfaces;
        ev_io_start(loop, &interfaces->readable);
    }
}

void skad_interfaces_stop(skad_interfaces *interfaces)
{
    if (interfaces->fd >= 0) {
        ev_io_stop(interfaces->loop, &interfaces->readable);
        ev_timer_stop(interfaces->loop, &interfaces->settled);
        close(interfaces->fd);
        interfaces->fd = -1;
    }
}
