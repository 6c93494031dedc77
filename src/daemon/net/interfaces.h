/* Tells when an interface or an address of this machine comes, goes or changes (rtnetlink(7)), so
 * that a node without a network need not wait for its next try. */
#ifndef SKAD_DAEMON_NET_INTERFACES_H
#define SKAD_DAEMON_NET_INTERFACES_H

#include <ev.h>

typedef struct skad_interfaces {
    void (*changed)(void *user); /* on the loop, once for changes that come together */
    void *user;

    struct ev_loop *loop; /* the rest is for interfaces.c */
    int fd;
    ev_io readable;
    ev_timer settled;
} skad_interfaces;

/* Begins to watch. Where the system has no such messages, nothing is ever told. */
void skad_interfaces_start(skad_interfaces *interfaces, struct ev_loop *loop,
                           void (*changed)(void *user), void *user);
void skad_interfaces_stop(skad_interfaces *interfaces);

#endif
