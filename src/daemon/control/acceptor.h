/* Accepts connections at a listening socket, and pauses for a second when the process has run out
 * of descriptors. */
#ifndef SKAD_DAEMON_CONTROL_ACCEPTOR_H
#define SKAD_DAEMON_CONTROL_ACCEPTOR_H

#include <ev.h>

#include "src/daemon/control/control_listen.h"

/* Must not move after its start: its watchers point to it. */
typedef struct skad_acceptor {
    struct ev_loop *loop;
    int fd;     /* listens; the acceptor's from the start on */
    char *path; /* of the socket file that was opened; NULL: none was */
    ev_io acceptable;
    ev_timer again;
    void (*accepted)(void *user, int fd); /* fd: a connection, non-blocking, the callee's */
    void *user;
} skad_acceptor;

/* Begins to accept; loop, fd, accepted and user are filled in. */
void skad_acceptor_start(skad_acceptor *acceptor);

/* Opens a socket file and begins to accept there; loop, accepted and user are filled in. */
SKAD_MUST_CHECK bool skad_acceptor_open(skad_acceptor *acceptor, const skad_control_place *place,
                                        skad_failure *failure);
/* Ends that, and removes the file. Does nothing if it was not opened. */
void skad_acceptor_close(skad_acceptor *acceptor);

/* Accepts no more, and closes the listening socket. */
void skad_acceptor_stop(skad_acceptor *acceptor);

#endif
