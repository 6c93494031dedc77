/* One request, from its first line to the end of its answer. */
#include <stdlib.h>
#include <string.h>

#include "src/core/base/rate.h"
#include "src/gateway/serve/inside.h"

/* A client of the daemon may have 64 operations; more would only wait there. */
#define SEARCHES_MAX 48

#define BURST_PART 4 /* of the searches of a second may come at once */

/* ---- What the kinds of routes need ---- */

const char *skad_exchange_header(const skad_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

void skad_exchange_suspend(skad_exchange *exchange)
{
    if (!exchange->suspended) {
        exchange->suspended = true;
        MHD_suspend_connection(exchange->connection);
    }
}

void skad_exchange_resume(skad_exchange *exchange)
{
    if (exchange->suspended) {
        exchange->suspended = false;
        MHD_resume_connection(exchange->connection);
    }
}

bool skad_exchange_ask(skad_exchange *exchange, skad_links which, const skad_link_hooks *hooks)
{
    skad_gateway *gateway = exchange->gateway;
    exchange->link = &gateway->links[which];
    if (exchange->guest != NULL && !exchange->answered && exchange->route->body == SKAD_BODY_NONE) {
        exchange->guest->deadline_us = SKAD_GUEST_EVER; /* the daemon's bounds end it */
    }
    return skad_link_begin(exchange->link, &exchange->request, hooks, gateway->now_us,
                           &exchange->handle, &exchange->error);
}

bool skad_exchange_may_search(skad_exchange *exchange)
{
    skad_gateway *gateway = exchange->gateway;
    const uint32_t per_s = gateway->config->rate;
    const skad_rate rate = {per_s, per_s > BURST_PART ? per_s / BURST_PART : 1};
    const bool room = gateway->searches < SEARCHES_MAX;
    if (room && skad_rate_allows(&rate, 1, &gateway->rate_until_us, gateway->now_us)) {
        exchange->counted_search = true;
        gateway->searches++;
        return true;
    }
    (void)skad_web_refuse(&exchange->error, 429, "busy",
                          "more is asked of the node than this gateway lets through: ask again in "
                          "a second (--rate of the gateway)");
    skad_reply_error(exchange, &exchange->error);
    return false;
}

/* ---- Reading the request ---- */

/* A page of another origin asks first whether it may (Fetch Standard, "CORS-preflight"). */
static bool is_preflight(skad_exchange *exchange, const char *method)
{
    if (strcmp(method, "OPTIONS") != 0 ||
        !skad_access_origin(&exchange->gateway->config->access,
                            skad_exchange_header(exchange, "Origin"))) {
        return false;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response != NULL) {
        skad_reply_add(response, "Access-Control-Allow-Methods", "GET, HEAD, POST");
        skad_reply_add(response, "Access-Control-Allow-Headers",
                       "Authorization, Content-Type, If-None-Match, If-Range, Range");
        skad_reply_add(response, "Access-Control-Max-Age", "600");
    }
    skad_reply_set(exchange, MHD_HTTP_NO_CONTENT, response);
    return true;
}

static bool find_route(skad_exchange *exchange, const char *method)
{
    char allowed[SKAD_ROUTE_ALLOWED_BYTES];
    exchange->route = skad_route_find(method, &exchange->target, allowed, &exchange->error);
    if (exchange->route != NULL) {
        return true;
    }
    skad_reply_error(exchange, &exchange->error);
    if (allowed[0] != 0 && exchange->response != NULL) {
        skad_reply_add(exchange->response, "Allow", allowed);
    }
    return false;
}

static bool has_body(const skad_exchange *exchange)
{
    const char *length = skad_exchange_header(exchange, "Content-Length");
    return (length != NULL && strcmp(length, "0") != 0) ||
           skad_exchange_header(exchange, "Transfer-Encoding") != NULL;
}

/* A body that no route wants would have to be read all the same. */
static bool check_body(skad_exchange *exchange)
{
    const char *length = skad_exchange_header(exchange, "Content-Length");
    if (!has_body(exchange) || exchange->route->body == SKAD_BODY_FILE) {
        return true;
    }
    if (exchange->route->body == SKAD_BODY_NONE) {
        return skad_web_refuse(&exchange->error, 400, "params", "this address takes no body");
    }
    return length == NULL || strtoull(length, NULL, 10) <= skad_route_body_max(exchange->route) ||
           skad_web_refuse(&exchange->error, 413, "input", "the body has more than %zu bytes",
                           skad_route_body_max(exchange->route));
}

/* Whether the request may go on; else its answer is set. */
static bool check(skad_exchange *exchange, const char *method)
{
    const skad_access *access = &exchange->gateway->config->access;
    skad_web_error *error = &exchange->error;
    if (!skad_access_host(access, skad_exchange_header(exchange, "Host"), error) ||
        error->status != 0) {
        skad_reply_error(exchange, error);
        return false;
    }
    if (is_preflight(exchange, method) || !find_route(exchange, method)) {
        return false;
    }
    exchange->head = strcmp(method, "HEAD") == 0;
    if ((exchange->route->writes &&
         !skad_access_write(access, skad_exchange_header(exchange, "Authorization"), error)) ||
        !skad_route_request(exchange->route, &exchange->target, &exchange->request, error) ||
        !check_body(exchange)) {
        skad_reply_error(exchange, error);
        return false;
    }
    return true;
}

/* ---- Steps ---- */

static void begin(skad_exchange *exchange)
{
    exchange->started = true;
    switch (exchange->route->kind) {
    case SKAD_ROUTE_ASSET:
        skad_asset_begin(exchange);
        break;
    case SKAD_ROUTE_SNAPSHOT:
        skad_snapshot_begin(exchange);
        break;
    case SKAD_ROUTE_CALL:
    case SKAD_ROUTE_VALUE:
        skad_call_begin(exchange);
        break;
    case SKAD_ROUTE_STREAM:
        skad_stream_begin(exchange);
        break;
    case SKAD_ROUTE_DOWNLOAD:
        skad_download_begin(exchange);
        break;
    case SKAD_ROUTE_UPLOAD:
        skad_upload_begin(exchange);
        break;
    }
}

/* The headers are there. The server lets a connection go on only if it is answered after the whole
 * request; so what has no body begins with the next step. */
static void first_step(skad_exchange *exchange, const char *method)
{
    exchange->begun = true;
    if (!check(exchange, method)) {
        return;
    }
    if (exchange->guest != NULL) {
        skad_guest_busy(exchange->guest, exchange, exchange->gateway->now_us + SKAD_GUEST_BODY_US);
    }
    if (exchange->route->body == SKAD_BODY_FILE) {
        begin(exchange);
        return;
    }
    if (exchange->route->body == SKAD_BODY_NONE) {
        return;
    }
    exchange->body = malloc(SKAD_WEB_BODY_BYTES_MAX + 1);
    exchange->kept = malloc(sizeof *exchange->kept);
    if (exchange->body == NULL || exchange->kept == NULL) {
        (void)skad_web_refuse(&exchange->error, 503, "busy", "no memory: ask again in a moment");
        skad_reply_error(exchange, &exchange->error);
    }
}

/* A piece of the body. Of one that is too long, one byte more than the most is kept. */
static void take_body(skad_exchange *exchange, const char *bytes, size_t *len)
{
    if (exchange->route->body == SKAD_BODY_FILE) {
        *len -= skad_upload_take(exchange, bytes, *len);
        return;
    }
    const size_t room = SKAD_WEB_BODY_BYTES_MAX + 1 - exchange->body_len;
    const size_t part = *len < room ? *len : room;
    memcpy(exchange->body + exchange->body_len, bytes, part);
    exchange->body_len += part;
    *len = 0;
}

/* The body is complete. */
static void last_step(skad_exchange *exchange)
{
    if (exchange->route->body == SKAD_BODY_FILE) {
        skad_upload_end(exchange);
        return;
    }
    if (exchange->started) {
        return;
    }
    if (exchange->route->body == SKAD_BODY_NONE ||
        skad_body_read(exchange->route, (skad_span){exchange->body, exchange->body_len},
                       exchange->kept, &exchange->request, &exchange->error)) {
        begin(exchange);
    } else {
        exchange->started = true;
        skad_reply_error(exchange, &exchange->error);
    }
}

static bool has_answer(const skad_exchange *exchange)
{
    return exchange->response != NULL || exchange->shared != NULL || exchange->status != 0;
}

enum MHD_Result skad_exchange_step(void *gateway, struct MHD_Connection *connection,
                                   const char *url, const char *method, const char *version,
                                   const char *upload, size_t *upload_len, void **slot)
{
    skad_exchange *exchange = *slot;
    (void)gateway;
    (void)url;
    (void)version;
    if (exchange == NULL) {
        return MHD_NO; /* no memory */
    }
    exchange->connection = connection;
    if (!exchange->begun) {
        first_step(exchange, method);
        return has_answer(exchange) && has_body(exchange) ? skad_reply_queue(exchange) : MHD_YES;
    }
    if (*upload_len > 0) {
        take_body(exchange, upload, upload_len);
        return MHD_YES;
    }
    if (!has_answer(exchange)) {
        last_step(exchange);
    }
    return has_answer(exchange) && !exchange->suspended ? skad_reply_queue(exchange) : MHD_YES;
}

/* ---- Begin and end ---- */

void *skad_exchange_new(void *user, const char *raw, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    skad_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange != NULL) {
        exchange->gateway = user;
        exchange->connection = connection;
        exchange->guest = info == NULL ? NULL : info->socket_context;
        (void)skad_target_read(raw, &exchange->target, &exchange->error);
    }
    return exchange;
}

void skad_exchange_over(void *user, struct MHD_Connection *connection, void **slot,
                        enum MHD_RequestTerminationCode why)
{
    skad_gateway *gateway = user;
    skad_exchange *exchange = *slot;
    (void)connection;
    (void)why;
    *slot = NULL;
    if (exchange == NULL) {
        return;
    }
    if (exchange->route != NULL && exchange->route->kind == SKAD_ROUTE_SNAPSHOT) {
        skad_snapshot_leave(exchange);
    }
    if (exchange->handle != SKAD_LINK_NONE) {
        skad_link_forget(exchange->link, exchange->handle);
    }
    gateway->searches -= exchange->counted_search ? 1 : 0;
    gateway->streams -= exchange->counted_stream ? 1 : 0;
    if (exchange->guest != NULL) {
        skad_guest_idle(exchange->guest, gateway->now_us);
    }
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    free(exchange->flow.bytes);
    free(exchange->body);
    free(exchange->kept);
    free(exchange);
}

void skad_exchange_guest(void *user, struct MHD_Connection *connection, void **slot,
                         enum MHD_ConnectionNotificationCode what)
{
    skad_gateway *gateway = user;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *slot = skad_guest_come(&gateway->guests, info->connect_fd, gateway->now_us);
    } else if (*slot != NULL) {
        skad_guest_go(&gateway->guests, *slot);
        *slot = NULL;
    }
}
