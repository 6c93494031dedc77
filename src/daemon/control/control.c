/* Clients of the control socket and the operations and watches that they wait for.
 *
 *   reading --request--> started --event--> response --> reading
 *      |                                       |
 *      | no room (node, client, output)        | garbage: answered, then hung up
 *      v                                       v
 *   waiting --an operation ended, output sent--> reading        closing --sent--> gone
 *
 * A client may go on reading and writing while its operations run and its watches report changes.
 * Only review() frees a client; every function that is called from outside calls it last. */
#include "src/daemon/control/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ev.h>

#include "crypto/assert.h"
#include "src/daemon/control/acceptor.h"
#include "src/daemon/control/connection.h"
#include "src/daemon/control/operation_result.h"
#include "src/daemon/control/pending_calls.h"

#define MONITORS_MAX  (SKAD_CONTROL_CLIENTS_MAX / 2)
#define TURN_MESSAGES 4 /* of one client; the next come after the datagrams that wait */

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
} control_client;

/* What comes in by one of the sockets. */
typedef struct entrance {
    skad_control *control;
    bool monitors;
    skad_acceptor acceptor;
} entrance;

struct skad_control {
    skad_control_config config;
    entrance entrances[2];
    control_client *clients[SKAD_CONTROL_CLIENTS_MAX];
    size_t turn; /* where resuming starts, so that no client is always last */
    skad_pending_calls operations;
    skad_pending_calls watches;
    bool ended_some;                                   /* operations, since the last resume */
    uint8_t response[SKAD_CONTROL_RESPONSE_BYTES_MAX]; /* the one being written */
};

/* ---- Answering ---- */

static void respond(control_client *client, const skad_writer *writer)
{
    SKAD_ASSERT(!writer->overflow);
    skad_connection_send(&client->buffers, writer->data, writer->len);
}

static skad_writer begin_response(skad_control *control)
{
    skad_writer writer;
    skad_writer_init(&writer, control->response, sizeof control->response);
    return writer;
}

/* ---- Life of a client ---- */

static skad_pending_call take_operation(skad_control *control, size_t at)
{
    skad_pending_call call = skad_pending_calls_take(&control->operations, at);
    call.client->operations--;
    control->ended_some = true;
    return call;
}

static skad_pending_call take_watch(skad_control *control, size_t at)
{
    skad_pending_call call = skad_pending_calls_take(&control->watches, at);
    call.client->watches--;
    skad_node_cancel(control->config.context->node, call.op);
    return call;
}

static void cancel_all(control_client *client)
{
    skad_control *control = client->control;
    while (client->operations > 0) {
        size_t at = skad_pending_calls_find_client(&control->operations, client);
        skad_node_cancel(control->config.context->node, take_operation(control, at).op);
    }
    while (client->watches > 0) {
        (void)take_watch(control, skad_pending_calls_find_client(&control->watches, client));
    }
}

static void free_client(control_client *client)
{
    skad_control *control = client->control;
    cancel_all(client);
    ev_io_stop(control->config.loop, &client->readable);
    ev_io_stop(control->config.loop, &client->writable);
    skad_connection_close(&client->buffers);
    control->clients[client->place] = NULL;
    free(client);
}

/* Ends the watch of a pending call and answers its request. */
static void end_watch(skad_control *control, size_t at)
{
    skad_pending_call call = take_watch(control, at);
    skad_writer writer = begin_response(control);
    skad_watch_result(&call, &writer);
    respond(call.client, &writer);
}

/* Ends all watches of a client that sends no more: it cannot unwatch, and we would not see it hang
 * up. */
static void end_watches(control_client *client)
{
    while (client->watches > 0) {
        const skad_pending_calls *watches = &client->control->watches;
        end_watch(client->control, skad_pending_calls_find_client(watches, client));
    }
}

static void set_watching(struct ev_loop *loop, ev_io *watcher, bool wanted)
{
    if (wanted && !ev_is_active(watcher)) {
        ev_io_start(loop, watcher);
    } else if (!wanted && ev_is_active(watcher)) {
        ev_io_stop(loop, watcher);
    }
}

/* Frees the client if nothing is left to do for it; otherwise watches its socket accordingly. */
static void review(control_client *client)
{
    const skad_connection *buffers = &client->buffers;
    if (buffers->ended) {
        end_watches(client);
    }
    size_t unsent = skad_connection_unsent(buffers);
    bool idle = unsent == 0 && client->operations == 0 && !client->waiting;
    if (buffers->broken || (client->closing && unsent == 0) || (buffers->ended && idle)) {
        free_client(client);
        return;
    }
    struct ev_loop *loop = client->control->config.loop;
    set_watching(loop, &client->readable, !buffers->ended && !client->waiting && !client->closing);
    set_watching(loop, &client->writable, unsent > 0 || client->yields);
}

/* ---- Requests ---- */

static void respond_error(control_client *client, uint32_t msgid, skad_control_error error,
                          const char *message)
{
    skad_writer writer = begin_response(client->control);
    skad_control_write_error(&writer, msgid, error, message);
    respond(client, &writer);
}

static void respond_refusal(control_client *client, const skad_control_request *request,
                            skad_status status)
{
    skad_writer writer = begin_response(client->control);
    skad_method_refuse(request, status, &writer);
    respond(client, &writer);
}

static skad_pending_call make_call(control_client *client, const skad_control_request *request)
{
    return (skad_pending_call){
        .client = client,
        .msgid = request->msgid,
        .method = request->method,
        .started_us = client->control->config.now->mono_us,
        .sequence = request->sequence,
    };
}

/* False when there is no room for another operation now. */
static bool start_operation(control_client *client, const skad_control_request *request)
{
    skad_control *control = client->control;
    skad_pending_call call = make_call(client, request);

    if (client->operations == SKAD_CONTROL_CLIENT_OPERATIONS_MAX ||
        control->operations.count == SKAD_PENDING_CALLS_MAX) {
        return false;
    }
    skad_status status =
        skad_method_start(control->config.context, request, *control->config.now, &call.op);
    if (status == SKAD_OK) {
        skad_pending_calls_add(&control->operations, &call);
        client->operations++;
        return true;
    }
    /* Wait only for operations that will end: without one of ours under way no event wakes us. */
    if (status == SKAD_ERR_FULL && control->operations.count > 0) {
        return false;
    }
    respond_refusal(client, request, status);
    return true;
}

static void start_watch(control_client *client, const skad_control_request *request)
{
    skad_control *control = client->control;
    skad_pending_call call = make_call(client, request);
    skad_status status = SKAD_ERR_FULL;

    if (client->watches < SKAD_CONTROL_CLIENT_WATCHES_MAX &&
        control->watches.count < SKAD_PENDING_CALLS_MAX) {
        status =
            skad_method_start(control->config.context, request, *control->config.now, &call.op);
    }
    if (status != SKAD_OK) {
        respond_refusal(client, request, status);
        return;
    }
    skad_pending_calls_add(&control->watches, &call);
    client->watches++;
}

static void unwatch(control_client *client, const skad_control_request *request)
{
    skad_control *control = client->control;
    size_t at = skad_pending_calls_find_msgid(&control->watches, client, request->watched);
    bool found = at < control->watches.count;
    if (found) {
        end_watch(control, at);
    }
    skad_writer writer = begin_response(control);
    skad_control_write_result(&writer, request->msgid);
    skad_write_bool(&writer, found);
    respond(client, &writer);
}

/* False when it has to wait. */
static bool handle_request(control_client *client, const skad_control_request *request)
{
    const skad_control *control = client->control;
    if (client->monitors && !skad_method_only_reads(request->method)) {
        respond_error(client, request->msgid, SKAD_CONTROL_ERROR_DENIED,
                      "this socket is for looking only: use the node's control socket");
        return true;
    }
    switch (skad_method_manner_of(request->method)) {
    case SKAD_METHOD_OPERATION:
        return start_operation(client, request);
    case SKAD_METHOD_WATCH:
        start_watch(client, request);
        return true;
    case SKAD_METHOD_UNWATCH:
        unwatch(client, request);
        return true;
    case SKAD_METHOD_AT_ONCE:
        break;
    }
    skad_writer writer = begin_response(client->control);
    skad_method_answer(control->config.context, request, *control->config.now, &writer);
    respond(client, &writer);
    return true;
}

/* Takes the first message out of the client's buffer. False when it has to wait for something. */
static bool take_message(control_client *client)
{
    skad_connection *buffers = &client->buffers;
    skad_control_request request;
    bool msgid_known = false;
    size_t consumed = 0;

    switch (skad_control_read(buffers->in, buffers->in_len, &request, &msgid_known, &consumed)) {
    case SKAD_CONTROL_REQUEST:
        if (!handle_request(client, &request)) {
            client->waiting = true;
            return false;
        }
        break;
    case SKAD_CONTROL_IGNORED:
        break;
    case SKAD_CONTROL_NO_METHOD:
        respond_error(client, request.msgid, SKAD_CONTROL_ERROR_METHOD, "there is no such method");
        break;
    case SKAD_CONTROL_WRONG_PARAMS:
        respond_error(client, request.msgid, SKAD_CONTROL_ERROR_PARAMS,
                      "these are not the parameters of this method");
        break;
    case SKAD_CONTROL_MORE:
        return false;
    case SKAD_CONTROL_RUBBISH:
        if (msgid_known) {
            respond_error(client, request.msgid, SKAD_CONTROL_ERROR_PARAMS,
                          "not a request of at most 4096 bytes");
        }
        client->closing = true;
        return false;
    }
    skad_connection_consume(buffers, consumed);
    return true;
}

static void take_messages(control_client *client)
{
    client->waiting = false;
    client->yields = false;
    for (size_t taken = 0; !client->buffers.broken; taken++) {
        client->yields = taken == TURN_MESSAGES;
        if (client->yields ||
            skad_connection_unsent(&client->buffers) > SKAD_CONNECTION_OUT_BYTES_PAUSE) {
            client->waiting = true;
            return;
        }
        if (!take_message(client)) {
            return;
        }
    }
}

static void on_ready(struct ev_loop *loop, ev_io *watcher, int revents)
{
    (void)loop;
    control_client *client = watcher->data;
    if ((revents & EV_READ) != 0) {
        skad_connection_receive(&client->buffers);
        take_messages(client);
    } else {
        skad_connection_flush(&client->buffers);
        if (client->waiting) {
            take_messages(client);
        }
    }
    review(client);
}

/* ---- Clients come ---- */

static void refuse(skad_control *control, int fd)
{
    skad_writer writer = begin_response(control);
    skad_control_write_error(&writer, 0, SKAD_CONTROL_ERROR_BUSY, "too many clients");
    ssize_t sent = send(fd, writer.data, writer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    close(fd);
}

static size_t count_clients(const skad_control *control, bool monitors_only)
{
    size_t count = 0;
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        const control_client *client = control->clients[i];
        count += client != NULL && (!monitors_only || client->monitors);
    }
    return count;
}

size_t skad_control_clients(const skad_control *control)
{
    return count_clients(control, false);
}

static void admit(void *user, int fd)
{
    const entrance *by = user;
    skad_control *control = by->control;
    size_t place = 0;
    while (place < SKAD_CONTROL_CLIENTS_MAX && control->clients[place] != NULL) {
        place++;
    }
    /* Monitors never have all places: who may act is not kept out by who may only look. */
    const bool room = place < SKAD_CONTROL_CLIENTS_MAX &&
                      (!by->monitors || count_clients(control, true) < MONITORS_MAX);
    control_client *client = room ? calloc(1, sizeof *client) : NULL;
    if (client == NULL) {
        refuse(control, fd);
        return;
    }
    skad_connection_init(&client->buffers, fd);
    client->control = control;
    client->monitors = by->monitors;
    client->place = place;
    control->clients[place] = client;
    ev_io_init(&client->readable, on_ready, fd, EV_READ);
    ev_io_init(&client->writable, on_ready, fd, EV_WRITE);
    client->readable.data = client;
    client->writable.data = client;
    ev_io_start(control->config.loop, &client->readable);
}

bool skad_control_new(const skad_control_config *config, skad_control **out, skad_failure *failure)
{
    skad_control *control = calloc(1, sizeof *control);
    if (control == NULL) {
        return skad_fail(failure, "out of memory");
    }
    control->config = *config;
    for (size_t i = 0; i < 2; i++) {
        entrance *each = &control->entrances[i];
        const skad_control_place *place = i == 0 ? &config->place : &config->monitor;
        *each = (entrance){.control = control, .monitors = i == 1};
        each->acceptor = (skad_acceptor){.loop = config->loop, .accepted = admit, .user = each};
        if (place->path != NULL && !skad_acceptor_open(&each->acceptor, place, failure)) {
            skad_control_free(control);
            return false;
        }
    }
    /* Borrowed for the start only. */
    control->config.place.path = NULL;
    control->config.monitor.path = NULL;
    *out = control;
    return true;
}

void skad_control_free(skad_control *control)
{
    if (control == NULL) {
        return;
    }
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i] != NULL) {
            free_client(control->clients[i]);
        }
    }
    skad_acceptor_close(&control->entrances[0].acceptor);
    skad_acceptor_close(&control->entrances[1].acceptor);
    free(control);
}

/* ---- Events ---- */

void skad_control_step(skad_control *control, const skad_event *event)
{
    size_t at = skad_pending_calls_find(&control->operations, event->op);
    if (at < control->operations.count) {
        const skad_pending_call *call = &control->operations.entries[at];
        skad_writer writer = begin_response(control);
        skad_step_notice(event, call, &writer);
        respond(call->client, &writer);
        review(call->client);
    }
}

void skad_control_changed(skad_control *control, const skad_event *event)
{
    size_t at = skad_pending_calls_find(&control->watches, event->op);
    if (at < control->watches.count) {
        skad_pending_call *call = &control->watches.entries[at];
        call->changes++;
        skad_writer writer = begin_response(control);
        skad_change_notice(event, call, &writer);
        respond(call->client, &writer);
        review(call->client);
    }
}

void skad_control_finish(skad_control *control, const skad_event *event)
{
    size_t at = skad_pending_calls_find(&control->operations, event->op);
    if (at == control->operations.count) {
        return;
    }
    skad_pending_call call = take_operation(control, at);
    skad_writer writer = begin_response(control);
    skad_durations_add(control->config.context->durations, event->kind,
                       control->config.now->mono_us - call.started_us);
    skad_operation_result(event, &call, &writer);
    respond(call.client, &writer);
    review(call.client);
}

void skad_control_resume(skad_control *control)
{
    if (!control->ended_some) {
        return;
    }
    control->ended_some = false;
    control->turn++;
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        control_client *client = control->clients[(control->turn + i) % SKAD_CONTROL_CLIENTS_MAX];
        if (client != NULL && client->waiting) {
            take_messages(client);
            review(client);
        }
    }
}
