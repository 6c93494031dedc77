/* Reading the request line; the other lines are only passed over. */
#include "src/daemon/metrics/http_request.h"

#include <string.h>

#define PAGE "/metrics"

typedef struct word {
    const char *at;
    size_t len;
} word;

/* Takes the bytes up to the next blank, or all. */
static word take_word(word *line)
{
    const char *blank = memchr(line->at, ' ', line->len);
    const word taken = {line->at, blank == NULL ? line->len : (size_t)(blank - line->at)};
    const size_t used = taken.len + (blank != NULL);
    *line = (word){line->at + used, line->len - used};
    return taken;
}

static bool is(word self, const char *text)
{
    return self.len == strlen(text) && memcmp(self.at, text, self.len) == 0;
}

/* A query may follow the path. */
static bool is_page(word target)
{
    const char *query = memchr(target.at, '?', target.len);
    const word path = {target.at, query == NULL ? target.len : (size_t)(query - target.at)};
    return is(path, PAGE);
}

static bool is_token(word self)
{
    for (size_t i = 0; i < self.len; i++) {
        if (self.at[i] < 'A' || self.at[i] > 'Z') {
            return false;
        }
    }
    return self.len > 0 && self.len <= 16;
}

static skad_http_request read_line(word line)
{
    const word method = take_word(&line);
    const word target = take_word(&line);
    const word version = take_word(&line);
    const bool known = is(version, "HTTP/1.1") || is(version, "HTTP/1.0");
    if (!is_token(method) || !known || line.len > 0 || target.len == 0 || target.at[0] != '/') {
        return SKAD_HTTP_BAD;
    }
    if (!is(method, "GET") && !is(method, "HEAD")) {
        return SKAD_HTTP_METHOD;
    }
    if (!is_page(target)) {
        return SKAD_HTTP_NOT_FOUND;
    }
    return is(method, "GET") ? SKAD_HTTP_METRICS : SKAD_HTTP_HEAD;
}

/* Whether the head has ended: with an empty line. */
static bool has_ended(const char *bytes, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (bytes[i] == '\n' && (bytes[i + 1] == '\n' ||
                                 (i + 2 < len && bytes[i + 1] == '\r' && bytes[i + 2] == '\n'))) {
            return true;
        }
    }
    return false;
}

skad_http_request skad_http_request_read(const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len);
    if (!has_ended(bytes, len)) {
        return len >= SKAD_HTTP_HEAD_BYTES_MAX ? SKAD_HTTP_TOO_LARGE : SKAD_HTTP_MORE;
    }
    word line = {bytes, (size_t)(end - bytes)};
    if (line.len > 0 && line.at[line.len - 1] == '\r') {
        line.len--;
    }
    return read_line(line);
}

const char *skad_http_status(skad_http_request request)
{
    switch (request) {
    case SKAD_HTTP_MORE:
        return "408 Request Timeout";
    case SKAD_HTTP_METRICS:
    case SKAD_HTTP_HEAD:
        return "200 OK";
    case SKAD_HTTP_NOT_FOUND:
        return "404 Not Found";
    case SKAD_HTTP_METHOD:
        return "405 Method Not Allowed";
    case SKAD_HTTP_BAD:
        return "400 Bad Request";
    case SKAD_HTTP_TOO_LARGE:
        return "431 Request Header Fields Too Large";
    }
    return "500 Internal Server Error";
}
