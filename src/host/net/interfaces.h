/* Tells when an interface, an address, a route or a rule of this machine comes, goes or changes
 * (rtnetlink(7)), so that a node whose machine moved need not wait until it notices. */
#ifndef SKAD_HOST_NET_INTERFACES_H
#define SKAD_HOST_NET_INTERFACES_H

#include "src/host/loop/loop.h"

typedef struct skad_interfaces {
    void (*changed)(void *user); /* on the loop, once for changes that come together */
    void *user;

    skad_loop *loop; /* the rest is for interfaces.c */
    int fd;
    skad_watch readable;
    skad_timer settled;
} skad_interfaces;

/* Begins to watch. Where the system has no such messages, nothing is ever told. */
void skad_interfaces_start(skad_interfaces *interfaces, skad_loop *loop,
                           void (*changed)(void *user), void *user);
void skad_interfaces_stop(skad_interfaces *interfaces);

#endif
