/* A daemon in the foreground until a signal ends it. */
#ifndef SKAD_DAEMON_APP_FOREGROUND_H
#define SKAD_DAEMON_APP_FOREGROUND_H

#include "src/daemon/app/daemon.h"

/* How a new configuration is read and taken over, on SIGHUP. */
typedef struct skad_reload {
    void *(*begin)(void *user);                                 /* malloc'ed; NULL: no memory */
    void (*read)(void *data, const atomic_bool *stop);          /* in a thread; touches only data */
    void (*apply)(void *user, void *data, skad_daemon *daemon); /* on the loop */
    void (*drop)(void *data); /* frees what data points to, at the end, in any thread */
    void *user;
} skad_reload;

/* Runs one node; loop and stop are its own, whatever the config says. reload may be NULL. True when
 * a signal ended it, except for the limit of processor time (docs/operating.md, "Signals"). */
SKAD_MUST_CHECK bool skad_run_foreground(const skad_daemon_config *wanted,
                                         const skad_reload *reload, skad_failure *failure);

#endif
