/* Requests: what comes out of a client's buffer, and who answers it. */
#include "src/daemon/control/control_inside.h"
#include "src/daemon/control/hello_result.h"

#define TURN_MESSAGES 4 /* of one client; the next come after the datagrams that wait */

static void answer_at_once(const skad_pending_call *call, const skad_control_request *request)
{
    skad_control *control = call->client->control;
    skad_writer writer = skad_control_begin(control);
    if (request->method == SKAD_CONTROL_HELLO) {
        skad_hello_answer(control->config.context, request, call->client->monitors, &writer);
    } else {
        skad_method_answer(control->config.context, request, *control->config.now, &writer);
    }
    skad_control_respond(call, &writer);
}

bool skad_control_handle(const skad_pending_call *call, const skad_control_request *request)
{
    skad_control *control = call->client->control;
    if (call->client->monitors && !skad_method_only_reads(request->method)) {
        skad_control_refuse_because(
            call, SKAD_CONTROL_ERROR_DENIED,
            "this socket is for looking only: use the node's control socket");
        return true;
    }
    switch (skad_method_manner_of(request->method)) {
    case SKAD_METHOD_OPERATION:
        return skad_control_start(control, call, request);
    case SKAD_METHOD_WATCH:
        skad_control_start_watch(control, call, request);
        break;
    case SKAD_METHOD_UNWATCH:
        skad_control_unwatch(control, call, request);
        break;
    case SKAD_METHOD_SUBSCRIPTION:
        skad_control_subscribe(call, request);
        break;
    case SKAD_METHOD_UNSUBSCRIBE:
        skad_control_unsubscribe(call, request);
        break;
    case SKAD_METHOD_UPLOAD:
    case SKAD_METHOD_DOWNLOAD:
        skad_control_file_start(call, request);
        break;
    case SKAD_METHOD_ABORT:
        skad_control_abort(call, request);
        break;
    case SKAD_METHOD_BATCH:
        return skad_control_batch_start(call, request);
    case SKAD_METHOD_AT_ONCE:
        answer_at_once(call, request);
        break;
    }
    return true;
}

/* The call that a message of a client makes. */
static skad_pending_call call_of(skad_control_client *client, const skad_control_request *request)
{
    return (skad_pending_call){
        .client = client,
        .msgid = request->msgid,
        .method = request->method,
        .started_us = client->control->config.now->mono_us,
        .sequence = request->sequence,
    };
}

static void refuse_params(const skad_pending_call *call, const skad_control_request *request)
{
    skad_writer writer = skad_control_begin(call->client->control);
    skad_method_refuse_params(request, &writer);
    skad_control_respond(call, &writer);
}

/* Takes the first message out of the client's buffer. False when it has to wait for something. */
static bool take_message(skad_control_client *client)
{
    skad_connection *buffers = &client->buffers;
    skad_control_request request;
    bool msgid_known = false;
    size_t consumed = 0;

    const skad_control_cut cut =
        skad_control_read(buffers->in, buffers->in_len, &request, &msgid_known, &consumed);
    const skad_pending_call call = call_of(client, &request);
    switch (cut) {
    case SKAD_CONTROL_REQUEST:
        if (!skad_control_handle(&call, &request)) {
            client->waiting = true;
            return false;
        }
        break;
    case SKAD_CONTROL_CHUNK:
    case SKAD_CONTROL_ACK:
        skad_control_file_notice(client, &request, cut == SKAD_CONTROL_CHUNK);
        break;
    case SKAD_CONTROL_IGNORED:
        break;
    case SKAD_CONTROL_NO_METHOD:
        skad_control_refuse_because(&call, SKAD_CONTROL_ERROR_METHOD, "there is no such method");
        break;
    case SKAD_CONTROL_WRONG_PARAMS:
        refuse_params(&call, &request);
        break;
    case SKAD_CONTROL_MORE:
        return false;
    case SKAD_CONTROL_RUBBISH:
        if (msgid_known) {
            skad_control_refuse_because(&call, SKAD_CONTROL_ERROR_PARAMS,
                                        "not a request of at most 4096 bytes");
        }
        client->closing = true;
        return false;
    }
    skad_connection_consume(buffers, consumed);
    return true;
}

void skad_control_take_messages(skad_control_client *client)
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
