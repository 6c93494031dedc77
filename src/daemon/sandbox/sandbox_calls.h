/* The sandbox's system calls: a seccomp filter by libseccomp, which only this file's source
 * includes. */
#ifndef SKAD_DAEMON_SANDBOX_SANDBOX_CALLS_H
#define SKAD_DAEMON_SANDBOX_SANDBOX_CALLS_H

#include <stdbool.h>

/* Leaves this process, all its threads, the system calls of a running daemon. Calls that only ask,
 * and Unix sockets, fail with an errno; any other call kills the process at once with SIGSYS. With
 * `log_only` both are written to the kernel's log and let through. Returns 0 or an errno, and then
 * nothing is closed off. */
int skad_sandbox_close_calls(bool log_only);

#endif
