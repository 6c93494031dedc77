/* Refusals. Every text may hold bytes that a client sent: they are escaped here, where JSON is
 * made, and nowhere else. */
#include "src/gateway/http/web_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool skad_web_refuse(skad_web_error *error, unsigned status, const char *code, const char *format,
                     ...)
{
    va_list arguments;
    memset(error, 0, sizeof *error);
    error->status = status;
    (void)snprintf(error->code, sizeof error->code, "%s", code);
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

bool skad_web_blame(skad_web_error *error, const char *parameter, const char *expected)
{
    (void)skad_web_refuse(error, 400, "params", "%s is wrong: give %s", parameter, expected);
    (void)snprintf(error->parameter, sizeof error->parameter, "%s", parameter);
    (void)snprintf(error->expected, sizeof error->expected, "%s", expected);
    return false;
}

/* Each code of the control protocol has one status. */
static const struct {
    const char *code;
    unsigned status;
} STATUSES[] = {
    {"method", 501},    {"params", 400},  {"input", 400},   {"version", 503},
    {"not_found", 404}, {"refused", 409}, {"aborted", 400}, {"timed_out", 504},
    {"storage", 507},   {"busy", 503},    {"denied", 403},
};

void skad_web_from_daemon(skad_answer error, skad_web_error *out)
{
    memset(out, 0, sizeof *out);
    skad_answer_line(skad_answer_get(error, "code"), out->code, sizeof out->code);
    skad_answer_line(skad_answer_get(error, "message"), out->message, sizeof out->message);
    skad_answer_line(skad_answer_get(error, "parameter"), out->parameter, sizeof out->parameter);
    skad_answer_line(skad_answer_get(error, "expected"), out->expected, sizeof out->expected);
    skad_answer_line(skad_answer_get(error, "piece"), out->piece, sizeof out->piece);
    out->status = 502;
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        if (strcmp(out->code, STATUSES[i].code) == 0) {
            out->status = STATUSES[i].status;
        }
    }
    if (strcmp(out->code, "method") == 0) {
        (void)skad_web_refuse(out, 501, "method",
                              "the daemon is older than this gateway and has no such method: "
                              "update it and start it anew");
    } else if (strcmp(out->code, "denied") == 0) {
        (void)skad_web_refuse(out, 403, "denied",
                              "this gateway talks to a socket that is for looking only: start it "
                              "with --socket and the node's control socket");
    }
}

/* Appends a member; text beyond ASCII becomes '?', as in all JSON of ours. */
static size_t append(char *out, size_t len, const char *name, const char *text)
{
    len += (size_t)snprintf(out + len, SKAD_WEB_ERROR_BYTES - len, "%s\"%s\":\"",
                            out[len - 1] == '{' ? "" : ",", name);
    for (; *text != 0; text++) {
        const unsigned byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            out[len++] = '\\';
        }
        out[len++] = (char)(byte < ' ' || byte >= 0x7f ? '?' : byte);
    }
    out[len++] = '"';
    return len;
}

size_t skad_web_error_write(const skad_web_error *error, char out[static SKAD_WEB_ERROR_BYTES])
{
    _Static_assert(2 * sizeof(skad_web_error) + 128 < SKAD_WEB_ERROR_BYTES, "all of it escaped");
    size_t len = (size_t)snprintf(out, SKAD_WEB_ERROR_BYTES, "{\"error\":{");
    len = append(out, len, "code", error->code);
    len = append(out, len, "message", error->message);
    if (error->parameter[0] != 0) {
        len = append(out, len, "parameter", error->parameter);
    }
    if (error->expected[0] != 0) {
        len = append(out, len, "expected", error->expected);
    }
    if (error->piece[0] != 0) {
        len = append(out, len, "piece", error->piece);
    }
    memcpy(out + len, "}}\n", 4);
    return len + 3;
}
