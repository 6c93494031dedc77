/* Requests are one byte, answers an errno, and with 0 a descriptor beside it. */
#include "src/gateway/link/opener.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/host/system/failure.h"

#define ANSWER_WAIT_S 2

typedef union room {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
} room;

/* ---- The process ---- */

static int connect_to(const struct sockaddr_un *name)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) != 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static bool answer(int to, int fd, int error)
{
    struct iovec part = {&error, sizeof error};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    room control;
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(to, &message, MSG_NOSIGNAL) == (ssize_t)sizeof error;
}

/* Serves until the gateway is gone, which is the end of file. Signals of the terminal go to both
 * processes: this one leaves them to the gateway. */
static void serve(int fd, const struct sockaddr_un *name)
{
    char byte;
    (void)prctl(PR_SET_NAME, "skad-opener", 0L, 0L, 0L);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    while (recv(fd, &byte, 1, 0) == 1) {
        const int made = connect_to(name);
        const bool told = answer(fd, made, made < 0 ? errno : 0);
        if (made >= 0) {
            close(made);
        }
        if (!told) {
            break;
        }
    }
}

/* ---- The gateway's side ---- */

bool skad_opener_start(const char *socket_path, skad_opener *out, skad_failure *failure)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
    int ends[2];

    if (socket_path[0] == 0 || strlen(socket_path) >= sizeof name.sun_path) {
        return skad_fail(failure,
                         "which daemon? name its socket with --socket, in at most %zu bytes",
                         sizeof name.sun_path - 1);
    }
    memcpy(name.sun_path, socket_path, strlen(socket_path));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return skad_fail(failure, "cannot make a pair of sockets: %s", strerror(errno));
    }
    out->pid = fork();
    if (out->pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return skad_fail(failure, "cannot start a process: %s", strerror(errno));
    }
    if (out->pid == 0) {
        close(ends[0]);
        serve(ends[1], &name);
        _exit(0);
    }
    close(ends[1]);
    out->fd = ends[0];
    (void)setsockopt(out->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    return true;
}

void skad_opener_stop(skad_opener *opener)
{
    close(opener->fd); /* which ends it; nothing waits for it, as the sandbox has no such call */
}

int skad_opener_connect(const skad_opener *opener)
{
    int error = EIO;
    int fd = -1;
    room control;
    struct iovec part = {&error, sizeof error};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    if (send(opener->fd, "c", 1, MSG_NOSIGNAL) != 1) {
        return -1;
    }
    ssize_t got;
    do {
        got = recvmsg(opener->fd, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof error) {
        errno = got < 0 ? errno : EPIPE;
        return -1;
    }
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (error == 0 && head != NULL && head->cmsg_type == SCM_RIGHTS) {
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
        return fd;
    }
    errno = error != 0 ? error : EPIPE;
    return -1;
}
