/* What the gateway serves: one row for each method and path. Everything else about a request is
 * derived from its row: what is asked of the daemon, which fields the query may have, what kind of
 * body, whether it needs the token. The OpenAPI document tells the same rows; tests compare them.
 */
#ifndef SKAD_GATEWAY_HTTP_ROUTES_H
#define SKAD_GATEWAY_HTTP_ROUTES_H

#include "proto/control.h"
#include "src/gateway/http/target.h"

typedef enum skad_route_kind {
    SKAD_ROUTE_ASSET,    /* the page, or the OpenAPI document */
    SKAD_ROUTE_SNAPSHOT, /* an answer that all who ask share for a moment */
    SKAD_ROUTE_CALL,     /* one request to the daemon, answered in JSON */
    SKAD_ROUTE_VALUE,    /* the same, answered with the bytes of the value */
    SKAD_ROUTE_STREAM,   /* server-sent events */
    SKAD_ROUTE_DOWNLOAD, /* a file */
    SKAD_ROUTE_UPLOAD,
} skad_route_kind;

typedef enum skad_route_body {
    SKAD_BODY_NONE,
    SKAD_BODY_BYTES, /* the value itself */
    SKAD_BODY_JSON,
    SKAD_BODY_FILE,
} skad_route_body;

#define SKAD_ROUTE_FIELDS_MAX 3

typedef struct skad_route {
    const char *method;
    const char *path; /* a part in braces stands for any segment: /v1/value/{key} */
    skad_route_kind kind;
    skad_control_method call; /* of the daemon; unused for assets */
    bool writes;              /* needs the token */
    skad_route_body body;
    const char *fields[SKAD_ROUTE_FIELDS_MAX]; /* that the query may have */
} skad_route;

extern const skad_route SKAD_ROUTES[];
extern const size_t SKAD_ROUTES_COUNT;

/* The largest body in bytes that is read whole; files are passed on as they come. */
#define SKAD_WEB_BODY_BYTES_MAX 3072
size_t skad_route_body_max(const skad_route *route);

/* Finds the row, HEAD being served as GET. *allowed is the methods that the path takes, with
 * commas, where it takes others: 405. */
#define SKAD_ROUTE_ALLOWED_BYTES 40
const skad_route *skad_route_find(const char *method, const skad_target *target,
                                  char allowed[static SKAD_ROUTE_ALLOWED_BYTES],
                                  skad_web_error *error);

/* The request to the daemon that the path and the query make; of one with a body, its rest comes
 * from skad_body_read. Spans borrow from the target. */
bool skad_route_request(const skad_route *route, const skad_target *target,
                        skad_control_request *out, skad_web_error *error);

#endif
