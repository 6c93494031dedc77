/* The socket file of the control socket: making it, taking it over from a dead daemon. */
#ifndef SKAD_DAEMON_CONTROL_CONTROL_LISTEN_H
#define SKAD_DAEMON_CONTROL_CONTROL_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "skad/status.h"
#include "src/host/system/failure.h"

/* A socket file and who may open it. */
typedef struct skad_control_place {
    const char *path; /* NULL: no socket */
    mode_t mode;      /* 0600, 0660 or 0666; 0: 0600 */
    bool has_group;
    gid_t group; /* that the file is given to, so that its members may open it by mode 0660 */
    const char *option; /* that names another, for messages; NULL: --socket */
} skad_control_place;

/* Reads "0600", "0660" or "0666": who may open a socket. */
SKAD_MUST_CHECK bool skad_control_mode_parse(const char *text, mode_t *out);

/* Whether a socket could be made at the path, without changing anything. */
SKAD_MUST_CHECK bool skad_control_listen_check(const skad_control_place *place,
                                               skad_failure *failure);

/* Opens a listening, non-blocking Unix socket at the place, whose mode never is wider than
 * wanted. The socket file of a
 * dead daemon is replaced. A socket at which a daemon answers, or another kind of file, is a
 * failure. */
SKAD_MUST_CHECK bool skad_control_listen_at(const skad_control_place *place, int *fd,
                                            skad_failure *failure);
/* The same, for its owner only. */
SKAD_MUST_CHECK bool skad_control_listen(const char *path, int *fd, skad_failure *failure);

#endif
