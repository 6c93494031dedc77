/* The buffers of a connection. The output grows by doubling up to its cap and is freed when
 * everything was sent. */
#include "src/daemon/control/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_BYTES_FIRST 4096

void skad_connection_init(skad_connection *client, int fd)
{
    memset(client, 0, sizeof *client);
    client->fd = fd;
}

void skad_connection_close(skad_connection *client)
{
    close(client->fd);
    free(client->out);
}

/* Whether the other side is gone altogether, and did not just close its sending half. */
static bool hung_up(int fd)
{
    struct pollfd state = {.fd = fd};
    return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

void skad_connection_receive(skad_connection *client)
{
    size_t room = sizeof client->in - client->in_len;
    if (room == 0 || client->ended) {
        return;
    }
    ssize_t got = recv(client->fd, client->in + client->in_len, room, 0);
    if (got > 0) {
        client->in_len += (size_t)got;
    } else if (got == 0) {
        client->ended = true;
        client->broken = client->broken || hung_up(client->fd);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        client->broken = true;
    }
}

void skad_connection_consume(skad_connection *client, size_t len)
{
    client->in_len -= len;
    memmove(client->in, client->in + len, client->in_len);
}

size_t skad_connection_unsent(const skad_connection *client)
{
    return client->out_len - client->out_sent;
}

static bool make_room(skad_connection *client, size_t len)
{
    if (client->out_sent > 0) {
        memmove(client->out, client->out + client->out_sent, skad_connection_unsent(client));
        client->out_len -= client->out_sent;
        client->out_sent = 0;
    }
    size_t wanted = client->out_len + len;
    if (wanted > SKAD_CONNECTION_OUT_BYTES_MAX) {
        return false;
    }
    size_t cap = client->out_cap == 0 ? OUT_BYTES_FIRST : client->out_cap;
    while (cap < wanted) {
        cap *= 2;
    }
    if (cap == client->out_cap) {
        return true;
    }
    uint8_t *grown = realloc(client->out, cap);
    if (grown == NULL) {
        return false;
    }
    client->out = grown;
    client->out_cap = cap;
    return true;
}

void skad_connection_send(skad_connection *client, const uint8_t *data, size_t len)
{
    if (client->broken) {
        return;
    }
    if (!make_room(client, len)) {
        client->broken = true;
        return;
    }
    memcpy(client->out + client->out_len, data, len);
    client->out_len += len;
    skad_connection_flush(client);
}

void skad_connection_flush(skad_connection *client)
{
    while (!client->broken && skad_connection_unsent(client) > 0) {
        ssize_t sent = send(client->fd, client->out + client->out_sent,
                            skad_connection_unsent(client), MSG_NOSIGNAL);
        if (sent > 0) {
            client->out_sent += (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR) {
            client->broken = true;
        }
    }
    if (skad_connection_unsent(client) == 0) {
        free(client->out);
        client->out = NULL;
        client->out_cap = 0;
        client->out_len = 0;
        client->out_sent = 0;
    }
}
