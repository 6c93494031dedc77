/* Answers. A value or a file is a stranger's bytes: it never has a type that a browser would show
 * as a page of ours, and a browser that is told so keeps to that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skad/text.h"
#include "src/client/json.h"
#include "src/gateway/serve/inside.h"

void *skad_reply_borrow(const void *bytes)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): by a number, to lose the const. */
    return (void *)(uintptr_t)bytes;
}

void skad_reply_add(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value);
}

void skad_reply_dress(struct MHD_Response *response, const char *type)
{
    skad_reply_add(response, "Content-Type", type);
    skad_reply_add(response, "X-Content-Type-Options", "nosniff");
    skad_reply_add(response, "Referrer-Policy", "no-referrer");
}

/* What all answers but the page have: nothing in it is run or loaded if it is shown after all. */
void skad_reply_lock(struct MHD_Response *response)
{
    skad_reply_add(response, "Content-Security-Policy", "default-src 'none'; sandbox");
}

/* CORS, for the origins that are listed. */
static void allow_origin(skad_exchange *exchange, struct MHD_Response *response)
{
    const skad_access *access = &exchange->gateway->config->access;
    const char *origin = skad_exchange_header(exchange, "Origin");
    if (access->origins_count == 0) {
        return;
    }
    skad_reply_add(response, "Vary", "Origin");
    if (skad_access_origin(access, origin)) {
        skad_reply_add(response, "Access-Control-Allow-Origin", origin);
        skad_reply_add(response, "Access-Control-Expose-Headers",
                       "Accept-Ranges, Content-Range, ETag, Skad-Sequence");
    }
}

static void drop(skad_exchange *exchange)
{
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    exchange->response = NULL;
    exchange->shared = NULL;
}

void skad_reply_set(skad_exchange *exchange, unsigned status, struct MHD_Response *response)
{
    drop(exchange);
    exchange->status = status;
    exchange->response = response;
    if (response != NULL) {
        allow_origin(exchange, response);
    }
}

char *skad_reply_text(skad_answer result, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    if (out == NULL) {
        return NULL;
    }
    skad_json_write(out, result);
    (void)fputc('\n', out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

struct MHD_Response *skad_reply_json(const char *text, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, skad_reply_borrow(text), MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return NULL;
    }
    skad_reply_dress(response, "application/json");
    skad_reply_add(response, "Cache-Control", "no-store");
    skad_reply_lock(response);
    return response;
}

/* A shared answer has no headers of CORS: pages of other origins get one of their own. */
void skad_reply_share(skad_exchange *exchange, unsigned status, struct MHD_Response **shared)
{
    drop(exchange);
    exchange->status = status;
    exchange->shared = shared;
}

void skad_reply_error(skad_exchange *exchange, const skad_web_error *error)
{
    char text[SKAD_WEB_ERROR_BYTES];
    const size_t len = skad_web_error_write(error, text);
    struct MHD_Response *response = skad_reply_json(text, len);
    if (response != NULL) {
        if (error->status == 401) {
            skad_reply_add(response, "WWW-Authenticate", "Bearer");
        } else if (error->status == 429 || error->status == 503) {
            skad_reply_add(response, "Retry-After", "1");
        }
    }
    skad_reply_set(exchange, error->status, response);
}

void skad_reply_tag(const skad_exchange *exchange, char out[static SKAD_TAG_BYTES])
{
    out[0] = '"';
    skad_id_format(&exchange->request.id, out + 1);
    memcpy(out + SKAD_ID_TEXT_BYTES, "\"", 2);
}

bool skad_reply_unchanged(skad_exchange *exchange)
{
    char tag[SKAD_TAG_BYTES];
    const char *header = skad_exchange_header(exchange, "If-None-Match");
    skad_reply_tag(exchange, tag);
    if (header == NULL || strcmp(header, tag) != 0) {
        return false;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response != NULL) {
        skad_reply_add(response, "ETag", tag);
    }
    skad_reply_set(exchange, MHD_HTTP_NOT_MODIFIED, response);
    return true;
}

enum MHD_Result skad_reply_queue(skad_exchange *exchange)
{
    struct MHD_Response *response =
        exchange->shared != NULL ? *exchange->shared : exchange->response;
    if (response == NULL) {
        return MHD_NO; /* no memory for it: the connection ends */
    }
    if (exchange->guest != NULL) {
        exchange->guest->deadline_us =
            exchange->endless ? SKAD_GUEST_EVER : exchange->gateway->now_us + SKAD_GUEST_TAKE_US;
    }
    const enum MHD_Result result =
        MHD_queue_response(exchange->connection, exchange->status, response);
    exchange->answered = true;
    drop(exchange);
    return result;
}
