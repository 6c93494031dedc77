/* A whole network in one process: full nodes of one profile on 127.0.0.1, on one loop, with
 * real datagrams between them. */
#ifndef SKAD_DAEMON_APP_TESTNET_H
#define SKAD_DAEMON_APP_TESTNET_H

#include <stddef.h>
#include <stdint.h>

#include "skad/profile.h"
#include "skad/status.h"
#include "src/host/system/failure.h"

#define SKAD_TESTNET_NODES_MIN 2
#define SKAD_TESTNET_NODES_MAX 200

typedef struct skad_testnet_config {
    size_t nodes;
    const skad_profile *profile; /* allows private addresses */
    uint16_t base_port;          /* ports base..base+nodes-1; 0: the kernel chooses */
    const char *dir;             /* for control sockets, exists; node-<i>.sock */
    bool keep; /* identities, peers and records too, so that the same nodes come back */
    void (*node)(void *user, const char *address, const char *control_path); /* once for each */
    void (*ready)(void *user);                                               /* all have joined */
    void *user;
} skad_testnet_config;

/* Runs until SIGTERM or SIGINT. */
SKAD_MUST_CHECK bool skad_testnet_run(const skad_testnet_config *config, skad_failure *failure);

#endif
