#include "src/host/net/drain.h"

#include <poll.h>

static bool has_waiting(int fd)
{
    struct pollfd socket = {.fd = fd, .events = POLLIN};
    return poll(&socket, 1, 0) > 0 && (socket.revents & POLLIN) != 0;
}

bool skad_drain_look(skad_drain *self, const skad_udp_endpoints *endpoints)
{
    bool stuck = false;
    for (size_t i = 0; i < endpoints->count; i++) {
        const skad_udp_endpoint *port = &endpoints->endpoints[i];
        const bool waiting = has_waiting(port->udp->fd);
        stuck = stuck || (waiting && self->waiting[i] && port->taken == self->taken[i]);
        self->waiting[i] = waiting;
        self->taken[i] = port->taken;
    }
    return !stuck;
}
