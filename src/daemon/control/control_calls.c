/* What clients wait for: operations, which end by themselves, and watches, which a client ends. */
#include "crypto/assert.h"
#include "src/daemon/control/audit_result.h"
#include "src/daemon/control/control_inside.h"
#include "src/daemon/control/operation_result.h"

/* ---- Answering ---- */

skad_writer skad_control_begin(skad_control *control)
{
    skad_writer writer;
    skad_writer_init(&writer, control->response, sizeof control->response);
    return writer;
}

void skad_control_respond(const skad_pending_call *call, const skad_writer *writer)
{
    SKAD_ASSERT(!writer->overflow);
    if (call->batch != NULL) {
        skad_control_batch_keep(call->batch, call->slot, writer);
        return;
    }
    skad_connection_send(&call->client->buffers, writer->data, writer->len);
}

void skad_control_refuse(skad_control *control, const skad_pending_call *call,
                         const skad_control_request *request, skad_status status)
{
    skad_writer writer = skad_control_begin(control);
    skad_method_refuse(control->config.context, request, status, &writer);
    skad_control_respond(call, &writer);
}

void skad_control_refuse_because(const skad_pending_call *call, skad_control_error error,
                                 const char *message)
{
    skad_writer writer = skad_control_begin(call->client->control);
    skad_control_write_error(&writer, call->msgid, error, message);
    skad_control_respond(call, &writer);
}

/* ---- Ending ---- */

skad_pending_call skad_control_take(skad_control *control, size_t at)
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

void skad_control_cancel_all(skad_control_client *client)
{
    skad_control *control = client->control;
    while (client->operations > 0) {
        size_t at = skad_pending_calls_find_client(&control->operations, client);
        skad_pending_call call = skad_control_take(control, at);
        skad_node_cancel(control->config.context->node, call.op);
        if (call.publish != NULL) {
            skad_control_publish_free(control, call.publish);
        }
    }
    while (client->watches > 0) {
        (void)take_watch(control, skad_pending_calls_find_client(&control->watches, client));
    }
    skad_control_end_subscriptions(client, false);
    skad_control_files_end(client, false);
    skad_control_batch_cancel(client);
}

/* Ends the watch of a pending call and answers its request. */
static void end_watch(skad_control *control, size_t at)
{
    skad_pending_call call = take_watch(control, at);
    skad_writer writer = skad_control_begin(control);
    skad_watch_result(&call, &writer);
    skad_control_respond(&call, &writer);
}

void skad_control_end_watches(skad_control_client *client)
{
    while (client->watches > 0) {
        const skad_pending_calls *watches = &client->control->watches;
        end_watch(client->control, skad_pending_calls_find_client(watches, client));
    }
}

/* ---- Starting ---- */

bool skad_control_has_room(const skad_control *control, const skad_control_client *client)
{
    return client->operations < SKAD_CONTROL_CLIENT_OPERATIONS_MAX &&
           control->operations.count < SKAD_PENDING_CALLS_MAX;
}

bool skad_control_start(skad_control *control, const skad_pending_call *call,
                        const skad_control_request *request)
{
    skad_pending_call started = *call;

    if (!skad_control_has_room(control, call->client)) {
        return false;
    }
    if (request->method == SKAD_CONTROL_PUBLISH && request->auto_sequence) {
        return skad_control_publish_start(control, call, request);
    }
    skad_status status =
        skad_method_start(control->config.context, request, *control->config.now, &started.op);
    if (status == SKAD_OK) {
        skad_pending_calls_add(&control->operations, &started);
        call->client->operations++;
        return true;
    }
    /* Wait only for operations that will end: without one of ours under way no event wakes us. */
    if (status == SKAD_ERR_FULL && control->operations.count > 0) {
        return false;
    }
    skad_control_refuse(control, call, request, status);
    return true;
}

void skad_control_start_watch(skad_control *control, const skad_pending_call *call,
                              const skad_control_request *request)
{
    skad_pending_call started = *call;
    skad_status status = SKAD_ERR_FULL;

    if (call->client->watches < SKAD_CONTROL_CLIENT_WATCHES_MAX &&
        control->watches.count < SKAD_PENDING_CALLS_MAX) {
        status =
            skad_method_start(control->config.context, request, *control->config.now, &started.op);
    }
    if (status != SKAD_OK) {
        skad_control_refuse(control, call, request, status);
        return;
    }
    skad_pending_calls_add(&control->watches, &started);
    call->client->watches++;
}

void skad_control_unwatch(skad_control *control, const skad_pending_call *call,
                          const skad_control_request *request)
{
    size_t at = skad_pending_calls_find_msgid(&control->watches, call->client, request->watched);
    bool found = at < control->watches.count;
    if (found) {
        end_watch(control, at);
    }
    skad_writer writer = skad_control_begin(control);
    skad_control_write_result(&writer, call->msgid);
    skad_write_bool(&writer, found);
    skad_control_respond(call, &writer);
}

/* ---- Events of the node ---- */

void skad_control_step(skad_control *control, const skad_event *event)
{
    size_t at = skad_pending_calls_find(&control->operations, event->op);
    /* A batch has one response, and nothing before it. */
    if (at < control->operations.count && control->operations.entries[at].batch == NULL) {
        const skad_pending_call *call = &control->operations.entries[at];
        skad_writer writer = skad_control_begin(control);
        skad_step_notice(event, call, &writer);
        skad_control_respond(call, &writer);
        skad_control_review(call->client);
    }
}

void skad_control_changed(skad_control *control, const skad_event *event)
{
    size_t at = skad_pending_calls_find(&control->watches, event->op);
    if (at < control->watches.count) {
        skad_pending_call *call = &control->watches.entries[at];
        call->changes++;
        skad_writer writer = skad_control_begin(control);
        skad_change_notice(event, call, &writer);
        skad_control_respond(call, &writer);
        skad_control_review(call->client);
    }
}

void skad_control_finish(skad_control *control, const skad_event *event)
{
    size_t at = skad_pending_calls_find(&control->operations, event->op);
    if (at == control->operations.count) {
        skad_control_file_event(control, event);
        return;
    }
    skad_control_client *client = control->operations.entries[at].client;
    if (control->operations.entries[at].publish != NULL) {
        skad_control_publish_event(control, at, event);
    } else {
        skad_pending_call call = skad_control_take(control, at);
        skad_writer writer = skad_control_begin(control);
        skad_durations_add(control->config.context->durations, event->kind,
                           control->config.now->mono_us - call.started_us);
        if (call.method == SKAD_CONTROL_AUDIT && event->outcome == SKAD_OUTCOME_DONE) {
            skad_audit_result(control->config.context, event, &call, &writer);
        } else {
            skad_operation_result(event, &call, &writer);
        }
        skad_control_respond(&call, &writer);
    }
    skad_control_batch_resume(control, client);
    skad_control_review(client);
}
