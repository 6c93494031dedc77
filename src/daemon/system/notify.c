/* The protocol without libsystemd: it is a socket and some words. */
#include "src/daemon/system/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define US_PER_S 1e6

static struct {
    int fd; /* -1: no manager */
    double watchdog_s;
    char status[SKAD_NOTIFY_BYTES_MAX]; /* the last one that was sent */
} manager = {.fd = -1};

/* "/path" or "@name" of an abstract socket. */
static bool name_socket(const char *text, struct sockaddr_un *out, socklen_t *len)
{
    const size_t text_len = strlen(text);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((text[0] != '/' && text[0] != '@') || text_len < 2 || text_len >= sizeof out->sun_path) {
        return false;
    }
    memcpy(out->sun_path, text, text_len);
    if (text[0] == '@') {
        out->sun_path[0] = '\0';
    }
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + text_len + (text[0] == '/'));
    return true;
}

/* The watchdog may be meant for another process, of which this one is a child. */
static double read_watchdog(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    const char *period = getenv("WATCHDOG_USEC");
    char *end = NULL;
    if (period == NULL || period[0] < '0' || period[0] > '9' ||
        (pid != NULL && strtoimax(pid, NULL, 10) != getpid())) {
        return 0;
    }
    const double period_us = (double)strtoumax(period, &end, 10);
    return *end == '\0' ? period_us / US_PER_S : 0;
}

bool skad_notify_open(void)
{
    const char *text = getenv("NOTIFY_SOCKET");
    struct sockaddr_un name;
    socklen_t len = 0;
    skad_notify_close();
    if (text != NULL && name_socket(text, &name, &len)) {
        manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (manager.fd >= 0 && connect(manager.fd, (const struct sockaddr *)&name, len) != 0) {
            skad_notify_close();
        }
    }
    manager.watchdog_s = manager.fd >= 0 ? read_watchdog() : 0;
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    return manager.fd >= 0;
}

void skad_notify_close(void)
{
    if (manager.fd >= 0) {
        (void)close(manager.fd);
    }
    manager.fd = -1;
    manager.watchdog_s = 0;
    manager.status[0] = '\0';
}

static void send_text(const char *text)
{
    while (send(manager.fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
           errno == EINTR) {
    }
}

void skad_notify(const char *format, ...)
{
    char text[SKAD_NOTIFY_BYTES_MAX];
    va_list arguments;
    if (manager.fd < 0) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_text(text);
}

void skad_notify_status(const char *format, ...)
{
    static const char key[] = "STATUS=";
    char text[SKAD_NOTIFY_BYTES_MAX];
    va_list arguments;
    if (manager.fd < 0) {
        return;
    }
    memcpy(text, key, sizeof key - 1);
    va_start(arguments, format);
    (void)vsnprintf(text + sizeof key - 1, sizeof text - sizeof key + 1, format, arguments);
    va_end(arguments);
    if (strcmp(text, manager.status) != 0) {
        memcpy(manager.status, text, sizeof text);
        send_text(text);
    }
}

void skad_notify_extend(unsigned seconds, const char *why)
{
    skad_notify("EXTEND_TIMEOUT_USEC=%" PRIu64 "\nSTATUS=%s", (uint64_t)seconds * 1000000, why);
}

double skad_notify_watchdog_s(void)
{
    return manager.watchdog_s;
}
