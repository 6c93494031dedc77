#include "proto/control_params.h"

#include <string.h>

#include "proto/address.h"
#include "proto/tree.h"

#define PARAMS_MAX 6

typedef enum param {
    PARAM_NONE = 0,
    PARAM_ADDRESS,
    PARAM_ID,
    PARAM_VALUE,
    PARAM_SUBJECT,
    PARAM_SEQUENCE,
    PARAM_MSGID,
    PARAM_SECTION,
    PARAM_SALT,
    PARAM_METADATA,
    PARAM_ENDPOINT,
    PARAM_CAS,
    PARAM_LIFE,
    PARAM_KEEP,
    PARAM_EVERY,
    PARAM_CURSOR,
    PARAM_MAX,
    PARAM_CLIENT,
    PARAM_API,
    PARAM_KINDS,
    PARAM_PERIOD,
    PARAM_REQUESTS,
    PARAM_SIZE,
    PARAM_OFFSET,
    PARAM_LENGTH,
    PARAM_FORWARD,
} param;

typedef struct param_row {
    param kind;
    bool has_default; /* and nil stands for it */
    const char *name;
    const char *expected;
} param_row;

static const param_row PARAMS[][PARAMS_MAX] = {
#define PARAM_ROW(method, index, kind, has_default, name, expected)                                \
    [SKAD_CONTROL_##method][index] = {PARAM_##kind, has_default, name, expected},
    SKAD_CONTROL_PARAMETERS(PARAM_ROW)
#undef PARAM_ROW
        [SKAD_CONTROL_STATUS] = {{PARAM_NONE, false, NULL, NULL}}, /* the last one */
};

/* How many parameters may not be missing. */
static const size_t NEEDED[] = {
#define NEEDED_OF(method, manner, monitor, needed) [SKAD_CONTROL_##method] = (needed),
    SKAD_CONTROL_FACTS(NEEDED_OF)
#undef NEEDED_OF
};

static size_t count_params(skad_control_method method)
{
    size_t count = 0;
    while (count < PARAMS_MAX && PARAMS[method][count].kind != PARAM_NONE) {
        count++;
    }
    return count;
}

static skad_control_blame blame_at(skad_control_method method, size_t index)
{
    const param_row *row = &PARAMS[method][index];
    return (skad_control_blame){row->name, index, row->expected, NULL};
}

skad_control_blame skad_control_blame_of(skad_control_method method, const char *parameter)
{
    for (size_t i = 0; i < count_params(method); i++) {
        if (strcmp(PARAMS[method][i].name, parameter) == 0) {
            return blame_at(method, i);
        }
    }
    return (skad_control_blame){NULL, 0, NULL, NULL};
}

/* ---- Reading ---- */

/* Reads a STR into a buffer, with a final zero. Returns false when it is empty, too long or
 * contains a zero. */
static bool read_text(skad_reader *reader, char *text, size_t cap)
{
    skad_span span = skad_read_str(reader, cap - 1);
    if (reader->failed || span.len == 0 || memchr(span.data, 0, span.len) != NULL) {
        return false;
    }
    memcpy(text, span.data, span.len);
    text[span.len] = 0;
    return true;
}

static bool read_address(skad_reader *reader, skad_address *address)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    return read_text(reader, text, sizeof text) && skad_address_parse(text, address);
}

/* Reads an address, or a port alone. */
static bool read_endpoint(skad_reader *reader, skad_address *address)
{
    if (skad_read_peek(reader) != SKAD_ITEM_UINT) {
        return read_address(reader, address);
    }
    address->port = (uint16_t)skad_read_uint(reader, UINT16_MAX);
    return address->port != 0;
}

static bool read_id(skad_reader *reader, skad_id *id)
{
    if (skad_read_peek(reader) == SKAD_ITEM_BIN) {
        skad_read_bytes(reader, id->bytes, SKAD_ID_BYTES);
        return !reader->failed;
    }
    char text[SKAD_ID_TEXT_BYTES];
    return read_text(reader, text, sizeof text) && skad_id_parse(text, id);
}

/* Reads bytes of any length; the node checks them against its limits. */
static bool read_bytes(skad_reader *reader, skad_span *bytes)
{
    if (skad_read_peek(reader) == SKAD_ITEM_STR) {
        *bytes = skad_read_str(reader, SKAD_CONTROL_REQUEST_BYTES_MAX);
    } else {
        *bytes = skad_read_bin(reader, 0, SKAD_CONTROL_REQUEST_BYTES_MAX);
    }
    return !reader->failed;
}

/* Reads a number from 1 on. */
static bool read_count(skad_reader *reader, uint64_t max, uint32_t *out)
{
    *out = (uint32_t)skad_read_uint(reader, max);
    return *out != 0;
}

static bool read_section(skad_reader *reader, bool *published)
{
    *published = skad_read_str_is(reader, "published");
    return *published || skad_read_str_is(reader, "held");
}

static bool read_kinds(skad_reader *reader, uint32_t *kinds)
{
    const size_t count = skad_read_array(reader, 0, SKAD_CONTROL_KIND_LOST + 1);
    *kinds = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned kind = 0;
        while (kind <= SKAD_CONTROL_KIND_LOST &&
               !skad_read_str_is(reader, skad_control_kind_name((skad_control_kind)kind))) {
            kind++;
        }
        if (kind > SKAD_CONTROL_KIND_LOST) {
            return false;
        }
        *kinds |= 1U << kind;
    }
    return !reader->failed;
}

/* The parameters of a batch are its requests. They are looked at here, and read one by one later
 * (skad_control_read_batched). */
static bool read_requests(skad_reader *reader, skad_control_request *out)
{
    out->params_max = SKAD_CONTROL_BATCH_MAX;
    out->batch = skad_read_array(reader, 0, SKAD_CONTROL_BATCH_MAX);
    if (!reader->failed && out->batch == 0) {
        out->blame = blame_at(out->method, 0);
        out->missing = true;
        return false;
    }
    for (size_t i = 0; i < out->batch && !reader->failed; i++) {
        (void)skad_read_array(reader, 2, 2);
        (void)skad_read_str(reader, SKAD_CONTROL_REQUEST_BYTES_MAX);
        reader->failed = reader->failed || skad_read_peek(reader) != SKAD_ITEM_ARRAY;
        skad_read_skip(reader);
        if (reader->failed) {
            out->blame = blame_at(out->method, 0);
            out->blame.index = i;
        }
    }
    return !reader->failed;
}

static bool read_forward(skad_reader *reader, skad_control_request *out)
{
    out->forward = true;
    out->chains = (uint8_t)skad_read_uint(reader, SKAD_CONTROL_CHAINS_MAX);
    return !reader->failed;
}

static bool read_param(skad_reader *reader, param kind, skad_control_request *out)
{
    switch (kind) {
    case PARAM_NONE:
        return false;
    case PARAM_ADDRESS:
        return read_address(reader, &out->address);
    case PARAM_ID:
        return read_id(reader, &out->id);
    case PARAM_VALUE:
    case PARAM_SUBJECT:
    case PARAM_METADATA:
        return read_bytes(reader, &out->value);
    case PARAM_SALT:
        return read_bytes(reader, &out->salt);
    case PARAM_SEQUENCE:
        out->auto_sequence = false;
        out->sequence = skad_read_uint(reader, UINT64_MAX);
        return true;
    case PARAM_MSGID:
        out->watched = (uint32_t)skad_read_uint(reader, UINT32_MAX);
        return true;
    case PARAM_SECTION:
        return read_section(reader, &out->published);
    case PARAM_ENDPOINT:
        return read_endpoint(reader, &out->address);
    case PARAM_CAS:
        out->has_cas = true;
        out->cas = skad_read_uint(reader, UINT64_MAX);
        return true;
    case PARAM_LIFE:
        return read_count(reader, UINT32_MAX, &out->life_s);
    case PARAM_KEEP:
        out->keep = skad_read_bool(reader);
        return true;
    case PARAM_EVERY:
        return read_count(reader, UINT32_MAX, &out->every_s);
    case PARAM_CURSOR:
        out->has_cursor = true;
        skad_read_bytes(reader, out->cursor, sizeof out->cursor);
        return true;
    case PARAM_MAX:
        return read_count(reader, SKAD_CONTROL_LIST_MAX, &out->max);
    case PARAM_CLIENT:
        out->value = skad_read_str(reader, SKAD_CONTROL_CLIENT_BYTES_MAX);
        return out->value.len == 0 || memchr(out->value.data, 0, out->value.len) == NULL;
    case PARAM_API:
        out->api = skad_read_uint(reader, UINT64_MAX);
        return out->api != 0;
    case PARAM_KINDS:
        return read_kinds(reader, &out->kinds);
    case PARAM_PERIOD:
        return read_count(reader, SKAD_CONTROL_PERIOD_S_MAX, &out->every_s);
    case PARAM_REQUESTS:
        return false; /* the array itself: read_requests */
    case PARAM_SIZE:
        out->has_size = !skad_read_nil(reader);
        out->size = out->has_size ? skad_read_uint(reader, SKAD_FILE_BYTES_MAX) : 0;
        return true;
    case PARAM_OFFSET:
        out->offset = skad_read_uint(reader, UINT64_MAX);
        return true;
    case PARAM_LENGTH:
        out->length = skad_read_uint(reader, UINT64_MAX);
        return true;
    case PARAM_FORWARD:
        return read_forward(reader, out);
    }
    return false;
}

static void set_defaults(skad_control_request *out)
{
    out->keep = out->method != SKAD_CONTROL_PUT && out->method != SKAD_CONTROL_PUT_FILE;
    out->every_s = SKAD_CONTROL_EVERY_S_DEFAULT;
    out->max = SKAD_CONTROL_LIST_DEFAULT;
    out->api = SKAD_CONTROL_API;
    out->auto_sequence = out->method == SKAD_CONTROL_PUBLISH || out->method == SKAD_CONTROL_AUDIT;
    out->kinds = SKAD_CONTROL_KINDS_ALL;
    out->length = UINT64_MAX;
    if (out->method == SKAD_CONTROL_SUBSCRIBE_STATUS) {
        out->every_s = SKAD_CONTROL_PERIOD_S_DEFAULT;
    }
}

bool skad_control_read_params(skad_reader *reader, skad_control_request *out)
{
    const param_row *rows = PARAMS[out->method];

    set_defaults(out);
    if (rows[0].kind == PARAM_REQUESTS) {
        return read_requests(reader, out);
    }
    out->params_max = count_params(out->method);
    const size_t given = skad_read_array(reader, 0, out->params_max);
    for (size_t i = 0; i < given && !reader->failed; i++) {
        if (rows[i].has_default && skad_read_nil(reader)) {
            continue;
        }
        if (!read_param(reader, rows[i].kind, out) || reader->failed) {
            out->blame = blame_at(out->method, i);
            return false;
        }
    }
    if (!reader->failed && given < NEEDED[out->method]) {
        out->blame = blame_at(out->method, given);
        out->missing = true;
        return false;
    }
    return !reader->failed;
}

/* ---- Writing ---- */

static void write_endpoint(skad_writer *writer, const skad_address *address)
{
    if (address->family == SKAD_FAMILY_NONE && address->port != 0) {
        skad_write_uint(writer, address->port);
    } else {
        skad_control_write_address(writer, address);
    }
}

static void write_number(skad_writer *writer, bool given, uint64_t number)
{
    if (given) {
        skad_write_uint(writer, number);
    } else {
        skad_write_nil(writer);
    }
}

static void write_cursor(skad_writer *writer, const skad_control_request *request)
{
    if (request->has_cursor) {
        skad_write_bin(writer, request->cursor, sizeof request->cursor);
    } else {
        skad_write_nil(writer);
    }
}

static void write_text(skad_writer *writer, skad_span text)
{
    char copy[SKAD_CONTROL_CLIENT_BYTES_MAX + 1] = {0};
    if (text.len > 0 && text.len < sizeof copy) {
        memcpy(copy, text.data, text.len);
    }
    skad_write_str(writer, copy);
}

static void write_kinds(skad_writer *writer, uint32_t kinds)
{
    size_t count = 0;
    if (kinds == SKAD_CONTROL_KINDS_ALL) {
        skad_write_nil(writer);
        return;
    }
    for (unsigned kind = 0; kind <= SKAD_CONTROL_KIND_LOST; kind++) {
        count += (kinds >> kind) & 1U;
    }
    skad_write_array(writer, count);
    for (unsigned kind = 0; kind <= SKAD_CONTROL_KIND_LOST; kind++) {
        if (((kinds >> kind) & 1U) != 0) {
            skad_write_str(writer, skad_control_kind_name((skad_control_kind)kind));
        }
    }
}

/* Those that are numbers, or nil where none was given. */
static void write_number_of(skad_writer *writer, param kind, const skad_control_request *request)
{
    if (kind == PARAM_SEQUENCE) {
        write_number(writer, !request->auto_sequence, request->sequence);
    } else if (kind == PARAM_MSGID) {
        write_number(writer, true, request->watched);
    } else if (kind == PARAM_CAS) {
        write_number(writer, request->has_cas, request->cas);
    } else if (kind == PARAM_LIFE) {
        write_number(writer, request->life_s != 0, request->life_s);
    } else if (kind == PARAM_MAX) {
        write_number(writer, request->max != 0, request->max);
    } else if (kind == PARAM_API) {
        write_number(writer, request->api != 0, request->api);
    } else if (kind == PARAM_SIZE) {
        write_number(writer, request->has_size, request->size);
    } else if (kind == PARAM_OFFSET) {
        write_number(writer, true, request->offset);
    } else if (kind == PARAM_LENGTH) {
        write_number(writer, request->length != UINT64_MAX, request->length);
    } else if (kind == PARAM_FORWARD) {
        write_number(writer, request->forward, request->chains);
    } else {
        write_number(writer, request->every_s != 0, request->every_s);
    }
}

static void write_param(skad_writer *writer, param kind, const skad_control_request *request)
{
    switch (kind) {
    case PARAM_NONE:
    case PARAM_REQUESTS: /* the array itself: skad_control_write_params */
        break;
    case PARAM_ADDRESS:
        skad_control_write_address(writer, &request->address);
        break;
    case PARAM_ID:
        skad_control_write_id(writer, &request->id);
        break;
    case PARAM_VALUE:
    case PARAM_SUBJECT:
    case PARAM_METADATA:
        skad_write_bin(writer, request->value.data, request->value.len);
        break;
    case PARAM_SALT:
        skad_write_bin(writer, request->salt.data, request->salt.len);
        break;
    case PARAM_SECTION:
        skad_write_str(writer, request->published ? "published" : "held");
        break;
    case PARAM_ENDPOINT:
        write_endpoint(writer, &request->address);
        break;
    case PARAM_KEEP:
        skad_write_bool(writer, request->keep);
        break;
    case PARAM_CURSOR:
        write_cursor(writer, request);
        break;
    case PARAM_CLIENT:
        write_text(writer, request->value);
        break;
    case PARAM_KINDS:
        write_kinds(writer, request->kinds);
        break;
    case PARAM_SEQUENCE:
    case PARAM_MSGID:
    case PARAM_CAS:
    case PARAM_LIFE:
    case PARAM_EVERY:
    case PARAM_PERIOD:
    case PARAM_MAX:
    case PARAM_API:
    case PARAM_SIZE:
    case PARAM_OFFSET:
    case PARAM_LENGTH:
    case PARAM_FORWARD:
        write_number_of(writer, kind, request);
        break;
    }
}

void skad_control_write_params(skad_writer *writer, const skad_control_request *request)
{
    const size_t count = count_params(request->method);

    if (request->method == SKAD_CONTROL_BATCH) {
        skad_write_raw(writer, request->value.data, request->value.len);
        return;
    }
    skad_write_array(writer, count);
    for (size_t i = 0; i < count; i++) {
        write_param(writer, PARAMS[request->method][i].kind, request);
    }
}
