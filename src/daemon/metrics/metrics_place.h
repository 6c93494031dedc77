/* Where metrics are served: a port of this machine, or a Unix socket. */
#ifndef SKAD_DAEMON_METRICS_METRICS_PLACE_H
#define SKAD_DAEMON_METRICS_METRICS_PLACE_H

#include <stdbool.h>

#include "skad/status.h"
#include "skad/types.h"
#include "src/host/system/failure.h"

#define SKAD_METRICS_PATH_BYTES 108 /* of a Unix socket, with the zero byte */

typedef struct skad_metrics_place {
    skad_address address;               /* loopback; family NONE: not there */
    char path[SKAD_METRICS_PATH_BYTES]; /* else, if it is not empty, a Unix socket */
} skad_metrics_place;

/* Reads "off", "127.0.0.1:9700", "[::1]:9700" or "/PATH". The figures have no password, so other
 * addresses are refused. */
SKAD_MUST_CHECK bool skad_metrics_place_parse(const char *text, skad_metrics_place *out,
                                              skad_failure *failure);

/* Whether there is a place at all. */
bool skad_metrics_place_is(const skad_metrics_place *place);

/* Opens a listening, non-blocking socket. A Unix socket has mode 0660; that of a dead daemon is
 * replaced. */
SKAD_MUST_CHECK bool skad_metrics_place_listen(const skad_metrics_place *place, int *fd,
                                               skad_failure *failure);

#endif
