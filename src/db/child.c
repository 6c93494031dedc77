/* Starting and waiting. */
#define _GNU_SOURCE /* close_range */
#include "src/db/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Lets a crash leave neither a core dump nor a message: here a crash is an expected answer. */
static void crash_quietly(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        (void)signal(crashes[i], SIG_DFL);
    }
}

static void close_all_but(int fd)
{
    const unsigned first = STDERR_FILENO + 1;
    if (fd < 0) {
        (void)close_range(first, ~0U, 0);
        return;
    }
    if ((unsigned)fd > first) {
        (void)close_range(first, (unsigned)fd - 1, 0);
    }
    (void)close_range((unsigned)fd + 1, ~0U, 0);
}

#ifdef SKAD_COUNTED
void __gcov_dump(void);

/* A build that measures coverage: what the child ran counts, too. */
static void keep_counts(void)
{
    __gcov_dump();
}
#else
static void keep_counts(void)
{
}
#endif

pid_t skad_db_child_start(void (*work)(void *user), void *user, int fd)
{
    const pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        /* What it does is of no use once the parent was killed, and must not meet the next one. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(0);
        }
        close_all_but(fd);
        crash_quietly();
        work(user);
        keep_counts();
        _exit(0);
    }
    return child;
}

void skad_db_child_wait(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}
