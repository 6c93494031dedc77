/* The server of a gateway, turn by turn: requests over sockets on one side, links to the daemon on
 * the other. The server has a descriptor of its own to wait on (epoll). */
#define _GNU_SOURCE /* ppoll */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "src/gateway/serve/inside.h"
#include "src/host/system/clock.h"

#define TICK_US         1000000
#define CONNECTION_SLOW 60 /* seconds without a byte; guests.h is stricter */
#define REQUEST_BYTES   (16U * 1024)

/* ---- Begin ---- */

static struct MHD_Daemon *start(skad_gateway *self, int port)
{
    const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, skad_exchange_step, self, MHD_OPTION_LISTEN_SOCKET, port,
        MHD_OPTION_CONNECTION_LIMIT, self->config->connections + SKAD_SERVER_SPARE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        CONNECTION_SLOW, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_URI_LOG_CALLBACK, skad_exchange_new, self, MHD_OPTION_NOTIFY_COMPLETED,
        skad_exchange_over, self, MHD_OPTION_NOTIFY_CONNECTION, skad_exchange_guest, self,
        MHD_OPTION_END);
}

bool skad_server_start(skad_gateway *self, int port, int (*connect)(void *user), void *user)
{
    static const skad_control_method methods[SKAD_SNAPSHOTS] = {
        SKAD_CONTROL_STATUS, SKAD_CONTROL_HEALTH, SKAD_CONTROL_TABLE};
    bool ok = true;
    self->now_us = skad_clock_now().mono_us;
    self->guests.max = self->config->connections;
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        self->links[i].connect = connect;
        self->links[i].user = user;
        self->links[i].path = self->config->socket;
        ok = skad_link_init(&self->links[i]) && ok;
    }
    for (size_t i = 0; i < SKAD_SNAPSHOTS; i++) {
        self->snapshots[i].gateway = self;
        self->snapshots[i].method = methods[i];
    }
    self->server = ok ? start(self, port) : NULL;
    if (self->server == NULL) {
        for (size_t i = 0; i < SKAD_LINKS; i++) {
            skad_link_free(&self->links[i]);
        }
        return false;
    }
    self->server_fd = MHD_get_daemon_info(self->server, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    skad_assets_open(self);
    return true;
}

/* ---- Turns ---- */

static void tick(skad_gateway *self)
{
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        skad_link_tick(&self->links[i], self->now_us);
    }
    skad_guests_tick(&self->guests, self->now_us);
    for (skad_guest *guest = self->guests.first; guest != NULL; guest = guest->next) {
        if (guest->exchange != NULL && guest->exchange->endless) {
            skad_stream_tick(guest->exchange);
        }
    }
}

static int due_ms(const skad_gateway *self)
{
    MHD_UNSIGNED_LONG_LONG server_ms = TICK_US / 1000;
    const uint64_t tick_ms =
        self->tick_us > self->now_us ? (self->tick_us - self->now_us) / 1000 + 1 : 0;
    if (MHD_get_timeout(self->server, &server_ms) == MHD_NO) {
        server_ms = TICK_US / 1000;
    }
    return (int)(server_ms < tick_ms ? server_ms : tick_ms);
}

void skad_server_turn(skad_gateway *self, int wait_ms, const sigset_t *waiting)
{
    struct pollfd parts[1 + SKAD_LINKS] = {{.fd = self->server_fd, .events = POLLIN}};
    const int most_ms = due_ms(self);
    const int ms = wait_ms < most_ms ? wait_ms : most_ms;
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        parts[1 + i].fd = self->links[i].fd;
        parts[1 + i].events = skad_link_events(&self->links[i]);
    }
    if (ppoll(parts, sizeof parts / sizeof parts[0], &wait, waiting) < 0) {
        return; /* a signal */
    }
    self->now_us = skad_clock_now().mono_us;
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        if (self->links[i].fd == parts[1 + i].fd) {
            skad_link_ready(&self->links[i], parts[1 + i].revents);
        }
    }
    (void)MHD_run(self->server);
    if (self->now_us >= self->tick_us) {
        self->tick_us = self->now_us + TICK_US;
        tick(self);
    }
}

static void free_answers(skad_gateway *self)
{
    for (size_t i = 0; i < SKAD_SNAPSHOTS; i++) {
        free(self->snapshots[i].text);
        if (self->snapshots[i].response != NULL) {
            MHD_destroy_response(self->snapshots[i].response);
        }
    }
    for (size_t i = 0; i < SKAD_ASSETS; i++) {
        if (self->assets[i] != NULL) {
            MHD_destroy_response(self->assets[i]);
        }
    }
}

/* No connection may be suspended when the server ends. */
void skad_server_stop(skad_gateway *self)
{
    for (skad_guest *guest = self->guests.first; guest != NULL; guest = guest->next) {
        if (guest->exchange != NULL) {
            guest->exchange->flow.over = true;
            skad_exchange_resume(guest->exchange);
        }
        (void)shutdown(guest->fd, SHUT_RDWR);
    }
    (void)MHD_run(self->server);
    MHD_stop_daemon(self->server);
    free_answers(self);
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        skad_link_free(&self->links[i]);
    }
}
