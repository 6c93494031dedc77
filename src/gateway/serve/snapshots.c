/* Status, health and table: whatever the number of those who ask, the node is asked once a second
 * at most. Those who come while it is being asked wait for the same answer. */
#include <stdlib.h>

#include "src/gateway/serve/inside.h"

#define FRESH_US 1000000

static void keep(skad_snapshot *snapshot, skad_answer result, uint64_t now_us)
{
    if (snapshot->response != NULL) {
        MHD_destroy_response(snapshot->response);
    }
    free(snapshot->text);
    snapshot->text = skad_reply_text(result, &snapshot->len);
    snapshot->response =
        snapshot->text == NULL ? NULL : skad_reply_json(snapshot->text, snapshot->len);
    snapshot->at_us = now_us;
}

/* Pages of other origins need headers of their own. */
static void answer(skad_exchange *exchange, skad_snapshot *snapshot)
{
    if (exchange->gateway->config->access.origins_count == 0 || snapshot->text == NULL) {
        skad_reply_share(exchange, MHD_HTTP_OK, &snapshot->response);
    } else {
        skad_reply_set(exchange, MHD_HTTP_OK, skad_reply_json(snapshot->text, snapshot->len));
    }
}

static skad_snapshot *of(skad_gateway *gateway, skad_control_method method)
{
    for (size_t i = 0; i < SKAD_SNAPSHOTS; i++) {
        if (gateway->snapshots[i].method == method) {
            return &gateway->snapshots[i];
        }
    }
    return &gateway->snapshots[0];
}

/* Answers all that wait for a snapshot. */
static void tell(skad_snapshot *snapshot, const skad_web_error *error)
{
    skad_exchange *exchange = snapshot->waiting;
    snapshot->waiting = NULL;
    snapshot->asked = false;
    while (exchange != NULL) {
        skad_exchange *next = exchange->next_waiting;
        exchange->next_waiting = NULL;
        if (error != NULL) {
            skad_reply_error(exchange, error);
        } else {
            answer(exchange, snapshot);
        }
        skad_exchange_resume(exchange);
        exchange = next;
    }
}

static void done(void *user, const skad_web_error *error, skad_answer result)
{
    skad_snapshot *snapshot = user;
    if (error == NULL) {
        keep(snapshot, result, snapshot->gateway->now_us);
    }
    tell(snapshot, error);
}

static bool ask(skad_snapshot *snapshot, skad_web_error *error)
{
    skad_gateway *gateway = snapshot->gateway;
    skad_control_request request = {.method = snapshot->method};
    const skad_link_hooks hooks = {.done = done, .user = snapshot};
    uint32_t handle;
    snapshot->asked = skad_link_begin(&gateway->links[SKAD_LINK_FOR_CALLS], &request, &hooks,
                                      gateway->now_us, &handle, error);
    return snapshot->asked;
}

void skad_snapshot_begin(skad_exchange *exchange)
{
    skad_gateway *gateway = exchange->gateway;
    skad_snapshot *snapshot = of(gateway, exchange->route->call);
    if (snapshot->response != NULL && gateway->now_us - snapshot->at_us < FRESH_US) {
        answer(exchange, snapshot);
        return;
    }
    if (!snapshot->asked && !ask(snapshot, &exchange->error)) {
        skad_reply_error(exchange, &exchange->error);
        return;
    }
    exchange->next_waiting = snapshot->waiting;
    snapshot->waiting = exchange;
    skad_exchange_suspend(exchange);
}

void skad_snapshot_leave(skad_exchange *exchange)
{
    skad_exchange **place = &of(exchange->gateway, exchange->route->call)->waiting;
    while (*place != NULL && *place != exchange) {
        place = &(*place)->next_waiting;
    }
    if (*place == exchange) {
        *place = exchange->next_waiting;
    }
}
