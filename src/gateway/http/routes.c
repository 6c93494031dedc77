#include "src/gateway/http/routes.h"

#include <stdio.h>
#include <string.h>

#include "skad/records.h"
#include "skad/text.h"
#include "src/gateway/http/field.h"

#define ASSET(path)                                                                                \
    {                                                                                              \
        "GET", path, SKAD_ROUTE_ASSET, SKAD_CONTROL_STATUS, false, SKAD_BODY_NONE,                 \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* GET: method, path, kind, call, query. */
#define READ(path, kind, call, ...)                                                                \
    {                                                                                              \
        "GET", path, SKAD_ROUTE_##kind, SKAD_CONTROL_##call, false, SKAD_BODY_NONE,                \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define WRITE(path, kind, call, body, ...)                                                         \
    {                                                                                              \
        "POST", path, SKAD_ROUTE_##kind, SKAD_CONTROL_##call, true, SKAD_BODY_##body,              \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

const skad_route SKAD_ROUTES[] = {
    ASSET("/"),
    ASSET("/page.js"),
    ASSET("/draw.js"),
    ASSET("/style.css"),
    ASSET("/v1/openapi.json"),
    READ("/v1/status", SNAPSHOT, STATUS, 0),
    READ("/v1/health", SNAPSHOT, HEALTH, 0),
    READ("/v1/table", SNAPSHOT, TABLE, 0),
    READ("/v1/status/watch", STREAM, SUBSCRIBE_STATUS, "every_s"),
    READ("/v1/events", STREAM, SUBSCRIBE_EVENTS, 0),
    READ("/v1/lookup/{id}", CALL, LOOKUP, 0),
    READ("/v1/lookup/{id}/trace", STREAM, TRACE, 0),
    READ("/v1/value/{key}", VALUE, GET, 0),
    READ("/v1/record/{publisher}", CALL, RESOLVE, "salt"),
    READ("/v1/record/{publisher}/value", VALUE, RESOLVE, "salt"),
    READ("/v1/record/{publisher}/watch", STREAM, WATCH_RECORD, "salt", "every_s"),
    READ("/v1/providers/{key}", CALL, PROVIDERS, 0),
    READ("/v1/providers/{key}/watch", STREAM, WATCH_PROVIDERS, "every_s"),
    READ("/v1/file/{key}", DOWNLOAD, GET_FILE, 0),
    WRITE("/v1/value", CALL, PUT, BYTES, "keep"),
    WRITE("/v1/record", CALL, PUBLISH, JSON, 0),
    WRITE("/v1/providers/{key}", CALL, ANNOUNCE, JSON, 0),
    WRITE("/v1/file", UPLOAD, PUT_FILE, FILE, "keep"),
};
const size_t SKAD_ROUTES_COUNT = sizeof SKAD_ROUTES / sizeof SKAD_ROUTES[0];

size_t skad_route_body_max(const skad_route *route)
{
    switch (route->body) {
    case SKAD_BODY_BYTES:
        return SKAD_VALUE_BYTES_MAX;
    case SKAD_BODY_JSON:
        return SKAD_WEB_BODY_BYTES_MAX;
    case SKAD_BODY_NONE:
    case SKAD_BODY_FILE:
        return 0;
    }
    return 0;
}

/* Whether the path of a row is that of the target. */
static bool is_path(const char *path, const skad_target *target)
{
    size_t i = 0;
    if (strcmp(path, "/") == 0) {
        return target->segments == 0;
    }
    while (*path == '/') {
        const size_t len = strcspn(++path, "/");
        if (i == target->segments) {
            return false;
        }
        const char *segment = target->segment[i++];
        if (path[0] != '{' && (strlen(segment) != len || strncmp(path, segment, len) != 0)) {
            return false;
        }
        path += len;
    }
    return i == target->segments;
}

const skad_route *skad_route_find(const char *method, const skad_target *target,
                                  char allowed[static SKAD_ROUTE_ALLOWED_BYTES],
                                  skad_web_error *error)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    allowed[0] = 0;
    for (size_t i = 0; i < SKAD_ROUTES_COUNT; i++) {
        if (!is_path(SKAD_ROUTES[i].path, target)) {
            continue;
        }
        if (strcmp(SKAD_ROUTES[i].method, wanted) == 0) {
            return &SKAD_ROUTES[i];
        }
        const size_t len = strlen(allowed);
        (void)snprintf(allowed + len, SKAD_ROUTE_ALLOWED_BYTES - len, "%s%s", len > 0 ? ", " : "",
                       strcmp(SKAD_ROUTES[i].method, "GET") == 0 ? "GET, HEAD" : "POST");
    }
    if (allowed[0] != 0) {
        (void)skad_web_refuse(error, 405, "method", "this address takes %s", allowed);
    } else {
        (void)skad_web_refuse(error, 404, "method",
                              "there is nothing at this address: /v1/openapi.json lists all");
    }
    return NULL;
}

static bool read_segment(const skad_route *route, const skad_target *target,
                         skad_control_request *out, skad_web_error *error)
{
    const char *open = strchr(route->path, '{');
    char name[16] = {0};
    if (open == NULL) {
        return true;
    }
    const size_t len = strcspn(open + 1, "}");
    memcpy(name, open + 1, len < sizeof name ? len : sizeof name - 1);
    return skad_id_parse(target->segment[2], &out->id) ||
           skad_web_blame(error, name, "64 hex digits");
}

static bool is_field_of(const skad_route *route, const char *name)
{
    for (size_t i = 0; i < SKAD_ROUTE_FIELDS_MAX && route->fields[i] != NULL; i++) {
        if (strcmp(route->fields[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void set_defaults(const skad_route *route, skad_control_request *out)
{
    *out = (skad_control_request){.method = route->call, .kinds = SKAD_CONTROL_KINDS_ALL};
    out->every_s = route->call == SKAD_CONTROL_SUBSCRIBE_STATUS ? SKAD_CONTROL_PERIOD_S_DEFAULT
                                                                : SKAD_CONTROL_EVERY_S_DEFAULT;
    out->length = UINT64_MAX;
    out->keep = route->call == SKAD_CONTROL_PUBLISH || route->call == SKAD_CONTROL_ANNOUNCE;
    out->auto_sequence = true;
}

static bool read_field(const skad_target_field *field, skad_control_request *out,
                       skad_web_error *error)
{
    const bool often = out->method == SKAD_CONTROL_SUBSCRIBE_STATUS;
    uint64_t number = 0;
    if (strcmp(field->name, "salt") == 0) {
        out->salt = field->value;
        return field->value.len <= SKAD_SALT_BYTES_MAX ||
               skad_web_blame(error, "salt", "at most 64 bytes");
    }
    if (strcmp(field->name, "keep") == 0) {
        return skad_field_bool(field->value, &out->keep) ||
               skad_web_blame(error, "keep", "true or false");
    }
    if (!skad_field_uint(field->value, often ? SKAD_CONTROL_PERIOD_S_MAX : UINT32_MAX, &number) ||
        number < (often ? 1 : SKAD_WATCH_S_MIN)) {
        return skad_web_blame(error, "every_s",
                              often ? "seconds, 1 to 3600" : "seconds, 5 or more");
    }
    out->every_s = (uint32_t)number;
    return true;
}

bool skad_route_request(const skad_route *route, const skad_target *target,
                        skad_control_request *out, skad_web_error *error)
{
    set_defaults(route, out);
    if (!read_segment(route, target, out, error)) {
        return false;
    }
    for (size_t i = 0; i < target->fields; i++) {
        if (!is_field_of(route, target->field[i].name)) {
            return skad_web_refuse(error, 400, "params",
                                   "there is no such parameter of this address: "
                                   "/v1/openapi.json lists all");
        }
        if (!read_field(&target->field[i], out, error)) {
            return false;
        }
    }
    return true;
}
