/* What the methods of the control socket do to a node. docs/control.md lists them. */
#ifndef SKAD_DAEMON_CONTROL_METHODS_H
#define SKAD_DAEMON_CONTROL_METHODS_H

#include "proto/control.h"
#include "skad/node.h"
#include "skad/store.h"
#include "src/daemon/health/health.h"
#include "src/daemon/health/histogram.h"
#include "src/daemon/sandbox/sandbox.h"
#include "src/host/drive/mapping.h"
#include "src/host/net/joining.h"
#include "src/host/net/local_discovery.h"
#include "src/host/net/udp.h"
#include "src/host/net/workers.h"

/* What the methods may read. */
typedef struct skad_method_context {
    skad_node *node;
    skad_store store;            /* the node's: for looking only */
    const skad_profile *profile; /* without its key */
    skad_sandbox sandbox;        /* the daemon's */
    const skad_udp_socket *sockets;
    size_t sockets_count;
    const skad_workers *workers;         /* NULL: none */
    const skad_joining *joining;         /* NULL: only whether it has joined is told */
    const skad_health *health;           /* NULL: nothing is known of it */
    skad_durations *durations;           /* of operations; NULL: they are not measured */
    const skad_udp_endpoints *endpoints; /* NULL: requests are not counted by family */
    const skad_mapping *mapping;         /* NULL: ports are not mapped */
    const skad_local_discovery *local;   /* NULL: the node does not look on its links */
    const struct skad_control *control;
    uint64_t started_us;
} skad_method_context;

/* Whether a method only tells what the node knows: it changes nothing and sends nothing. */
bool skad_method_only_reads(skad_control_method method);

/* How a method is answered. */
typedef enum skad_method_manner {
    SKAD_METHOD_AT_ONCE = 1, /* skad_method_answer; 0 is the manner of no method */
    SKAD_METHOD_OPERATION,   /* skad_method_start, then its event */
    SKAD_METHOD_WATCH,       /* skad_method_start, then its changes */
    /* The control room itself answers the rest: */
    SKAD_METHOD_UNWATCH,      /* ends a watch */
    SKAD_METHOD_SUBSCRIPTION, /* to events, or the status */
    SKAD_METHOD_UNSUBSCRIBE,
    SKAD_METHOD_BATCH,
    SKAD_METHOD_UPLOAD,
    SKAD_METHOD_DOWNLOAD,
    SKAD_METHOD_ABORT, /* of an upload or download */
} skad_method_manner;

skad_method_manner skad_method_manner_of(skad_control_method method);

/* The life of a record that we sign, if the request does not give one: as long as holders allow,
 * two lives of the network, less two hours of a day, because they judge it by their own clocks. */
uint64_t skad_method_life_s(uint64_t record_life_s);

/* Starts an operation or a watch. Errors: those of skad_node_ping and its siblings
 * (skad/node.h, skad/records.h). */
SKAD_MUST_CHECK skad_status skad_method_start(const skad_method_context *context,
                                              const skad_control_request *request, skad_time now,
                                              skad_op *op);

/* Writes the response to a request that could not be started; errno as it was then. */
void skad_method_refuse(const skad_method_context *context, const skad_control_request *request,
                        skad_status status, skad_writer *writer);

/* Writes the response to a request whose parameters cannot be read: which one is to blame. */
void skad_method_refuse_params(const skad_control_request *request, skad_writer *writer);

/* Writes the response of a method that is answered at once; hello is control.c's. */
void skad_method_answer(const skad_method_context *context, const skad_control_request *request,
                        skad_time now, skad_writer *writer);

#endif
