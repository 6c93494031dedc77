/* A file for a client, whole or a part of it. The daemon sends what the client has taken before,
 * and a window more; so a file is never whole in the gateway.
 *
 *     GET                  get_file from 0         the size comes first, then the bytes
 *     HEAD, GET of a part  get_file of no bytes    the size, of which the range is made; then
 *                          get_file of the range
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/gateway/serve/inside.h"

#define UNTAKEN_MAX ((size_t)256 * 1024) /* more than a daemon's window */
#define ACK_BYTES   16384
#define PACE_BYTES  65536 /* to be taken in SKAD_GUEST_TAKE_US */

/* ---- The bytes ---- */

static ssize_t give(void *user, uint64_t position, char *out, size_t max)
{
    skad_exchange *exchange = user;
    skad_guest *guest = exchange->guest;
    (void)position;
    const size_t len = skad_flow_take(&exchange->flow, out, max);
    const uint64_t before = exchange->moved;
    exchange->moved += len;
    if (before / ACK_BYTES != exchange->moved / ACK_BYTES) {
        skad_link_ack(exchange->link, exchange->handle, exchange->moved);
    }
    if (len > 0) {
        if (before / PACE_BYTES != exchange->moved / PACE_BYTES ||
            guest->deadline_us == SKAD_GUEST_EVER) {
            guest->deadline_us = exchange->gateway->now_us + SKAD_GUEST_TAKE_US;
        }
        return (ssize_t)len;
    }
    if (exchange->flow.over) {
        return MHD_CONTENT_READER_END_WITH_ERROR; /* the length said that more would come */
    }
    skad_link_ack(exchange->link, exchange->handle, exchange->moved);
    guest->deadline_us = SKAD_GUEST_EVER; /* it is the daemon that is waited for */
    skad_exchange_suspend(exchange);
    return 0;
}

/* ---- The answer ---- */

static void answer(skad_exchange *exchange, skad_range_kind kind)
{
    char tag[SKAD_TAG_BYTES];
    char text[80];
    const skad_range range = exchange->range;
    struct MHD_Response *response =
        MHD_create_response_from_callback(range.length, 32768, give, exchange, NULL);
    if (response != NULL) {
        skad_reply_tag(exchange, tag);
        skad_reply_dress(response, "application/octet-stream");
        skad_reply_lock(response);
        skad_reply_add(response, "Content-Disposition", "attachment");
        skad_reply_add(response, "ETag", tag);
        skad_reply_add(response, "Accept-Ranges", "bytes");
        skad_reply_add(response, "Cache-Control", "public, max-age=31536000, immutable");
        if (kind == SKAD_RANGE_PART) {
            (void)snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
                           range.first + range.length - 1, exchange->size);
            skad_reply_add(response, "Content-Range", text);
        }
    }
    skad_reply_set(exchange, kind == SKAD_RANGE_PART ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK,
                   response);
}

static void answer_behind(skad_exchange *exchange)
{
    char text[48];
    (void)skad_web_refuse(&exchange->error, 416, "input",
                          "the file has %" PRIu64 " bytes: ask for a part of them", exchange->size);
    skad_reply_error(exchange, &exchange->error);
    if (exchange->response != NULL) {
        (void)snprintf(text, sizeof text, "bytes */%" PRIu64, exchange->size);
        skad_reply_add(exchange->response, "Content-Range", text);
    }
}

/* ---- The daemon's side ---- */

static void fail(skad_exchange *exchange, const skad_web_error *error)
{
    exchange->flow.over = true;
    exchange->flow.broken = true;
    if (!exchange->answered) {
        skad_reply_error(exchange, error);
    }
}

static void notice(void *user, skad_span kind, skad_answer value)
{
    skad_exchange *exchange = user;
    const bool chunk = kind.len == 5 && memcmp(kind.data, "chunk", 5) == 0;
    if (!chunk && !exchange->size_known) {
        exchange->size_known = true;
        exchange->size = skad_answer_uint(value, "size");
        if (!exchange->looking) {
            exchange->range = (skad_range){0, exchange->size};
            answer(exchange, SKAD_RANGE_WHOLE);
            skad_exchange_resume(exchange);
        }
    }
    if (chunk && value.item->type == SKAD_ITEM_BIN) {
        if (!skad_flow_add(&exchange->flow, value.item->u.data, value.item->count, UNTAKEN_MAX)) {
            exchange->flow.over = true; /* it keeps to no window */
        }
        skad_exchange_resume(exchange);
    }
}

static void done(void *user, const skad_web_error *error, skad_answer result);

static void ask(skad_exchange *exchange)
{
    const skad_link_hooks hooks = {.notice = notice, .done = done, .user = exchange};
    if (!skad_exchange_ask(exchange, SKAD_LINK_FOR_FILES, &hooks)) {
        skad_reply_error(exchange, &exchange->error);
    }
}

/* The size is known: now the part is. */
static void go_on(skad_exchange *exchange)
{
    char tag[SKAD_TAG_BYTES];
    const char *condition = skad_exchange_header(exchange, "If-Range");
    const char *header = skad_exchange_header(exchange, "Range");
    skad_reply_tag(exchange, tag);
    if (exchange->head || (condition != NULL && strcmp(condition, tag) != 0)) {
        header = NULL; /* of GET alone; of the same file alone */
    }
    const skad_range_kind kind = skad_range_read(header, exchange->size, &exchange->range);
    exchange->looking = false;
    if (kind == SKAD_RANGE_BEHIND) {
        answer_behind(exchange);
        return;
    }
    answer(exchange, kind);
    if (!exchange->head && exchange->range.length > 0) {
        exchange->request.offset = exchange->range.first;
        exchange->request.length = exchange->range.length;
        ask(exchange);
    }
}

static void done(void *user, const skad_web_error *error, skad_answer result)
{
    skad_exchange *exchange = user;
    (void)result;
    exchange->handle = SKAD_LINK_NONE;
    if (error != NULL) {
        fail(exchange, error);
    } else if (exchange->looking) {
        go_on(exchange);
    } else {
        exchange->flow.over = true;
    }
    skad_exchange_resume(exchange);
}

void skad_download_begin(skad_exchange *exchange)
{
    if (skad_reply_unchanged(exchange) || !skad_exchange_may_search(exchange)) {
        return;
    }
    exchange->looking = exchange->head || skad_exchange_header(exchange, "Range") != NULL;
    exchange->request.length = exchange->looking ? 0 : UINT64_MAX;
    ask(exchange);
    if (exchange->handle != SKAD_LINK_NONE) {
        skad_exchange_suspend(exchange);
    }
}
