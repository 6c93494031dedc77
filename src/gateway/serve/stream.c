/* Server-sent events (HTML Standard, section 9.2): notices of the daemon, each as `event` and
 * `data`. The end of a lookup or a watch is the event `done`, an error the event `failed`; browsers
 * call their own errors `error`. A comment each 15 seconds shows that the gateway is still there.
 * A client that ends its sending half is gone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "src/gateway/serve/inside.h"

#define UNREAD_MAX                                                                                 \
    ((size_t)256 * 1024) /* of a client that reads too slowly; its stream ends then */
#define SILENCE_US 15000000

static void wake(skad_exchange *exchange)
{
    exchange->spoke_us = exchange->gateway->now_us;
    skad_exchange_resume(exchange);
}

static void add(skad_exchange *exchange, skad_span event, const char *data, size_t len)
{
    skad_flow *flow = &exchange->flow;
    const bool fits = skad_flow_add(flow, "event: ", 7, UNREAD_MAX) &&
                      skad_flow_add(flow, event.data, event.len, UNREAD_MAX) &&
                      skad_flow_add(flow, "\ndata: ", 7, UNREAD_MAX) &&
                      skad_flow_add(flow, data, len, UNREAD_MAX) &&
                      skad_flow_add(flow, "\n", 1, UNREAD_MAX);
    if (!fits) {
        flow->over = true;
        flow->broken = true;
        skad_link_forget(exchange->link, exchange->handle);
        exchange->handle = SKAD_LINK_NONE;
    }
}

/* The JSON has one line with its end. */
static void notice(void *user, skad_span kind, skad_answer value)
{
    skad_exchange *exchange = user;
    size_t len = 0;
    char *text = skad_reply_text(value, &len);
    if (text != NULL) {
        add(exchange, kind, text, len);
        free(text);
    }
    wake(exchange);
}

static void done(void *user, const skad_web_error *error, skad_answer result)
{
    skad_exchange *exchange = user;
    char text[SKAD_WEB_ERROR_BYTES];
    exchange->handle = SKAD_LINK_NONE;
    if (error == NULL) {
        notice(exchange, (skad_span){(const uint8_t *)"done", 4}, result);
    } else {
        const size_t len = skad_web_error_write(error, text);
        add(exchange, (skad_span){(const uint8_t *)"failed", 6}, text, len);
    }
    exchange->flow.over = true;
    wake(exchange);
}

static ssize_t give(void *user, uint64_t position, char *out, size_t max)
{
    skad_exchange *exchange = user;
    (void)position;
    const size_t len = skad_flow_take(&exchange->flow, out, max);
    if (len > 0) {
        return (ssize_t)len;
    }
    if (exchange->flow.over) {
        return exchange->flow.broken ? MHD_CONTENT_READER_END_WITH_ERROR
                                     : MHD_CONTENT_READER_END_OF_STREAM;
    }
    skad_exchange_suspend(exchange);
    return 0;
}

/* The server looks at no connection that is suspended, so that is done here. */
static bool is_gone(const skad_exchange *exchange)
{
    char byte;
    const ssize_t got = recv(exchange->guest->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

void skad_stream_tick(skad_exchange *exchange)
{
    if (exchange->suspended && is_gone(exchange)) {
        exchange->flow.over = true;
        exchange->flow.broken = true;
        wake(exchange);
        return;
    }
    if (exchange->suspended && exchange->gateway->now_us - exchange->spoke_us >= SILENCE_US) {
        (void)skad_flow_add(&exchange->flow, ":\n\n", 3, UNREAD_MAX);
        wake(exchange);
    }
}

/* Whether one more stream may begin; else the answer is a refusal. */
static bool may_begin(skad_exchange *exchange)
{
    skad_gateway *gateway = exchange->gateway;
    if (gateway->streams >= gateway->config->streams) {
        (void)skad_web_refuse(&exchange->error, 503, "busy",
                              "there are %zu streams of events already: close one, or try later",
                              gateway->streams);
        skad_reply_error(exchange, &exchange->error);
        return false;
    }
    if (exchange->route->call == SKAD_CONTROL_TRACE && !skad_exchange_may_search(exchange)) {
        return false;
    }
    gateway->streams++;
    exchange->counted_stream = true;
    return true;
}

void skad_stream_begin(skad_exchange *exchange)
{
    const skad_link_hooks hooks = {.notice = notice, .done = done, .user = exchange};
    if (!may_begin(exchange)) {
        return;
    }
    if (!exchange->head && !skad_exchange_ask(exchange, SKAD_LINK_FOR_STREAMS, &hooks)) {
        skad_reply_error(exchange, &exchange->error);
        return;
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, give, exchange, NULL);
    if (response != NULL) {
        skad_reply_dress(response, "text/event-stream");
        skad_reply_add(response, "Cache-Control", "no-store");
        skad_reply_lock(response);
    }
    (void)skad_flow_add(&exchange->flow, ":\n\n", 3, UNREAD_MAX); /* the headers go with it */
    exchange->endless = true;
    exchange->spoke_us = exchange->gateway->now_us;
    skad_reply_set(exchange, MHD_HTTP_OK, response);
}
