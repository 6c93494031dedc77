/* What the gateway reads of a request, from bytes that any program may send: the address with its
 * query, a header Range, a header Host, a body. Nothing that is taken may be out of its bounds, a
 * refusal is a whole one and writable as JSON, and what is taken makes a request that the daemon
 * reads back as the same. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/control.h"
#include "skad/records.h"
#include "src/gateway/http/access.h"
#include "src/gateway/http/body.h"
#include "src/gateway/http/range.h"

/* A refusal says what it is, and JSON of it has no control character. */
static void check_refusal(const skad_web_error *error)
{
    char text[SKAD_WEB_ERROR_BYTES];
    FUZZ_REQUIRE(error->status >= 400 && error->status < 600);
    FUZZ_REQUIRE(error->code[0] != 0 && error->message[0] != 0);
    const size_t len = skad_web_error_write(error, text);
    FUZZ_REQUIRE(len < sizeof text && text[len - 1] == '\n');
    for (size_t i = 0; i + 1 < len; i++) {
        FUZZ_REQUIRE(text[i] >= ' ' && text[i] < 0x7f);
    }
}

static void check_target(const skad_target *target)
{
    FUZZ_REQUIRE(target->segments <= SKAD_TARGET_SEGMENTS_MAX);
    FUZZ_REQUIRE(target->fields <= SKAD_TARGET_FIELDS_MAX && target->used <= sizeof target->text);
    for (size_t i = 0; i < target->segments; i++) {
        FUZZ_REQUIRE(strchr(target->segment[i], '/') == NULL && target->segment[i][0] != 0);
        FUZZ_REQUIRE(strcmp(target->segment[i], "..") != 0);
    }
    for (size_t i = 0; i < target->fields; i++) {
        const skad_target_field *field = &target->field[i];
        FUZZ_REQUIRE(skad_target_get(target, field->name).data == field->value.data);
    }
}

/* The daemon reads what is sent to it as what was meant, whatever the client wrote. */
static void check_request(const skad_control_request *request)
{
    static uint8_t bytes[SKAD_CONTROL_REQUEST_BYTES_MAX];
    skad_control_request read;
    skad_writer writer;
    bool known = false;
    size_t consumed = 0;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_request(&writer, request);
    FUZZ_REQUIRE(!writer.overflow);
    FUZZ_REQUIRE(skad_control_read(bytes, writer.len, &read, &known, &consumed) ==
                 SKAD_CONTROL_REQUEST);
    FUZZ_REQUIRE(consumed == writer.len && read.method == request->method);
    FUZZ_REQUIRE(read.value.len == request->value.len && read.salt.len == request->salt.len);
    FUZZ_REQUIRE(read.value.len == 0 ||
                 memcmp(read.value.data, request->value.data, read.value.len) == 0);
    FUZZ_REQUIRE(memcmp(&read.id, &request->id, sizeof read.id) == 0);
}

/* "METHOD target", and a body. */
static void try_request(const char *method, const char *raw, skad_span body)
{
    static skad_body kept;
    static skad_target target;
    char allowed[SKAD_ROUTE_ALLOWED_BYTES];
    skad_control_request request;
    skad_web_error error;
    if (!skad_target_read(raw, &target, &error)) {
        check_refusal(&error);
        return;
    }
    check_target(&target);
    const skad_route *route = skad_route_find(method, &target, allowed, &error);
    if (route == NULL || !skad_route_request(route, &target, &request, &error) ||
        !skad_body_read(route, body, &kept, &request, &error)) {
        check_refusal(&error);
        return;
    }
    check_request(&request);
}

static void try_range(const char *header, uint64_t size)
{
    skad_range range;
    const skad_range_kind kind = skad_range_read(header, size, &range);
    FUZZ_REQUIRE(range.first <= size && range.length <= size - range.first);
    FUZZ_REQUIRE(kind == SKAD_RANGE_PART ? range.length > 0
                                         : range.first == 0 && range.length == size);
}

static void try_access(const char *host, const char *authorization)
{
    static const skad_access access = {
        .names = {"node.example"}, .names_count = 1, .token = "0123456789abcdef"};
    skad_web_error error;
    if (!skad_access_host(&access, host, &error)) {
        check_refusal(&error);
    }
    if (!skad_access_write(&access, authorization, &error)) {
        check_refusal(&error);
    } else {
        FUZZ_REQUIRE(strcmp(authorization + 7, "0123456789abcdef") == 0);
    }
}

/* Lines: the target, Range, Host, Authorization; the rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static char lines[4][4096];
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *end = len > 0 ? memchr(data, '\n', len) : NULL;
        const size_t whole = end == NULL ? len : (size_t)(end - data);
        const size_t part = whole < sizeof lines[i] ? whole : sizeof lines[i] - 1;
        if (part > 0) {
            memcpy(lines[i], data, part);
        }
        lines[i][part] = 0;
        data += whole + (end != NULL ? 1 : 0);
        len -= whole + (end != NULL ? 1 : 0);
    }
    const skad_span body = {data, len};
    try_request("GET", lines[0], (skad_span){NULL, 0});
    try_request("POST", lines[0], body);
    try_range(lines[1], len);
    try_range(lines[1], UINT64_MAX);
    try_access(lines[2], lines[3]);
    return 0;
}
