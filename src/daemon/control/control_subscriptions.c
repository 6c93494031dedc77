/* Subscriptions: events of the node as they happen, and its status every few seconds.
 *
 * A client that reads too slowly misses events, and is told how many; it never makes the node wait
 * or remember them. A status that it cannot take is left out, because the next one replaces it. */
#include <stdlib.h>
#include <string.h>

#include "src/daemon/control/control_inside.h"
#include "src/daemon/control/results.h"
#include "src/daemon/control/status_result.h"

#define TICK_S 1.0

static bool is_slow(const skad_control_client *client)
{
    return skad_connection_unsent(&client->buffers) > SKAD_CONNECTION_OUT_BYTES_PAUSE;
}

static void send_notice(skad_control_subscription *self, const skad_notice *notice)
{
    skad_control *control = self->client->control;
    const skad_pending_call call = {.client = self->client};
    skad_writer writer = skad_control_begin(control);
    skad_control_write_notification(&writer, "event", self->msgid);
    skad_notice_result(notice, *control->config.now, &writer);
    skad_control_respond(&call, &writer);
    self->told++;
}

static bool wants(const skad_control_subscription *self, skad_control_kind kind)
{
    return self->every_s == 0 && ((self->kinds >> kind) & 1U) != 0;
}

static void tell_lost(skad_control_subscription *self)
{
    const skad_notice lost = {.kind = SKAD_CONTROL_KIND_LOST, .count = self->lost};
    if (self->lost > 0 && !is_slow(self->client)) {
        self->lost = 0;
        if (wants(self, SKAD_CONTROL_KIND_LOST)) {
            send_notice(self, &lost);
        }
    }
}

void skad_control_tell(skad_control *control, const skad_notice *notice)
{
    for (size_t i = 0; i < control->subscriptions_count; i++) {
        skad_control_subscription *self = &control->subscriptions[i];
        if (!wants(self, notice->kind)) {
            continue;
        }
        tell_lost(self);
        if (is_slow(self->client)) {
            self->lost++;
        } else {
            send_notice(self, notice);
        }
    }
    /* Backwards: reviewing may free a client, and with it its subscriptions. */
    for (size_t i = SKAD_CONTROL_CLIENTS_MAX; i > 0; i--) {
        skad_control_client *client = control->clients[i - 1];
        if (client != NULL && client->subscriptions > 0) {
            skad_control_review(client);
        }
    }
}

void skad_control_tell_lost(skad_control_client *client)
{
    skad_control *control = client->control;
    for (size_t i = 0; client->subscriptions > 0 && i < control->subscriptions_count; i++) {
        if (control->subscriptions[i].client == client) {
            tell_lost(&control->subscriptions[i]);
        }
    }
}

/* ---- The status ---- */

/* The status as it was written for the first subscriber of a tick: it looks at the whole routing
 * table, so that making it for each of them would hold up the loop. */
typedef struct made_status {
    uint8_t *data; /* NULL: not made yet, or no memory to keep it */
    size_t len;
} made_status;

static void send_status(skad_control_subscription *self, made_status *made)
{
    skad_control *control = self->client->control;
    const skad_pending_call call = {.client = self->client};
    skad_writer writer = skad_control_begin(control);
    skad_control_write_notification(&writer, "status", self->msgid);
    const size_t head = writer.len;
    if (made->data != NULL) {
        skad_write_raw(&writer, made->data, made->len);
    } else {
        skad_status_result(control->config.context, *control->config.now, &writer);
        made->len = writer.len - head;
        made->data = malloc(made->len);
        if (made->data != NULL) {
            memcpy(made->data, writer.data + head, made->len);
        }
    }
    skad_control_respond(&call, &writer);
    self->told++;
}

static void on_tick(struct ev_loop *loop, ev_timer *watcher, int revents)
{
    (void)loop;
    (void)revents;
    skad_control *control = watcher->data;
    const uint64_t now_us = control->config.now->mono_us;
    made_status made = {NULL, 0};
    for (size_t i = 0; i < control->subscriptions_count; i++) {
        skad_control_subscription *self = &control->subscriptions[i];
        if (self->every_s != 0 && now_us >= self->due_us) {
            self->due_us = now_us + self->every_s * SKAD_US_PER_S - SKAD_US_PER_S / 2;
            if (!is_slow(self->client)) {
                send_status(self, &made);
            }
        }
    }
    free(made.data);
    for (size_t i = 0; i < SKAD_CONTROL_CLIENTS_MAX; i++) {
        skad_control_client *client = control->clients[i];
        if (client != NULL && client->subscriptions > 0) {
            skad_control_review(client);
        }
    }
}

void skad_control_subscriptions_init(skad_control *control)
{
    ev_timer_init(&control->tick, on_tick, TICK_S, TICK_S);
    control->tick.data = control;
}

static void set_tick(skad_control *control)
{
    bool wanted = false;
    for (size_t i = 0; i < control->subscriptions_count; i++) {
        wanted = wanted || control->subscriptions[i].every_s != 0;
    }
    if (wanted && !ev_is_active(&control->tick)) {
        ev_timer_set(&control->tick, TICK_S, TICK_S);
        ev_timer_start(control->config.loop, &control->tick);
    } else if (!wanted) {
        ev_timer_stop(control->config.loop, &control->tick);
    }
}

/* ---- Beginning and ending ---- */

void skad_control_subscribe(const skad_pending_call *call, const skad_control_request *request)
{
    skad_control *control = call->client->control;
    const bool of_status = request->method == SKAD_CONTROL_SUBSCRIBE_STATUS;
    if (call->client->subscriptions == SKAD_CONTROL_CLIENT_SUBSCRIPTIONS_MAX ||
        control->subscriptions_count == SKAD_CONTROL_SUBSCRIPTIONS_MAX) {
        skad_control_refuse_because(call, SKAD_CONTROL_ERROR_BUSY,
                                    "too many subscriptions: end one by 'unsubscribe'");
        return;
    }
    skad_control_subscription *self = &control->subscriptions[control->subscriptions_count++];
    *self = (skad_control_subscription){
        .client = call->client,
        .msgid = call->msgid,
        .every_s = of_status ? request->every_s : 0,
        .kinds = request->kinds,
        .due_us =
            control->config.now->mono_us + request->every_s * SKAD_US_PER_S - SKAD_US_PER_S / 2,
    };
    call->client->subscriptions++;
    if (of_status) {
        made_status made = {NULL, 0};
        send_status(self, &made);
        free(made.data);
    }
    set_tick(control);
}

static void end_one(skad_control *control, size_t at, bool answered)
{
    const skad_control_subscription ended = control->subscriptions[at];
    control->subscriptions[at] = control->subscriptions[--control->subscriptions_count];
    ended.client->subscriptions--;
    set_tick(control);
    if (answered) {
        const skad_pending_call call = {.client = ended.client};
        skad_writer writer = skad_control_begin(control);
        skad_control_write_result(&writer, ended.msgid);
        skad_result_map(&writer, 1);
        skad_result_uint(&writer, "events", ended.told);
        skad_control_respond(&call, &writer);
    }
}

void skad_control_end_subscriptions(skad_control_client *client, bool answered)
{
    skad_control *control = client->control;
    for (size_t i = control->subscriptions_count; i > 0 && client->subscriptions > 0; i--) {
        if (control->subscriptions[i - 1].client == client) {
            end_one(control, i - 1, answered);
        }
    }
}

void skad_control_unsubscribe(const skad_pending_call *call, const skad_control_request *request)
{
    skad_control *control = call->client->control;
    bool found = false;
    for (size_t i = 0; i < control->subscriptions_count && !found; i++) {
        const skad_control_subscription *self = &control->subscriptions[i];
        if (self->client == call->client && self->msgid == request->watched) {
            end_one(control, i, true);
            found = true;
        }
    }
    skad_writer writer = skad_control_begin(control);
    skad_control_write_result(&writer, call->msgid);
    skad_write_bool(&writer, found);
    skad_control_respond(call, &writer);
}
