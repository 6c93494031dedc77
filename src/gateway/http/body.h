/* The body of a request: the bytes of a value, or a JSON object of parameters. */
#ifndef SKAD_GATEWAY_HTTP_BODY_H
#define SKAD_GATEWAY_HTTP_BODY_H

#include "src/gateway/http/routes.h"

/* What the request borrows, once it is read. */
typedef struct skad_body {
    uint8_t value[SKAD_WEB_BODY_BYTES_MAX];
    uint8_t salt[SKAD_WEB_BODY_BYTES_MAX];
} skad_body;

/* Adds to the request of a route what its body says. Spans of *request lead into the body or into
 * *kept afterwards. */
bool skad_body_read(const skad_route *route, skad_span body, skad_body *kept,
                    skad_control_request *request, skad_web_error *error);

#endif
