/* Parsing and listening. */
#include "src/daemon/metrics/metrics_place.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/daemon/control/control_listen.h"
#include "src/host/net/udp.h"

#define CONNECTIONS_WAITING 16

static bool is_loopback(const skad_address *address)
{
    static const uint8_t ipv6[16] = {[15] = 1};
    return address->family == SKAD_FAMILY_IPV4 ? address->ip[0] == 127
                                               : memcmp(address->ip, ipv6, sizeof ipv6) == 0;
}

bool skad_metrics_place_parse(const char *text, skad_metrics_place *out, skad_failure *failure)
{
    memset(out, 0, sizeof *out);
    if (strcmp(text, "off") == 0) {
        return true;
    }
    if (text[0] == '/') {
        const size_t len = strlen(text);
        if (len >= sizeof out->path) {
            return skad_fail(failure, "the path is longer than %zu bytes", sizeof out->path - 1);
        }
        memcpy(out->path, text, len + 1);
        return true;
    }
    if (!skad_address_parse(text, &out->address) || out->address.port == 0) {
        memset(out, 0, sizeof *out);
        return skad_fail(failure,
                         "%s: give 127.0.0.1:PORT, [::1]:PORT, the path of a socket, or off", text);
    }
    if (!is_loopback(&out->address)) {
        memset(out, 0, sizeof *out);
        return skad_fail(failure,
                         "%s is not an address of this machine alone, and the figures have no "
                         "password: give 127.0.0.1:PORT, or the path of a socket",
                         text);
    }
    return true;
}

bool skad_metrics_place_is(const skad_metrics_place *place)
{
    return place->address.family != SKAD_FAMILY_NONE || place->path[0] != 0;
}

static bool listen_at_port(const skad_address *address, int *fd, skad_failure *failure)
{
    struct sockaddr_storage name;
    char text[SKAD_ADDRESS_TEXT_BYTES];
    const int on = 1;
    const socklen_t len = skad_address_to_sockaddr(address, &name);
    skad_address_format(address, text);
    *fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return skad_fail(failure, "metrics: cannot make a socket: %s", strerror(errno));
    }
    (void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(*fd, (const struct sockaddr *)&name, len) == 0 &&
        listen(*fd, CONNECTIONS_WAITING) == 0) {
        return true;
    }
    (void)skad_fail(failure, "metrics: cannot listen on %s: %s: choose another port", text,
                    strerror(errno));
    (void)close(*fd);
    *fd = -1;
    return false;
}

bool skad_metrics_place_listen(const skad_metrics_place *place, int *fd, skad_failure *failure)
{
    skad_failure why;
    if (place->address.family != SKAD_FAMILY_NONE) {
        return listen_at_port(&place->address, fd, failure);
    }
    const skad_control_place socket = {.path = place->path, .option = "--metrics"};
    if (!skad_control_listen_at(&socket, fd, &why)) {
        return skad_fail(failure, "metrics: %.480s", why.text);
    }
    (void)chmod(place->path, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP);
    return true;
}
