/* A file from a client. Its bytes go on to the daemon as they come, as many as its window lets;
 * while there is no room, nothing more is read from the client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/gateway/http/field.h"
#include "src/gateway/serve/inside.h"

#define PACE_BYTES 65536

static void notice(void *user, skad_span kind, skad_answer value)
{
    skad_exchange *exchange = user;
    (void)kind;
    exchange->window = skad_answer_uint(value, "received") + skad_answer_uint(value, "window");
    if (exchange->window > exchange->moved && !exchange->ended) {
        skad_exchange_resume(exchange);
    }
}

static void done(void *user, const skad_web_error *error, skad_answer result)
{
    skad_exchange *exchange = user;
    size_t len = 0;
    exchange->handle = SKAD_LINK_NONE;
    exchange->flow.over = true;
    if (error != NULL) {
        skad_reply_error(exchange, error);
    } else {
        char *text = skad_reply_text(result, &len);
        skad_reply_set(exchange, MHD_HTTP_CREATED,
                       text == NULL ? NULL : skad_reply_json(text, len));
        free(text);
    }
    skad_exchange_resume(exchange);
}

/* The length, where the client tells it; false if it is too large. */
static bool read_size(skad_exchange *exchange)
{
    const uint64_t max = exchange->gateway->config->file_bytes;
    const char *header = skad_exchange_header(exchange, "Content-Length");
    if (header == NULL) {
        return true;
    }
    const skad_span text = {(const uint8_t *)header, strlen(header)};
    exchange->request.has_size = true;
    exchange->size_known = true;
    if (!skad_field_uint(text, max, &exchange->request.size)) {
        return skad_web_refuse(&exchange->error, 413, "input",
                               "the file is larger than %llu bytes, which --max-bytes of the "
                               "gateway allows",
                               (unsigned long long)max);
    }
    exchange->size = exchange->request.size;
    return true;
}

void skad_upload_begin(skad_exchange *exchange)
{
    const skad_link_hooks hooks = {.notice = notice, .done = done, .user = exchange};
    if (!read_size(exchange)) {
        skad_reply_error(exchange, &exchange->error);
        return;
    }
    if (skad_exchange_may_search(exchange) &&
        !skad_exchange_ask(exchange, SKAD_LINK_FOR_FILES, &hooks)) {
        skad_reply_error(exchange, &exchange->error);
    }
}

/* Ends an upload that is too long without having said so. */
static void refuse_length(skad_exchange *exchange)
{
    (void)skad_web_refuse(&exchange->error, 413, "input", "the file is too large for this gateway");
    skad_link_forget(exchange->link, exchange->handle);
    exchange->handle = SKAD_LINK_NONE;
    exchange->flow.over = true;
    skad_reply_error(exchange, &exchange->error);
}

size_t skad_upload_take(skad_exchange *exchange, const char *bytes, size_t len)
{
    const uint64_t before = exchange->moved;
    size_t taken = 0;
    if (exchange->flow.over) { /* it failed: the rest is passed over, and then the answer goes */
        return len;
    }
    if (exchange->moved + len > exchange->gateway->config->file_bytes) {
        refuse_length(exchange);
        return len;
    }
    while (taken < len && exchange->moved < exchange->window) {
        const uint64_t room = exchange->window - exchange->moved;
        size_t part = len - taken < room ? len - taken : (size_t)room;
        part = part < SKAD_CONTROL_CHUNK_BYTES_MAX ? part : SKAD_CONTROL_CHUNK_BYTES_MAX;
        skad_link_chunk(exchange->link, exchange->handle,
                        (skad_span){(const uint8_t *)bytes + taken, part});
        taken += part;
        exchange->moved += part;
    }
    if (taken < len) {
        exchange->guest->deadline_us = SKAD_GUEST_EVER; /* it is the daemon that is waited for */
        skad_exchange_suspend(exchange);
    } else if (before / PACE_BYTES != exchange->moved / PACE_BYTES ||
               exchange->guest->deadline_us == SKAD_GUEST_EVER) {
        exchange->guest->deadline_us = exchange->gateway->now_us + SKAD_GUEST_TAKE_US;
    }
    return taken;
}

void skad_upload_end(skad_exchange *exchange)
{
    if (exchange->flow.over || exchange->ended) {
        return; /* the answer is there, or is awaited */
    }
    exchange->ended = true;
    if (!exchange->size_known) {
        skad_link_chunk(exchange->link, exchange->handle, (skad_span){(const uint8_t *)"", 0});
    }
    exchange->guest->deadline_us = SKAD_GUEST_EVER;
    skad_exchange_suspend(exchange);
}
