/* The socket file of the control socket: making it, taking it over from a dead daemon. */
#ifndef SKAD_DAEMON_CONTROL_CONTROL_LISTEN_H
#define SKAD_DAEMON_CONTROL_CONTROL_LISTEN_H

#include "skad/status.h"
#include "src/daemon/system/failure.h"

/* Whether a socket could be made at the path, without changing anything. */
SKAD_MUST_CHECK bool skad_control_listen_check(const char *path, skad_failure *failure);

/* Opens a listening, non-blocking Unix socket at the path, for its owner only. The socket file of a
 * dead daemon is replaced. A socket at which a daemon answers, or another kind of file, is a
 * failure. */
SKAD_MUST_CHECK bool skad_control_listen(const char *path, int *fd, skad_failure *failure);

#endif
