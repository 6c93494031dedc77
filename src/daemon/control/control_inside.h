/* What the control socket is made of, for its own files: control.c lets clients in and out,
 * control_requests.c takes their requests, control_calls.c keeps what they wait for, and
 * control_files.c the files that they put and get.
 *
 * Only skad_control_review frees a client; every function that is called from outside calls it
 * last. */
#ifndef SKAD_DAEMON_CONTROL_CONTROL_INSIDE_H
#define SKAD_DAEMON_CONTROL_CONTROL_INSIDE_H

#include <ev.h>

#include "src/daemon/control/acceptor.h"
#include "src/daemon/control/connection.h"
#include "src/daemon/control/control.h"
#include "src/daemon/control/pending_calls.h"
#include "src/host/files/file_fetch.h"

typedef struct skad_control_client {
    skad_connection buffers;
    skad_control *control;
    ev_io readable;
    ev_io writable;
    size_t place; /* in control->clients */
    size_t operations;
    size_t watches;
    size_t subscriptions;
    size_t batches;
    size_t files;
    bool monitors; /* it came in by the socket for looking only */
    bool waiting;  /* its next request found no room, or */
    bool yields;   /* has to wait for the next turn of the loop: a socket that can be written */
    bool closing;  /* hang up once everything is sent */
} skad_control_client;

/* What comes in by one of the sockets. */
typedef struct skad_control_entrance {
    skad_control *control;
    bool monitors;
    skad_acceptor acceptor;
} skad_control_entrance;

typedef struct skad_control_batch skad_control_batch;
typedef struct skad_control_publish skad_control_publish;
typedef struct skad_control_file skad_control_file;

/* An operation of a file that is put or got. */
typedef struct skad_control_file_op {
    skad_op op;
    skad_control_file *file;
    size_t bytes;        /* of a put: of the file */
    skad_file_part part; /* of a get */
} skad_control_file_op;

#define SKAD_CONTROL_SUBSCRIPTIONS_MAX 128

typedef struct skad_control_subscription {
    skad_control_client *client;
    uint32_t msgid;
    uint32_t every_s; /* of the status; 0: of events */
    uint32_t kinds;   /* of events: a set of 1 << skad_control_kind */
    uint64_t due_us;  /* of the status: when it is told next */
    uint64_t told;    /* notifications so far */
    uint64_t lost;    /* events that were left out and are not told of yet */
} skad_control_subscription;

struct skad_control {
    skad_control_config config;
    skad_control_entrance entrances[2];
    skad_control_client *clients[SKAD_CONTROL_CLIENTS_MAX];
    size_t turn; /* where resuming starts, so that no client is always last */
    skad_pending_calls operations;
    skad_pending_calls watches;
    skad_control_subscription subscriptions[SKAD_CONTROL_SUBSCRIPTIONS_MAX];
    size_t subscriptions_count;
    ev_timer tick;                   /* runs while there are subscriptions to the status */
    skad_control_batch *batches;     /* a list */
    skad_control_publish *publishes; /* a list, in the order of their requests */
    size_t publishes_count;
    skad_control_file *files; /* a list */
    size_t files_count;
    skad_control_file_op file_ops[SKAD_CONTROL_FILE_OPERATIONS];
    size_t file_ops_count;
    bool stalled;    /* a publish or a file found no room in the node */
    bool ended_some; /* operations, since the last resume */
    uint8_t response[SKAD_CONTROL_RESPONSE_BYTES_MAX]; /* the one being written */
};

/* ---- control.c ---- */

/* Frees the client if nothing is left to do for it; otherwise watches its socket accordingly. */
void skad_control_review(skad_control_client *client);

/* ---- Answering: control_calls.c ---- */

/* Begins the one response that is being written. */
skad_writer skad_control_begin(skad_control *control);
/* Sends what was begun to the client, or to the batch, that waits for it. */
void skad_control_respond(const skad_pending_call *call, const skad_writer *writer);

/* Begin what a request asks for; the call has its client, msgid and method. False when there is no
 * room for another operation now. */
SKAD_MUST_CHECK bool skad_control_start(skad_control *control, const skad_pending_call *call,
                                        const skad_control_request *request);
void skad_control_start_watch(skad_control *control, const skad_pending_call *call,
                              const skad_control_request *request);
void skad_control_unwatch(skad_control *control, const skad_pending_call *call,
                          const skad_control_request *request);

/* Ends all watches of a client that sends no more: it cannot unwatch, and we would not see it hang
 * up. */
void skad_control_end_watches(skad_control_client *client);
/* Ends all that a client waits for, without an answer. */
void skad_control_cancel_all(skad_control_client *client);
/* Refuses a request that could not be begun. */
void skad_control_refuse(skad_control *control, const skad_pending_call *call,
                         const skad_control_request *request, skad_status status);
void skad_control_refuse_because(const skad_pending_call *call, skad_control_error error,
                                 const char *message);
/* Whether one more operation has room. */
bool skad_control_has_room(const skad_control *control, const skad_control_client *client);
/* Takes an operation out: it has ended. */
skad_pending_call skad_control_take(skad_control *control, size_t at);

/* ---- Requests: control_requests.c ---- */

/* Handles what came in, as far as there is room. */
void skad_control_take_messages(skad_control_client *client);
/* Handles one request; false when it has to wait. */
SKAD_MUST_CHECK bool skad_control_handle(const skad_pending_call *call,
                                         const skad_control_request *request);

/* ---- Publishing with the next sequence: control_publish.c ---- */

/* False when there is no room now. */
SKAD_MUST_CHECK bool skad_control_publish_start(skad_control *control,
                                                const skad_pending_call *call,
                                                const skad_control_request *request);
/* One of its steps has ended: the operation at this place. */
void skad_control_publish_event(skad_control *control, size_t at, const skad_event *event);
/* Begins the steps that have to wait no longer. */
void skad_control_publish_resume(skad_control *control);
/* Its client is gone. */
void skad_control_publish_free(skad_control *control, skad_control_publish *publish);

/* ---- Batches: control_batch.c ---- */

/* False when there is no room now. */
SKAD_MUST_CHECK bool skad_control_batch_start(const skad_pending_call *call,
                                              const skad_control_request *request);
/* Keeps the response to one of its requests. */
void skad_control_batch_keep(skad_control_batch *batch, size_t slot, const skad_writer *writer);
/* Begins what waits, and sends what is complete: of a client, or of all (NULL). */
void skad_control_batch_resume(skad_control *control, skad_control_client *client);
void skad_control_batch_cancel(skad_control_client *client);

/* ---- Files: control_files.c ---- */

void skad_control_file_start(const skad_pending_call *call, const skad_control_request *request);
/* A chunk, or an acknowledgement, has come. */
void skad_control_file_notice(skad_control_client *client, const skad_control_request *notice,
                              bool chunk);
void skad_control_abort(const skad_pending_call *call, const skad_control_request *request);
/* An operation has ended: nothing is done if it is of no file. */
void skad_control_file_event(skad_control *control, const skad_event *event);
/* Moves files on: those of a client, or all (NULL). */
void skad_control_files_resume(skad_control *control, const skad_control_client *client);
/* Ends those of a client, without an answer; or, with one, those that lack something of a client
 * that sends no more. */
void skad_control_files_end(skad_control_client *client, bool answered);

/* ---- Subscriptions: control_subscriptions.c ---- */

void skad_control_subscribe(const skad_pending_call *call, const skad_control_request *request);
void skad_control_unsubscribe(const skad_pending_call *call, const skad_control_request *request);
/* Tells a client of the events that were left out, if it can take that now. */
void skad_control_tell_lost(skad_control_client *client);
/* Ends those of a client, with an answer or without. */
void skad_control_end_subscriptions(skad_control_client *client, bool answered);
void skad_control_subscriptions_init(skad_control *control);

#endif
