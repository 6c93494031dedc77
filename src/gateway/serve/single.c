/* Routes that are one request to the daemon: its result as JSON, or the value in it as bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/gateway/serve/inside.h"

static void answer_json(skad_exchange *exchange, unsigned status, skad_answer result)
{
    size_t len = 0;
    char *text = skad_reply_text(result, &len);
    skad_reply_set(exchange, status, text == NULL ? NULL : skad_reply_json(text, len));
    free(text);
}

/* An immutable value is named by its hash, so a copy of it is right for ever. */
static void answer_value(skad_exchange *exchange, skad_answer result)
{
    char text[SKAD_TAG_BYTES];
    const skad_span value = skad_answer_bytes(result, "value");
    struct MHD_Response *response = MHD_create_response_from_buffer(
        value.len, skad_reply_borrow(value.data), MHD_RESPMEM_MUST_COPY);
    if (response != NULL) {
        skad_reply_dress(response, "application/octet-stream");
        skad_reply_lock(response);
        skad_reply_add(response, "Content-Disposition", "attachment");
        if (exchange->route->call == SKAD_CONTROL_GET) {
            skad_reply_tag(exchange, text);
            skad_reply_add(response, "ETag", text);
            skad_reply_add(response, "Cache-Control", "public, max-age=31536000, immutable");
        } else {
            (void)snprintf(text, sizeof text, "%" PRIu64, skad_answer_uint(result, "sequence"));
            skad_reply_add(response, "Skad-Sequence", text);
            skad_reply_add(response, "Cache-Control", "no-store");
        }
    }
    skad_reply_set(exchange, MHD_HTTP_OK, response);
}

static void done(void *user, const skad_web_error *error, skad_answer result)
{
    skad_exchange *exchange = user;
    exchange->handle = SKAD_LINK_NONE;
    if (error != NULL) {
        skad_reply_error(exchange, error);
    } else if (exchange->route->kind == SKAD_ROUTE_VALUE) {
        answer_value(exchange, result);
    } else {
        answer_json(exchange, exchange->route->writes ? MHD_HTTP_CREATED : MHD_HTTP_OK, result);
    }
    skad_exchange_resume(exchange);
}

void skad_call_begin(skad_exchange *exchange)
{
    const skad_link_hooks hooks = {.done = done, .user = exchange};
    if (exchange->route->call == SKAD_CONTROL_GET && skad_reply_unchanged(exchange)) {
        return;
    }
    if (!skad_exchange_may_search(exchange)) {
        return;
    }
    if (skad_exchange_ask(exchange, SKAD_LINK_FOR_CALLS, &hooks)) {
        skad_exchange_suspend(exchange);
    } else {
        skad_reply_error(exchange, &exchange->error);
    }
}
