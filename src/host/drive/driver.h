/* The driver of one node: it connects the state machine of skad/node.h with sockets, clocks, files
 * and threads. The daemon is built on it, and so is skad/host.h.
 *
 *      skad_driver_open      sockets, identity, records, node; nothing is sent yet
 *      skad_driver_start     threads start, and the node begins to join
 *
 *      skad_driver_begin     a turn: the clocks are read, once
 *      skad_driver_dispatch  datagrams go into the node; timers; what threads have done
 *      skad_driver_end       what is due; events; datagrams out; the next deadline
 *
 * Between begin and end the program may call the node with the instant of the turn, `*now`. Sending
 * comes last, so that everything of one turn is signed together. */
#ifndef SKAD_HOST_DRIVE_DRIVER_H
#define SKAD_HOST_DRIVE_DRIVER_H

#include "skad/node.h"
#include "src/host/drive/mapping.h"
#include "src/host/loop/loop.h"
#include "src/host/net/interfaces.h"
#include "src/host/net/joining.h"
#include "src/host/net/local_discovery.h"
#include "src/host/net/sources.h"
#include "src/host/net/udp_endpoints.h"
#include "src/host/state/nonce_renewal.h"
#include "src/host/state/peer_book.h"
#include "src/host/state/record_store.h"

typedef struct skad_driver skad_driver;

typedef struct skad_driver_config {
    const skad_profile *profile; /* copied; only the node keeps its pre-shared key */
    /* Called once, when the sockets are open, so that no identity is made in vain. The identity
     * must have the nonce of this epoch; it is copied and wiped. `stop` is the one below. */
    bool (*identify)(void *user, const atomic_bool *stop, skad_identity *out,
                     skad_failure *failure);
    /* Called once, when there is a node and before the file of peers is read, so that the program
     * can claim the folder by other means, too. May be NULL. */
    bool (*made)(void *user, skad_driver *driver, const skad_identity *identity,
                 skad_failure *failure);
    /* An event of the node, after the driver has acted on it. Borrowed for the call. */
    void (*event)(void *user, const skad_event *event);
    /* After the events of a turn: operations may have room now. Called again while it returns true,
     * since what it began may have ended at once. May be NULL. */
    bool (*resume)(void *user);
    void *user;
    const atomic_bool *stop;   /* raised when the start is to be given up; may be NULL */
    const char *identity_path; /* copied; where new nonces are kept; NULL: nowhere */
    const char *peers_path;    /* copied; where peers are kept over a restart; NULL: nowhere */
    const char *records_path;  /* copied; where records are kept; NULL: in memory only */
    skad_store_caps caps;      /* of the records; all zero: 1 GiB held, 256 MiB published */
    uint64_t file_bytes_max;   /* of the file of records; 0: what the caps need */
    void (*rates)(void *user, skad_node_rates *rates); /* changes the profile's; may be NULL */
    const skad_node_limits *limits;                    /* NULL: those of a daemon */
    skad_role role;                                    /* what it is to others */
    unsigned puzzle_percent;    /* of a processor that solving takes while it runs; 0: all of one */
    const skad_address *listen; /* none: all addresses, port 4700 */
    size_t listen_count;        /* at most one for each family */
    uint32_t interface; /* of link-local addresses among these; 0: none, or that of a join point */
    bool interfaces;    /* watches those of the machine, and whether it slept, to join anew */
    bool port_mapping;  /* has the gateway let the port in, unless the role is CLIENT (mapping.h) */
    uint64_t audit_period_s; /* of a round of storage audits; 0: none */
    bool local_discovery;    /* looks for nodes on the links of the machine; only where the profile
                                allows private addresses */
    bool peer_sockets;       /* answers come in on sockets of their own (peer_sockets.h) */
    const skad_join_point *join;
    size_t join_count;
    skad_log_to log;
    void (*takes_long)(unsigned seconds, const char *what); /* opening does; may be NULL */
    skad_time (*clock)(void *user);                         /* NULL: the system's clocks */
} skad_driver_config;

struct skad_driver {
    skad_driver_config config;
    skad_profile profile; /* without the key */
    skad_loop *loop;
    const skad_time *now; /* the instant of the current turn */
    skad_node *node;
    skad_record_store *records;
    skad_store store; /* that of the records: for looking only */
    skad_udp_endpoints endpoints;
    skad_resolver *resolver;
    skad_nonce_renewal *renewal;
    skad_peer_book *peers;
    skad_joining joining;
    skad_timer patience; /* old peers may answer until then; afterwards the points are asked */
    skad_interfaces interfaces;
    skad_mapping *mapping; /* NULL: none is wanted */
    skad_sources sources;
    skad_local_discovery local;
    uint64_t asleep_us;     /* for so long the machine had slept since its boot, at the last turn */
    skad_log_limit changes; /* of interfaces, while the node has not joined */
};

/* Opens everything. On failure nothing stays open. The driver must stay where it is. */
SKAD_MUST_CHECK bool skad_driver_open(const skad_driver_config *config, skad_driver *driver,
                                      skad_failure *failure);
/* Begins to receive, with so many workers, and to join: through the peers of an earlier run first,
 * and if they do not answer through the join points. A sandbox is to be entered before, since it
 * binds only threads that start later. On failure call skad_driver_close. */
SKAD_MUST_CHECK bool skad_driver_start(skad_driver *driver, size_t workers, skad_failure *failure);
/* Keeps the peers, closes everything, wipes secrets. Does nothing to one that is all zero. */
void skad_driver_close(skad_driver *driver);

/* ---- A turn ---- */

/* Returns the instant of the turn before. */
skad_time skad_driver_begin(skad_driver *driver);
void skad_driver_dispatch(skad_driver *driver);
/* Returns the monotonic time (microseconds) of the next deadline; with the system's clocks the
 * loop's descriptor is readable then. */
uint64_t skad_driver_end(skad_driver *driver);

/* ---- Joining (driver_join.c) ---- */

/* Sets the points to join through; nothing is begun. */
SKAD_MUST_CHECK bool skad_driver_set_points(skad_driver *driver, const skad_join_point *points,
                                            size_t count, skad_failure *failure);
/* The same, and begins anew. */
SKAD_MUST_CHECK bool skad_driver_join(skad_driver *driver, const skad_join_point *points,
                                      size_t count, skad_failure *failure);
/* Begins to join for the first time. */
void skad_driver_begin_joining(skad_driver *driver);
/* The node is part of a network; the node is so no longer. */
void skad_driver_joined(skad_driver *driver);
void skad_driver_isolated(skad_driver *driver);
/* Looks anew while the node has not joined, at once and with the shortest back-off. */
void skad_driver_refresh(skad_driver *driver);
/* Interfaces, addresses or routes of the machine changed. If that is why datagrams leave from
 * another address, the node moved: its peers are checked, and the join points asked. */
void skad_driver_network_changed(skad_driver *driver);
/* The machine slept for so many seconds: the same, whatever the addresses. */
void skad_driver_slept(skad_driver *driver, uint64_t seconds);
bool skad_driver_is_joined(const skad_driver *driver);

#endif
