/* GET /metrics over HTTP, for Prometheus: on loopback or a Unix socket. It never holds up the loop:
 *
 * - eight connections at once; of more the oldest gives way, so that slow ones keep no other out;
 * - a head of 4096 bytes at most; ten seconds for a whole exchange;
 * - each connection has one answer and is closed;
 * - the text is made at most twice a second, however often it is asked for.
 *
 *   reading --head--> answering --all sent--> closed
 *      |                  |
 *      +--too large, slow, hung up--> closed */
#ifndef SKAD_DAEMON_METRICS_METRICS_SERVER_H
#define SKAD_DAEMON_METRICS_METRICS_SERVER_H

#include "src/daemon/control/methods.h"
#include "src/daemon/metrics/metrics_place.h"

struct ev_loop;

#define SKAD_METRICS_CONNECTIONS_MAX 8
#define SKAD_METRICS_TEXT_BYTES_MAX  65536

typedef struct skad_metrics_server skad_metrics_server;

typedef struct skad_metrics_config {
    struct ev_loop *loop;
    const skad_metrics_place *place;    /* for the start only */
    const skad_method_context *context; /* borrowed */
    const skad_time *now;               /* borrowed: the instant of this turn */
} skad_metrics_config;

/* Listens. */
SKAD_MUST_CHECK bool skad_metrics_server_new(const skad_metrics_config *config,
                                             skad_metrics_server **out, skad_failure *failure);
/* Closes all connections and removes the socket file. NULL is allowed. */
void skad_metrics_server_free(skad_metrics_server *server);

/* How many connections there are now. */
size_t skad_metrics_server_connections(const skad_metrics_server *server);

#endif
