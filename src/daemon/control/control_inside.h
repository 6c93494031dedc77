/* What the control socket is made of, for its own files: control.c lets clients in and out,
 * control_requests.c takes their requests, control_calls.c keeps what they wait for.
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

typedef struct skad_control_client {
    skad_connection buffers;
    skad_control *control;
    ev_io readable;
    ev_io writable;
    size_t place; /* in control->clients */
    size_t operations;
    size_t watches;
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

struct skad_control {
    skad_control_config config;
    skad_control_entrance entrances[2];
    skad_control_client *clients[SKAD_CONTROL_CLIENTS_MAX];
    size_t turn; /* where resuming starts, so that no client is always last */
    skad_pending_calls operations;
    skad_pending_calls watches;
    bool ended_some;                                   /* operations, since the last resume */
    uint8_t response[SKAD_CONTROL_RESPONSE_BYTES_MAX]; /* the one being written */
};

/* ---- control.c ---- */

/* Frees the client if nothing is left to do for it; otherwise watches its socket accordingly. */
void skad_control_review(skad_control_client *client);

/* ---- Answering: control_calls.c ---- */

/* Begins the one response that is being written. */
skad_writer skad_control_begin(skad_control *control);
/* Sends what was begun to the client that waits for it. */
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

/* ---- Requests: control_requests.c ---- */

/* Handles what came in, as far as there is room. */
void skad_control_take_messages(skad_control_client *client);

#endif
