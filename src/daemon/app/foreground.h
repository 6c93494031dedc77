/* A daemon in the foreground until a signal ends it. */
#ifndef SKAD_DAEMON_APP_FOREGROUND_H
#define SKAD_DAEMON_APP_FOREGROUND_H

#include "src/daemon/app/daemon.h"

/* Runs one node; loop and stop are its own, whatever the config says. True when a signal ended it,
 * except for the limit of processor time (docs/operating.md, "Signals"). */
SKAD_MUST_CHECK bool skad_run_foreground(const skad_daemon_config *wanted, skad_failure *failure);

#endif
