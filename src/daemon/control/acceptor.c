/* Accepting, by an event and a timer. */
#define _GNU_SOURCE /* accept4 */
#include "src/daemon/control/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_A_TURN 16
#define PAUSE_S        1.0 /* no spinning on the same connection */

static void on_acceptable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)revents;
    skad_acceptor *acceptor = watcher->data;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(acceptor->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            acceptor->accepted(acceptor->user, fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            ev_io_stop(loop, &acceptor->acceptable);
            ev_timer_set(&acceptor->again, PAUSE_S, 0.);
            ev_timer_start(loop, &acceptor->again);
            return;
        }
    }
}

static void on_again(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)revents;
    skad_acceptor *acceptor = watcher->data;
    ev_io_start(loop, &acceptor->acceptable);
}

void skad_acceptor_start(skad_acceptor *acceptor)
{
    ev_io_init(&acceptor->acceptable, on_acceptable, acceptor->fd, EV_READ);
    ev_timer_init(&acceptor->again, on_again, PAUSE_S, 0.);
    acceptor->acceptable.data = acceptor;
    acceptor->again.data = acceptor;
    ev_io_start(acceptor->loop, &acceptor->acceptable);
}

void skad_acceptor_stop(skad_acceptor *acceptor)
{
    ev_io_stop(acceptor->loop, &acceptor->acceptable);
    ev_timer_stop(acceptor->loop, &acceptor->again);
    close(acceptor->fd);
}

bool skad_acceptor_open(skad_acceptor *acceptor, const skad_control_place *place,
                        skad_failure *failure)
{
    acceptor->path = strdup(place->path);
    if (acceptor->path == NULL) {
        return skad_fail(failure, "out of memory");
    }
    if (!skad_control_listen_at(place, &acceptor->fd, failure)) {
        free(acceptor->path);
        acceptor->path = NULL;
        return false;
    }
    skad_acceptor_start(acceptor);
    return true;
}

void skad_acceptor_close(skad_acceptor *acceptor)
{
    if (acceptor->path == NULL) {
        return;
    }
    skad_acceptor_stop(acceptor);
    unlink(acceptor->path);
    free(acceptor->path);
    acceptor->path = NULL;
}
