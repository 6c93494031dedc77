/* The process: one thread, one loop. The server has a descriptor of its own to wait on (epoll);
 * beside it lie the links to the daemon. */
#define _GNU_SOURCE /* ppoll */
#include "src/gateway/serve/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/gateway/serve/inside.h"
#include "src/host/system/clock.h"
#include "src/host/system/failure.h"

#define TICK_US         1000000
#define BACKLOG         512
#define CONNECTION_SLOW 60 /* seconds without a byte; guests.h is stricter */
#define REQUEST_BYTES   (16U * 1024)
#define SPARE           64 /* connections that are on their way out; descriptors beside */

/* ---- Signals ---- */

static volatile sig_atomic_t ended;

static void on_end(int number)
{
    (void)number;
    ended = 1;
}

/* They come only while the loop waits, so that none is missed before it. */
static void catch_signals(sigset_t *before)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = on_end};
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)sigaddset(&blocked, numbers[i]);
        (void)sigaction(numbers[i], &action, NULL);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigprocmask(SIG_BLOCK, &blocked, before);
}

/* ---- Opening ---- */

bool skad_gateway_is_loopback(const skad_address *address)
{
    static const uint8_t one[16] = {[15] = 1};
    if (address->family == SKAD_FAMILY_IPV4) {
        return address->ip[0] == 127;
    }
    return memcmp(address->ip, one, sizeof one) == 0;
}

static socklen_t to_socket_address(const skad_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == SKAD_FAMILY_IPV4) {
        struct sockaddr_in *to = (struct sockaddr_in *)out;
        to->sin_family = AF_INET;
        to->sin_port = htons(address->port);
        memcpy(&to->sin_addr, address->ip, sizeof to->sin_addr);
        return sizeof *to;
    }
    struct sockaddr_in6 *to = (struct sockaddr_in6 *)out;
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(address->port);
    memcpy(&to->sin6_addr, address->ip, sizeof to->sin6_addr);
    return sizeof *to;
}

/* The port that the system has chosen. */
static void read_port(int fd, skad_address *address)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &len) == 0) {
        address->port =
            ntohs(name.ss_family == AF_INET ? ((struct sockaddr_in *)&name)->sin_port
                                            : ((struct sockaddr_in6 *)&name)->sin6_port);
    }
}

static int open_port(const skad_gateway_config *config, skad_address *bound, skad_failure *failure)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    struct sockaddr_storage name;
    const int yes = 1;
    const socklen_t len = to_socket_address(&config->listen, &name);
    skad_address_format(&config->listen, text);
    const int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (name.ss_family == AF_INET6) {
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
        }
    }
    if (fd < 0 || bind(fd, (const struct sockaddr *)&name, len) != 0 || listen(fd, BACKLOG) != 0) {
        (void)skad_fail(failure, "cannot listen on %s: %s: name another --listen", text,
                        strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    *bound = config->listen;
    read_port(fd, bound);
    return fd;
}

static struct MHD_Daemon *start_server(skad_gateway *self, int port)
{
    const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, skad_exchange_step, self, MHD_OPTION_LISTEN_SOCKET, port,
        MHD_OPTION_CONNECTION_LIMIT, self->config->connections + SPARE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        CONNECTION_SLOW, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_URI_LOG_CALLBACK, skad_exchange_new, self, MHD_OPTION_NOTIFY_COMPLETED,
        skad_exchange_over, self, MHD_OPTION_NOTIFY_CONNECTION, skad_exchange_guest, self,
        MHD_OPTION_END);
}

static int connect_link(void *user)
{
    return skad_opener_connect(user);
}

static bool open_links(skad_gateway *self)
{
    static const skad_control_method methods[SKAD_SNAPSHOTS] = {
        SKAD_CONTROL_STATUS, SKAD_CONTROL_HEALTH, SKAD_CONTROL_TABLE};
    bool ok = true;
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        self->links[i].connect = connect_link;
        self->links[i].user = &self->opener;
        self->links[i].path = self->config->socket;
        ok = skad_link_init(&self->links[i]) && ok;
    }
    for (size_t i = 0; i < SKAD_SNAPSHOTS; i++) {
        self->snapshots[i].method = methods[i];
    }
    return ok;
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

static int wait_ms(const skad_gateway *self)
{
    MHD_UNSIGNED_LONG_LONG server_ms = TICK_US / 1000;
    const uint64_t tick_ms =
        self->tick_us > self->now_us ? (self->tick_us - self->now_us) / 1000 + 1 : 0;
    if (MHD_get_timeout(self->server, &server_ms) == MHD_NO) {
        server_ms = TICK_US / 1000;
    }
    return (int)(server_ms < tick_ms ? server_ms : tick_ms);
}

static void turn(skad_gateway *self, int server_fd, const sigset_t *waiting)
{
    struct pollfd parts[1 + SKAD_LINKS] = {{.fd = server_fd, .events = POLLIN}};
    const int ms = wait_ms(self);
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

/* No connection may be suspended when the server ends. */
static void stop_server(skad_gateway *self)
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

static void enter_sandbox(const skad_gateway_config *config)
{
    const skad_sandbox_config sandbox = {
        .wanted = config->sandbox,
        .descriptors = config->connections + 2 * SPARE,
        .log = config->log,
    };
    const skad_sandbox outcome = skad_sandbox_enter(&sandbox);
    skad_log(config->log, SKAD_LOG_INFO, "sandbox: %s", skad_sandbox_name(outcome));
}

static bool serve(skad_gateway *self, int port, const skad_address *bound, skad_failure *failure)
{
    sigset_t before;
    ended = 0;
    self->now_us = skad_clock_now().mono_us;
    self->server = start_server(self, port);
    if (self->server == NULL) {
        close(port);
        return skad_fail(failure, "cannot start the server: is there memory left?");
    }
    skad_assets_open(self);
    catch_signals(&before);
    enter_sandbox(self->config);
    const int server_fd = MHD_get_daemon_info(self->server, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (self->config->ready != NULL) {
        self->config->ready(self->config->user, bound);
    }
    while (!ended) {
        turn(self, server_fd, &before);
    }
    stop_server(self);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return true;
}

bool skad_gateway_run(const skad_gateway_config *config, skad_failure *failure)
{
    skad_address bound;
    skad_gateway *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return skad_fail(failure, "out of memory");
    }
    self->config = config;
    self->guests.max = config->connections;
    if (!skad_opener_start(config->socket, &self->opener, failure)) {
        free(self);
        return false;
    }
    const int port = open_port(config, &bound, failure);
    bool ok = port >= 0;
    if (ok && !open_links(self)) {
        close(port);
        ok = skad_fail(failure, "out of memory");
    }
    ok = ok && serve(self, port, &bound, failure);
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        skad_link_free(&self->links[i]);
    }
    free_answers(self);
    skad_opener_stop(&self->opener);
    free(self);
    return ok;
}
