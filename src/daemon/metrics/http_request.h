/* The head of an HTTP/1.x request, as far as a server of one page needs it. A pure function of
 * bytes. */
#ifndef SKAD_DAEMON_METRICS_HTTP_REQUEST_H
#define SKAD_DAEMON_METRICS_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define SKAD_HTTP_HEAD_BYTES_MAX 4096

typedef enum skad_http_request {
    SKAD_HTTP_MORE = 0,  /* the head does not end yet */
    SKAD_HTTP_METRICS,   /* GET /metrics */
    SKAD_HTTP_HEAD,      /* HEAD /metrics */
    SKAD_HTTP_NOT_FOUND, /* another path */
    SKAD_HTTP_METHOD,    /* another method */
    SKAD_HTTP_BAD,       /* no request of HTTP/1.x */
    SKAD_HTTP_TOO_LARGE, /* a head of more than SKAD_HTTP_HEAD_BYTES_MAX bytes */
} skad_http_request;

/* Reads what has come so far. */
skad_http_request skad_http_request_read(const char *bytes, size_t len);

/* The status line, "200 OK"; the code of MORE is that of a request that did not end in time. */
const char *skad_http_status(skad_http_request request);

#endif
