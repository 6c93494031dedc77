/* Accepts connections at a listening socket, and pauses for a second when the process has run out
 * of descriptors. */
#ifndef SKAD_DAEMON_CONTROL_ACCEPTOR_H
#define SKAD_DAEMON_CONTROL_ACCEPTOR_H

#include <ev.h>

/* Must not move after its start: its watchers point to it. */
typedef struct skad_acceptor {
    struct ev_loop *loop;
    int fd; /* listens; the acceptor's from the start on */
    ev_io acceptable;
    ev_timer again;
    void (*accepted)(void *user, int fd); /* fd: a connection, non-blocking, the callee's */
    void *user;
} skad_acceptor;

/* Begins to accept; loop, fd, accepted and user are filled in. */
void skad_acceptor_start(skad_acceptor *acceptor);

/* Accepts no more, and closes the listening socket. */
void skad_acceptor_stop(skad_acceptor *acceptor);

#endif
