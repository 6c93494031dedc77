/* The control socket: a Unix stream socket on which programs of the same user speak msgpack-rpc
 * with the daemon (docs/control.md).
 *
 * There may be a second socket, for looking only: methods that act are refused there. Who may open
 * which is left to the modes and groups of the files, which hold in containers and namespaces, too.
 *
 * Bounds: SKAD_CONTROL_CLIENTS_MAX clients, half of them at most at the second socket; 4096 bytes
 * of unread input, 64 operations, 64 watches, 8 subscriptions, 4 batches, 4 files and 1 MiB of
 * unread output for each. While the node has no room for another operation, the request stays in
 * the client's buffer and the client is not read from, so that the client that causes the load has
 * to wait. One watch, subscription or file too many is refused, because a client can keep them for
 * ever. */
#ifndef SKAD_DAEMON_CONTROL_CONTROL_H
#define SKAD_DAEMON_CONTROL_CONTROL_H

#include "skad/node.h"
#include "src/daemon/control/control_listen.h"
#include "src/daemon/control/methods.h"
#include "src/daemon/control/notice_result.h"
#include "src/host/system/failure.h"

struct ev_loop;

#define SKAD_CONTROL_CLIENTS_MAX              64
#define SKAD_CONTROL_CLIENT_OPERATIONS_MAX    64
#define SKAD_CONTROL_CLIENT_WATCHES_MAX       64
#define SKAD_CONTROL_CLIENT_SUBSCRIPTIONS_MAX 8
#define SKAD_CONTROL_CLIENT_BATCHES_MAX       4 /* further ones wait */
#define SKAD_CONTROL_CLIENT_FILES_MAX         4
#define SKAD_CONTROL_FILES_MAX                8
#define SKAD_CONTROL_FILE_OPERATIONS          96  /* of all files: three quarters of the node's */
#define SKAD_CONTROL_PUBLISHES_MAX            256 /* without a sequence; further ones wait */

typedef struct skad_control skad_control;

typedef struct skad_control_config {
    struct ev_loop *loop;
    skad_control_place place;           /* its path is copied */
    skad_control_place monitor;         /* for looking only; path NULL: none */
    const skad_method_context *context; /* borrowed */
    const skad_time *now;               /* borrowed: the instant of this turn */
} skad_control_config;

/* Listens at both. The socket file of a dead daemon is replaced. */
SKAD_MUST_CHECK bool skad_control_new(const skad_control_config *config, skad_control **out,
                                      skad_failure *failure);

/* Disconnects all clients, cancels their operations, removes the socket files. NULL is allowed. */
void skad_control_free(skad_control *control);

/* How many clients there are now. */
size_t skad_control_clients(const skad_control *control);

/* Sends a step to the client that traces this lookup. The response follows at the lookup's end. */
void skad_control_step(skad_control *control, const skad_event *event);

/* Sends the change of a record to the client that watches it. */
void skad_control_changed(skad_control *control, const skad_event *event);

/* Sends the result of an operation to the client that waits for it. */
void skad_control_finish(skad_control *control, const skad_event *event);

/* Tells those that subscribed to events. */
void skad_control_tell(skad_control *control, const skad_notice *notice);

/* Lets waiting requests try again; call once in a turn, and again while it returns true, because
 * what it began may have ended at once. */
bool skad_control_resume(skad_control *control);

#endif
