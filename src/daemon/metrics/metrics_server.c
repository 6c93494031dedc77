/* Connections, by events and a timer each. */
#include "src/daemon/metrics/metrics_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ev.h>

#include "src/daemon/control/acceptor.h"
#include "src/daemon/metrics/http_request.h"
#include "src/daemon/metrics/metrics_text.h"

#define EXCHANGE_S     10.0
#define HEAD_BYTES_MAX 256 /* of an answer */
#define TEXT_LIFE_US   (SKAD_US_PER_S / 2)

typedef struct connection {
    skad_metrics_server *server;
    int fd;
    uint64_t number; /* the lower, the older */
    ev_io readable;
    ev_io writable;
    ev_timer patience;
    char in[SKAD_HTTP_HEAD_BYTES_MAX];
    size_t in_len;
    char *out; /* NULL: still reading */
    size_t out_len;
    size_t out_sent;
} connection;

struct skad_metrics_server {
    skad_metrics_config config;
    skad_metrics_place place;
    skad_acceptor acceptor;
    connection *connections[SKAD_METRICS_CONNECTIONS_MAX];
    uint64_t accepted;
    char text[SKAD_METRICS_TEXT_BYTES_MAX];
    size_t text_len;
    uint64_t made_us; /* when the text was made; 0: it was not */
};

/* ---- Life of a connection ---- */

static void hang_up(connection *self)
{
    skad_metrics_server *server = self->server;
    for (size_t i = 0; i < SKAD_METRICS_CONNECTIONS_MAX; i++) {
        if (server->connections[i] == self) {
            server->connections[i] = NULL;
        }
    }
    ev_io_stop(server->config.loop, &self->readable);
    ev_io_stop(server->config.loop, &self->writable);
    ev_timer_stop(server->config.loop, &self->patience);
    (void)close(self->fd);
    free(self->out);
    free(self);
}

/* Sends what the socket takes; with all sent the connection is gone. */
static void send_on(connection *self)
{
    while (self->out_sent < self->out_len) {
        const ssize_t sent = send(self->fd, self->out + self->out_sent,
                                  self->out_len - self->out_sent, MSG_NOSIGNAL);
        if (sent > 0) {
            self->out_sent += (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            ev_io_start(self->server->config.loop, &self->writable);
            return;
        } else if (errno != EINTR) {
            break;
        }
    }
    hang_up(self);
}

/* ---- Answers ---- */

/* Makes the text anew unless it is of this half second. */
static void make_text(skad_metrics_server *server)
{
    skad_exposition out;
    const skad_time now = *server->config.now;
    if (server->made_us != 0 && now.mono_us - server->made_us < TEXT_LIFE_US) {
        return;
    }
    skad_exposition_init(&out, server->text, sizeof server->text);
    skad_metrics_text(server->config.context, now, &out);
    server->text_len = out.len;
    server->made_us = now.mono_us;
}

static void answer(connection *self, skad_http_request request)
{
    skad_metrics_server *server = self->server;
    const bool fine = request == SKAD_HTTP_METRICS || request == SKAD_HTTP_HEAD;
    char plain[64];
    const char *body = plain;
    size_t body_len = (size_t)snprintf(plain, sizeof plain, "%s\n", skad_http_status(request));
    if (fine) {
        make_text(server);
        body = server->text;
        body_len = server->text_len;
    }
    self->out = malloc(HEAD_BYTES_MAX + body_len);
    if (self->out == NULL) {
        hang_up(self);
        return;
    }
    const int head_len =
        snprintf(self->out, HEAD_BYTES_MAX,
                 "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                 "Content-Length: %zu\r\n%sConnection: close\r\n\r\n",
                 skad_http_status(request), body_len,
                 request == SKAD_HTTP_METHOD ? "Allow: GET, HEAD\r\n" : "");
    self->out_len = (size_t)head_len;
    if (request != SKAD_HTTP_HEAD) {
        memcpy(self->out + self->out_len, body, body_len);
        self->out_len += body_len;
    }
    ev_io_stop(server->config.loop, &self->readable);
    send_on(self);
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)loop;
    (void)revents;
    connection *self = watcher->data;
    const ssize_t got = recv(self->fd, self->in + self->in_len, sizeof self->in - self->in_len, 0);
    if (got > 0) {
        self->in_len += (size_t)got;
        const skad_http_request request = skad_http_request_read(self->in, self->in_len);
        if (request != SKAD_HTTP_MORE) {
            answer(self, request);
        }
    } else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        hang_up(self);
    }
}

static void on_writable(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)revents;
    ev_io_stop(loop, watcher);
    send_on(watcher->data);
}

/* Slow to ask, or slow to read. */
static void on_patience(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    hang_up(watcher->data);
}

/* ---- Accepting ---- */

/* A free place; of eight connections the oldest gives way. */
static size_t make_place(skad_metrics_server *server)
{
    size_t oldest = 0;
    for (size_t i = 0; i < SKAD_METRICS_CONNECTIONS_MAX; i++) {
        if (server->connections[i] == NULL) {
            return i;
        }
        if (server->connections[i]->number < server->connections[oldest]->number) {
            oldest = i;
        }
    }
    hang_up(server->connections[oldest]);
    return oldest;
}

static void on_accepted(void *user, int fd)
{
    skad_metrics_server *server = user;
    struct ev_loop *loop = server->config.loop;
    connection *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)close(fd);
        return;
    }
    self->server = server;
    self->fd = fd;
    self->number = server->accepted++;
    ev_io_init(&self->readable, on_readable, fd, EV_READ);
    ev_io_init(&self->writable, on_writable, fd, EV_WRITE);
    ev_timer_init(&self->patience, on_patience, EXCHANGE_S, 0.);
    self->readable.data = self;
    self->writable.data = self;
    self->patience.data = self;
    server->connections[make_place(server)] = self;
    ev_io_start(loop, &self->readable);
    ev_timer_start(loop, &self->patience);
}

bool skad_metrics_server_new(const skad_metrics_config *config, skad_metrics_server **out,
                             skad_failure *failure)
{
    int fd = -1;
    skad_metrics_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return skad_fail(failure, "out of memory");
    }
    if (!skad_metrics_place_listen(config->place, &fd, failure)) {
        free(server);
        return false;
    }
    server->config = *config;
    server->place = *config->place;
    server->config.place = NULL;
    server->acceptor =
        (skad_acceptor){.loop = config->loop, .fd = fd, .accepted = on_accepted, .user = server};
    skad_acceptor_start(&server->acceptor);
    *out = server;
    return true;
}

void skad_metrics_server_free(skad_metrics_server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; i < SKAD_METRICS_CONNECTIONS_MAX; i++) {
        if (server->connections[i] != NULL) {
            hang_up(server->connections[i]);
        }
    }
    skad_acceptor_stop(&server->acceptor);
    if (server->place.path[0] != 0) {
        (void)unlink(server->place.path);
    }
    free(server);
}

size_t skad_metrics_server_connections(const skad_metrics_server *server)
{
    size_t count = 0;
    for (size_t i = 0; i < SKAD_METRICS_CONNECTIONS_MAX; i++) {
        count += server->connections[i] != NULL;
    }
    return count;
}
