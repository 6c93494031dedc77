/* One node on one libev loop: its driver (src/host/drive/driver.h), and what programs and people
 * see of it: the control socket, metrics, health. */
#ifndef SKAD_DAEMON_APP_DAEMON_H
#define SKAD_DAEMON_APP_DAEMON_H

#include <stdatomic.h>
#include <stddef.h>

#include "skad/node.h"
#include "src/daemon/control/control_listen.h"
#include "src/daemon/metrics/metrics_place.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/daemon/state/limits.h"
#include "src/daemon/system/log.h"
#include "src/host/loop/loop.h"
#include "src/host/net/resolve.h"
#include "src/host/net/workers.h"
#include "src/host/system/failure.h"

struct ev_loop;

#define SKAD_LISTEN_MAX 2 /* one for each family */

typedef struct skad_daemon skad_daemon;

typedef struct skad_daemon_config {
    struct ev_loop *loop;
    const skad_profile *profile; /* copied; only the node keeps its pre-shared key */
    /* Called once, when the sockets are open, so that no identity is made in vain. The identity
     * must have the nonce of this epoch; it is copied and wiped. `stop` is the one below. */
    bool (*identify)(void *user, const atomic_bool *stop, skad_identity *out,
                     skad_failure *failure);
    const atomic_bool *stop;   /* raised when the start is to be given up; may be NULL */
    const char *identity_path; /* copied; where new nonces are kept; NULL: nowhere */
    const char *peers_path;    /* copied; where peers are kept over a restart; NULL: nowhere */
    const char *records_path;  /* copied; where records are kept; NULL: in memory only */
    skad_store_caps caps;      /* of the records; all zero: 1 GiB held, 256 MiB published */
    const char *control_path;  /* copied */
    const skad_control_place *control_rights; /* its mode and group; NULL: for its owner only */
    const skad_control_place *monitor;        /* a socket for looking only; NULL: none */
    const skad_metrics_place *metrics;        /* copied; where metrics are served; NULL: nowhere */
    const skad_sandbox_config *sandbox;       /* entered once all is open; NULL: no sandbox */
    const skad_address *listen;               /* none: all addresses, port 4700 */
    size_t listen_count;                      /* at most one for each family */
    uint32_t interface; /* of link-local addresses among these; 0: none, or that of a join point */
    skad_role role;     /* what the node is to others */
    bool interfaces;    /* watches those of the machine, to join anew when they change */
    bool port_mapping;  /* has the gateway let the port in (src/host/drive/mapping.h) */
    bool local_discovery;    /* looks for nodes on the links of the machine */
    uint64_t audit_period_s; /* of a round of storage audits; 0: none */
    bool peer_sockets;       /* answers come in on sockets of their own (peer_sockets.h) */
    int workers; /* threads for signatures, 0..SKAD_WORKERS_MAX; -1: what suits the machine */
    const skad_join_point *join;
    size_t join_count;
    skad_limits limits;
    skad_log_to log;            /* the least level that is written */
    void (*joined)(void *user); /* each time the node joins; may be NULL */
    void *user;
} skad_daemon_config;

/* Opens everything and starts joining: first through the peers of an earlier run, and if they do
 * not answer through the join points. On failure nothing stays open. */
SKAD_MUST_CHECK bool skad_daemon_new(const skad_daemon_config *config, skad_daemon **out,
                                     skad_failure *failure);
/* Keeps the peers, closes everything, removes the socket file, wipes secrets. NULL is allowed. */
void skad_daemon_free(skad_daemon *daemon);

/* Replaces the points through which the node joins, and begins anew. */
SKAD_MUST_CHECK bool skad_daemon_join(skad_daemon *daemon, const skad_join_point *places,
                                      size_t count, skad_failure *failure);

/* What may change while it runs. */
typedef struct skad_daemon_change {
    const skad_join_point *join; /* NULL: as before */
    size_t join_count;
    const skad_store_caps *caps; /* NULL: as before */
    bool *caps_refused; /* set if the caps need a new start; the rest changes all the same */
} skad_daemon_change;

/* Changes it. A node that has joined keeps new join points for when it is isolated; one that has
 * not asks them at once. On failure nothing has changed. */
SKAD_MUST_CHECK bool skad_daemon_change_to(skad_daemon *daemon, const skad_daemon_change *change,
                                           skad_failure *failure);

/* Tells clients that subscribed to events of a reload: the settings that changed, with commas; or
 * why the old ones stay (then `changed` does not count), otherwise NULL. */
void skad_daemon_notice_reload(skad_daemon *daemon, const char *changed, const char *refused);

/* Looks anew at what the system may have changed meanwhile: while the node has not joined, the
 * names of the join points, at once and with the shortest back-off. */
void skad_daemon_refresh(skad_daemon *daemon);

/* What the node waits for: for tasks that end on its thread. Borrowed. */
skad_loop *skad_daemon_loop(const skad_daemon *daemon);

/* Gives memory back that only the start, or a burst of datagrams, needed. */
void skad_daemon_spare(skad_daemon *daemon);

/* Logs in a line how the node is. */
void skad_daemon_report(const skad_daemon *daemon);

/* The address at which the node can be reached: the bound address of its first socket. */
const skad_address *skad_daemon_address(const skad_daemon *daemon);

#endif
