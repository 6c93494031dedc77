/* The gateway as a process: HTTP and JSON on a TCP port, over a running daemon. docs/gateway.md
 * tells operators and authors of pages. It holds no key and no record: all it knows, it asks. */
#ifndef SKAD_GATEWAY_SERVE_GATEWAY_H
#define SKAD_GATEWAY_SERVE_GATEWAY_H

#include "skad/types.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/gateway/http/access.h"

typedef struct skad_gateway_config {
    skad_address listen;
    bool anywhere;      /* may listen on an address that is not loopback */
    const char *socket; /* of the daemon: control or monitor */
    skad_access access;
    skad_sandbox sandbox;
    unsigned connections; /* at once */
    unsigned streams;     /* of events, at once */
    unsigned rate;        /* requests a second that make the node search or store */
    uint64_t file_bytes;  /* the largest file that is taken */
    skad_log_to log;
    void (*ready)(void *user, const skad_address *bound);
    void *user;
} skad_gateway_config;

#define SKAD_GATEWAY_CONNECTIONS_MAX 4096
#define SKAD_GATEWAY_STREAMS_MAX     64 /* a client of the daemon may have so many watches */

/* Whether an address is reached from this machine alone. */
bool skad_gateway_is_loopback(const skad_address *address);

/* Runs until SIGTERM, SIGINT or SIGHUP. Call it while there is one thread. */
bool skad_gateway_run(const skad_gateway_config *config, skad_failure *failure);

#endif
