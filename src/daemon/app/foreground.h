/* A daemon in the foreground until a signal ends it. */
#ifndef SKAD_DAEMON_APP_FOREGROUND_H
#define SKAD_DAEMON_APP_FOREGROUND_H

#include "src/daemon/app/daemon.h"

/* Runs one node; config->loop is filled in here. True when SIGTERM or SIGINT ended it. */
SKAD_MUST_CHECK bool skad_run_foreground(skad_daemon_config *config, skad_failure *failure);

#endif
