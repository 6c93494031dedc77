#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/compare_side.h"

/* What the parent wants: a count, or else the act. */
typedef struct order {
    bool count;
    compare_task task;
} order;

typedef struct answer {
    compare_result result;
    compare_counts counts;
} answer;

/* ---- The process of a side ---- */

static void serve(const compare_side *side, int fd)
{
    order wanted;
    bool ready = side->start();
    bool linked = send(fd, &ready, sizeof ready, MSG_NOSIGNAL) == sizeof ready && ready;
    while (linked && recv(fd, &wanted, sizeof wanted, 0) == sizeof wanted) {
        answer out = {.result.outcome = COMPARE_FAILED};
        if (wanted.count) {
            side->count(&out.counts);
        } else {
            side->act(&wanted.task, &out.result);
        }
        linked = send(fd, &out, sizeof out, MSG_NOSIGNAL) == sizeof out;
    }
    side->stop();
}

bool compare_process_start(const compare_side *side, compare_process *out)
{
    int ends[2];
    *out = (compare_process){.side = side, .fd = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    out->pid = fork();
    if (out->pid == 0) {
        (void)signal(SIGINT, SIG_IGN); /* it ends when the parent does, and cleans up */
        close(ends[0]);
        serve(side, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    out->fd = ends[0];
    return out->pid > 0;
}

/* ---- The parent's end ---- */

bool compare_process_ready(const compare_process *self)
{
    bool ready = false;
    return recv(self->fd, &ready, sizeof ready, 0) == sizeof ready && ready;
}

void compare_process_stop(compare_process *self)
{
    if (self->fd >= 0) {
        (void)shutdown(self->fd, SHUT_RDWR); /* the other process has it open, too */
        close(self->fd);
    }
    if (self->pid > 0) {
        (void)waitpid(self->pid, NULL, 0);
    }
    *self = (compare_process){.fd = -1};
}

static void ask(const compare_process *self, const order *wanted, answer *out)
{
    if (send(self->fd, wanted, sizeof *wanted, MSG_NOSIGNAL) != sizeof *wanted ||
        recv(self->fd, out, sizeof *out, 0) != sizeof *out) {
        (void)fprintf(stderr, "bench_compare: the process of %s has ended\n", self->side->name);
        exit(1);
    }
}

void compare_process_act(const compare_process *self, const compare_task *task, compare_result *out)
{
    const order wanted = {.task = *task};
    answer got;
    ask(self, &wanted, &got);
    *out = got.result;
}

void compare_process_count(const compare_process *self, compare_counts *out)
{
    const order wanted = {.count = true};
    answer got;
    ask(self, &wanted, &got);
    *out = got.counts;
}

double compare_process_cpu_s(const compare_process *self)
{
    clockid_t clock;
    struct timespec used = {0};
    if (clock_getcpuclockid(self->pid, &clock) == 0) {
        (void)clock_gettime(clock, &used);
    }
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}
