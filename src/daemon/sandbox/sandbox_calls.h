/* The sandbox's system calls: a seccomp filter by libseccomp, which only this file's source
 * includes. */
#ifndef SKAD_DAEMON_SANDBOX_SANDBOX_CALLS_H
#define SKAD_DAEMON_SANDBOX_SANDBOX_CALLS_H

#include <stdbool.h>

/* Leaves this process, all its threads, the system calls of a running daemon. Any other kills it at
 * once with SIGSYS; with `log_only` it is written to the kernel's log and let through. Returns 0 or
 * an errno, and then nothing is closed off. */
int skad_sandbox_close_calls(bool log_only);

#endif
