/* The process: one thread, one loop; its port, its signals, its sandbox. */
#include "src/gateway/serve/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/gateway/serve/inside.h"
#include "src/host/system/failure.h"

#define BACKLOG 512
#define WAIT_MS 1000

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

static int connect_link(void *user)
{
    return skad_opener_connect(user);
}

static void enter_sandbox(const skad_gateway_config *config)
{
    const skad_sandbox_config sandbox = {
        .wanted = config->sandbox,
        .descriptors = config->connections + 2 * SKAD_SERVER_SPARE,
        .log = config->log,
    };
    const skad_sandbox outcome = skad_sandbox_enter(&sandbox);
    skad_log(config->log, SKAD_LOG_INFO, "sandbox: %s", skad_sandbox_name(outcome));
}

static bool serve(skad_gateway *self, int port, const skad_address *bound, skad_failure *failure)
{
    sigset_t before;
    ended = 0;
    if (!skad_server_start(self, port, connect_link, &self->opener)) {
        close(port);
        return skad_fail(failure, "cannot start the server: is there memory left?");
    }
    catch_signals(&before);
    enter_sandbox(self->config);
    if (self->config->ready != NULL) {
        self->config->ready(self->config->user, bound);
    }
    while (!ended) {
        skad_server_turn(self, WAIT_MS, &before);
    }
    skad_server_stop(self);
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
    if (!skad_opener_start(config->socket, &self->opener, failure)) {
        free(self);
        return false;
    }
    const int port = open_port(config, &bound, failure);
    const bool ok = port >= 0 && serve(self, port, &bound, failure);
    skad_opener_stop(&self->opener);
    free(self);
    return ok;
}
