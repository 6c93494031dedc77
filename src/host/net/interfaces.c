/* A netlink socket. What its messages say is not read: that there was one is enough. */
#include "src/host/net/interfaces.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* A cable, its address and its route come one after the other; an IPv6 address may be used after a
 * second. */
#define SETTLE_US (3 * SKAD_US_PER_S / 2)

#define MESSAGES_MAX 256 /* that are thrown away at once; with more, the next change comes soon */

static void on_settled(void *user)
{
    char message[4096];
    skad_interfaces *interfaces = user;
    for (size_t i = 0; i < MESSAGES_MAX; i++) {
        if (recv(interfaces->fd, message, sizeof message, MSG_DONTWAIT) < 0 && errno != ENOBUFS) {
            break;
        }
    }
    skad_watch_start(interfaces->loop, &interfaces->readable);
    interfaces->changed(interfaces->user);
}

/* Looks away until all is settled: a router's machine has thousands of changes in a second. A lost
 * message (ENOBUFS) is one, too. */
static void on_readable(void *user)
{
    skad_interfaces *interfaces = user;
    skad_watch_stop(interfaces->loop, &interfaces->readable);
    skad_timer_start(interfaces->loop, &interfaces->settled, SETTLE_US);
}

#define GROUP_IPV6_RULE (1U << (RTNLGRP_IPV6_RULE - 1)) /* which has no RTMGRP_ name */

static int open_netlink(void)
{
    const struct sockaddr_nl name = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                     RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | GROUP_IPV6_RULE,
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
