/* The list of allowed calls: those that the loop, the sockets, the store, the threads and the C
 * library of a running daemon need. Some calls depend on their arguments: threads but no processes,
 * no memory that is both writable and executable, only the sockets that we or a name lookup use, no
 * descriptor that sends signals, limits that are read but not set.
 *
 * Calls that only ask, other sockets, and unknown requests to descriptors fail with an errno:
 * libraries use them where they find them, and do without them otherwise. All other calls kill. */
#define _GNU_SOURCE /* CLONE_THREAD, O_ASYNC */
#include "src/daemon/sandbox/sandbox_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <seccomp.h>

#define SET_VMA 0x53564d41 /* PR_SET_VMA: newer C libraries name their memory */

static const int allowed[] = {
    /* The loop. */
    SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(signalfd4),
    /* Clocks. */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    /* Sockets; for socket itself see below. */
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(listen),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    /* Files; which ones is landlock's business. For fcntl see below. */
    SCMP_SYS(access),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(fallocate),
    SCMP_SYS(fchmod),
    SCMP_SYS(fdatasync),
    SCMP_SYS(flock),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(fstatat64),
    SCMP_SYS(fstatfs),
    SCMP_SYS(fsync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents64),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(lstat),
    SCMP_SYS(msync),
    SCMP_SYS(newfstatat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(read),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(readv),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(stat),
    SCMP_SYS(statfs),
    SCMP_SYS(statx),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(umask),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    /* Memory; for mmap and mprotect see below. */
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(mremap),
    SCMP_SYS(munlock),
    SCMP_SYS(munmap),
    /* Threads; for clone see below. */
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(gettid),
    SCMP_SYS(membarrier),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(setpriority), /* a thread that solves puzzles gives way */
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sigreturn),
    /* Users, processes and the system. */
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(getuid),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    /* The same calls on machines of 32 bits. */
    SCMP_SYS(_newselect),
    SCMP_SYS(clock_getres_time64),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(futex_time64),
    SCMP_SYS(getegid32),
    SCMP_SYS(geteuid32),
    SCMP_SYS(getgid32),
    SCMP_SYS(getuid32),
    SCMP_SYS(lstat64),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(pselect6_time64),
    SCMP_SYS(recv),
    SCMP_SYS(recvmmsg_time64),
    SCMP_SYS(rt_sigtimedwait_time64),
    SCMP_SYS(send),
    SCMP_SYS(stat64),
    SCMP_SYS(timerfd_settime64),
    SCMP_SYS(ugetrlimit),
};

/* A call that is allowed if (argument & mask) is the value. A call may have several. */
typedef struct condition {
    int call;
    unsigned argument;
    scmp_datum_t mask;
    scmp_datum_t value;
} condition;

#define EXACTLY (~(scmp_datum_t)0)
#define LOW     0xffffffffU /* of an int: the upper half of its register is anything */

static const condition conditions[] = {
    {SCMP_SYS(clone), 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM},
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
    {SCMP_SYS(mmap), 2, PROT_EXEC | PROT_WRITE, PROT_EXEC}, /* name service modules */
    {SCMP_SYS(mmap2), 2, PROT_EXEC, 0},
    {SCMP_SYS(mmap2), 2, PROT_EXEC | PROT_WRITE, PROT_EXEC},
    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
    {SCMP_SYS(prctl), 0, LOW, PR_SET_NAME},
    {SCMP_SYS(prctl), 0, LOW, SET_VMA},
    {SCMP_SYS(prlimit64), 2, EXACTLY, 0},
};

/* A call that is allowed if one argument is a certain number, apart from the bits of `ignored`, and
 * another one is among those listed. Otherwise it fails with `error`. */
typedef struct choice {
    int call;
    unsigned fixed_argument; /* the same as `argument`: only that one counts */
    uint32_t fixed;
    unsigned argument;
    uint32_t ignored;
    int error;
    const uint32_t *values;
    size_t count;
} choice;

#define LIST(values) values, sizeof(values) / sizeof(values)[0]

/* What may be asked of a descriptor: how much there is to read, whether it is a terminal, and what
 * number or name a network interface has, which a name server like fe80::1%eth0 needs. */
static const uint32_t ioctls[] = {FIONREAD, FIONBIO, TCGETS, SIOCGIFINDEX, SIOCGIFNAME};

/* Descriptors are copied, and LMDB locks its file. A descriptor with an owner and a signal
 * (F_SETOWN, F_SETSIG, F_SETFL with O_ASYNC) would be a way to kill other processes of the user. */
static const uint32_t fcntls[] = {
    F_DUPFD,   F_DUPFD_CLOEXEC, F_GETFD,    F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
#if F_GETLK64 != F_GETLK /* with 32 bits */
    F_GETLK64, F_SETLK64,       F_SETLKW64,
#endif
};

static const uint32_t socket_types[] = {SOCK_STREAM, SOCK_DGRAM};
static const uint32_t netlinks[] = {NETLINK_ROUTE}; /* getaddrinfo sorts by our own addresses */

#define SOCKET_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static const choice choices[] = {
    {SCMP_SYS(ioctl), 1, 0, 1, 0, ENOTTY, LIST(ioctls)},
    {SCMP_SYS(fcntl), 1, 0, 1, 0, EINVAL, LIST(fcntls)},
    {SCMP_SYS(fcntl64), 1, 0, 1, 0, EINVAL, LIST(fcntls)},
    {SCMP_SYS(socket), 0, AF_INET, 1, SOCKET_FLAGS, ESOCKTNOSUPPORT, LIST(socket_types)},
    {SCMP_SYS(socket), 0, AF_INET6, 1, SOCKET_FLAGS, ESOCKTNOSUPPORT, LIST(socket_types)},
    {SCMP_SYS(socket), 0, AF_NETLINK, 2, 0, EPROTONOSUPPORT, LIST(netlinks)},
};

/* Calls that only ask. A daemon does not need them, but a newer library may. */
static const int unanswered[] = {
    SCMP_SYS(capget),          SCMP_SYS(fgetxattr),
    SCMP_SYS(flistxattr),      SCMP_SYS(get_mempolicy),
    SCMP_SYS(getcpu),          SCMP_SYS(getgroups),
    SCMP_SYS(getitimer),       SCMP_SYS(getpgid),
    SCMP_SYS(getpgrp),         SCMP_SYS(getpriority),
    SCMP_SYS(getresgid),       SCMP_SYS(getresuid),
    SCMP_SYS(getsid),          SCMP_SYS(getxattr),
    SCMP_SYS(ioprio_get),      SCMP_SYS(lgetxattr),
    SCMP_SYS(listxattr),       SCMP_SYS(llistxattr),
    SCMP_SYS(mincore),         SCMP_SYS(sched_getattr),
    SCMP_SYS(sched_getparam),  SCMP_SYS(sched_getscheduler),
    SCMP_SYS(timerfd_gettime), SCMP_SYS(times),
};

static const int unanswered_prctls[] = {
    PR_CAPBSET_READ,  PR_GET_DUMPABLE, PR_GET_KEEPCAPS,    PR_GET_NAME,       PR_GET_NO_NEW_PRIVS,
    PR_GET_PDEATHSIG, PR_GET_SECCOMP,  PR_GET_THP_DISABLE, PR_GET_TIMERSLACK,
};

static int add_calls(scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof allowed / sizeof allowed[0]; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    return error;
}

static int add_condition(scmp_filter_ctx filter, uint32_t action, const condition *one)
{
    const struct scmp_arg_cmp compare = {one->argument, SCMP_CMP_MASKED_EQ, one->mask, one->value};
    return seccomp_rule_add_array(filter, action, one->call, 1, &compare);
}

/* For F_SETFL alone the second argument counts. */
static bool sets_descriptor_flags(const choice *one, uint32_t value)
{
    return (one->call == SCMP_SYS(fcntl) || one->call == SCMP_SYS(fcntl64)) && value == F_SETFL;
}

/* A rule for calls whose argument agrees with `value` in the bits of `mask`. */
static int add_chosen(scmp_filter_ctx filter, uint32_t action, const choice *one, uint32_t mask,
                      uint32_t value)
{
    const struct scmp_arg_cmp both[] = {
        {one->argument, SCMP_CMP_MASKED_EQ, mask, value},
        {one->fixed_argument, SCMP_CMP_MASKED_EQ, LOW, one->fixed},
    };
    const unsigned count = one->fixed_argument == one->argument ? 1 : 2;
    return seccomp_rule_add_array(filter, action, one->call, count, both);
}

/* F_SETFL, with O_ASYNC or without. */
static int add_descriptor_flags(scmp_filter_ctx filter, uint32_t action, int call,
                                scmp_datum_t async)
{
    const struct scmp_arg_cmp both[] = {
        {1, SCMP_CMP_MASKED_EQ, LOW, F_SETFL},
        {2, SCMP_CMP_MASKED_EQ, O_ASYNC, async},
    };
    return seccomp_rule_add_array(filter, action, call, 2, both);
}

static int add_choice(scmp_filter_ctx filter, const choice *one)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < one->count; i++) {
        error = sets_descriptor_flags(one, one->values[i])
                    ? add_descriptor_flags(filter, SCMP_ACT_ALLOW, one->call, 0)
                    : add_chosen(filter, SCMP_ACT_ALLOW, one, (uint32_t)LOW & ~one->ignored,
                                 one->values[i]);
    }
    return error;
}

static int add_conditions(scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof conditions / sizeof conditions[0]; i++) {
        error = add_condition(filter, SCMP_ACT_ALLOW, &conditions[i]);
    }
    for (size_t i = 0; error == 0 && i < sizeof choices / sizeof choices[0]; i++) {
        error = add_choice(filter, &choices[i]);
    }
    /* abort() sends a signal to its own thread. */
    const struct scmp_arg_cmp ourselves = {0, SCMP_CMP_MASKED_EQ, LOW, (scmp_datum_t)getpid()};
    if (error == 0) {
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &ourselves);
    }
    /* No filter sees the flags of clone3, which lie in memory; the C library then uses clone. */
    if (error == 0) {
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    }
    return error;
}

/* How many of the first `count` allowed values agree with `value` in the bits of `mask`. */
static size_t count_values(const choice *one, size_t count, uint32_t mask, uint32_t value)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += (one->values[i] & mask) == (value & mask);
    }
    return found;
}

/* Refuses all values that are not listed.
 *
 * libseccomp has no "none of these", and leaves open which of two overlapping rules applies. So the
 * others are split into sets that do not overlap: for each allowed value and each of its bits,
 * those that agree with it above this bit and differ in it. Sets that hold an allowed value are
 * left out: a lower bit splits them. */
static int refuse_others(scmp_filter_ctx filter, const choice *one)
{
    int error = 0;
    for (size_t i = 0; i < one->count; i++) {
        for (uint32_t bit = 1; error == 0 && bit != 0; bit <<= 1) {
            const uint32_t mask = ~(bit - 1) & ~one->ignored;
            const uint32_t other = (one->values[i] ^ bit) & mask;
            if ((bit & one->ignored) == 0 && count_values(one, one->count, mask, other) == 0 &&
                count_values(one, i, mask, one->values[i]) == 0) {
                error = add_chosen(filter, SCMP_ACT_ERRNO((uint32_t)one->error), one, mask, other);
            }
        }
        if (error == 0 && sets_descriptor_flags(one, one->values[i])) {
            error = add_descriptor_flags(filter, SCMP_ACT_ERRNO((uint32_t)one->error), one->call,
                                         O_ASYNC);
        }
    }
    return error;
}

/* A Unix socket would be a way to other programs of the same user, which may do what we may not. A
 * pair is one, too: its ends can send to other names. Name lookups then do without name service
 * daemons. */
static int refuse_unix_sockets(scmp_filter_ctx filter)
{
    const condition unix_socket = {SCMP_SYS(socket), 0, LOW, AF_UNIX};
    int error = add_condition(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), &unix_socket);
    if (error == 0) {
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socketpair), 0);
    }
    return error;
}

static int add_refusals(scmp_filter_ctx filter)
{
    int error = refuse_unix_sockets(filter);
    for (size_t i = 0; error == 0 && i < sizeof choices / sizeof choices[0]; i++) {
        error = refuse_others(filter, &choices[i]);
    }
    for (size_t i = 0; error == 0 && i < sizeof unanswered / sizeof unanswered[0]; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), unanswered[i], 0);
    }
    for (size_t i = 0; error == 0 && i < sizeof unanswered_prctls / sizeof unanswered_prctls[0];
         i++) {
        const condition one = {SCMP_SYS(prctl), 0, LOW, (scmp_datum_t)unanswered_prctls[i]};
        error = add_condition(filter, SCMP_ACT_ERRNO(EINVAL), &one);
    }
    return error;
}

static int load(scmp_filter_ctx filter, uint32_t otherwise)
{
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, otherwise);
    if (error == 0) {
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    }
    if (error == 0) {
        error = add_calls(filter);
    }
    if (error == 0) {
        error = add_conditions(filter);
    }
    if (error == 0 && otherwise != SCMP_ACT_LOG) { /* that mode refuses nothing */
        error = add_refusals(filter);
    }
    if (error == 0) {
        /* A binary tree instead of a chain; only a matter of speed. */
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        error = seccomp_load(filter);
    }
    return error;
}

int skad_sandbox_close_calls(bool log_only)
{
    uint32_t otherwise = log_only ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS;
    scmp_filter_ctx filter = seccomp_init(otherwise);
    if (filter == NULL) {
        return ENOMEM;
    }
    int error = load(filter, otherwise);
    seccomp_release(filter);
    return -error;
}
