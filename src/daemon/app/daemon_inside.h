/* What a daemon is made of, for the files of this room: daemon.c turns and ends it, daemon_open.c
 * makes its parts, daemon_join.c brings it into its network. */
#ifndef SKAD_DAEMON_APP_DAEMON_INSIDE_H
#define SKAD_DAEMON_APP_DAEMON_INSIDE_H

#include <ev.h>

#include "src/daemon/app/daemon.h"
#include "src/daemon/control/control.h"
#include "src/daemon/net/joining.h"
#include "src/daemon/net/udp_endpoints.h"
#include "src/daemon/state/nonce_renewal.h"
#include "src/daemon/state/peer_book.h"
#include "src/daemon/state/record_store.h"

struct skad_daemon {
    skad_daemon_config config;
    skad_profile profile; /* without the key */
    skad_node *node;
    skad_record_store *records;
    skad_store store; /* that of the records */
    skad_time now;
    skad_udp_endpoints endpoints;
    ev_check turn_begins;
    ev_prepare turn_ends;
    ev_timer deadline;
    ev_timer patience; /* old peers may answer until then; afterwards the places are asked */
    skad_method_context context;
    skad_control *control;
    skad_resolver *resolver;
    skad_nonce_renewal *renewal;
    skad_peer_book *peers;
    skad_joining joining;
    skad_log_limit changes; /* of interfaces, while the node has not joined */
};

/* Makes all that needs an identity, which is made where there is none. */
bool skad_daemon_make_parts(skad_daemon *daemon, skad_failure *failure);

/* Sets the points to join through; nothing is begun. */
bool skad_daemon_set_places(skad_daemon *daemon, const skad_join_point *places, size_t count,
                            skad_failure *failure);

/* Begins to join, through the peers of an earlier run first. All nodes share the bootstrap nodes,
 * so they are not asked while our own old peers may answer. */
void skad_daemon_begin_joining(skad_daemon *daemon);

#endif
