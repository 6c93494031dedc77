/* The control socket's messages. Nothing here keeps state: bytes of a stream are parsed into
 * requests, and results are encoded as bytes. */
#include "proto/control.h"

#include <string.h>

#include "proto/address.h"
#include "proto/control_params.h"

#define TYPE_REQUEST      0
#define TYPE_RESPONSE     1
#define TYPE_NOTIFICATION 2

/* Five elements, and a batch of requests of three and six parameters each. */
#define ITEMS_MAX (5 + SKAD_CONTROL_BATCH_MAX * (3 + 6))

static const char *const METHOD_NAMES[] = {
#define METHOD_NAME(name, text) text,
    SKAD_CONTROL_METHODS(METHOD_NAME)
#undef METHOD_NAME
};

static const char *const ERROR_NAMES[] = {
#define ERROR_NAME(name, text) text,
    SKAD_CONTROL_ERRORS(ERROR_NAME)
#undef ERROR_NAME
};

static const char *const KIND_NAMES[] = {
#define KIND_NAME(name, text) text,
    SKAD_CONTROL_KINDS(KIND_NAME)
#undef KIND_NAME
};

#define METHODS_COUNT (sizeof METHOD_NAMES / sizeof METHOD_NAMES[0])

const char *skad_control_method_name(skad_control_method method)
{
    return METHOD_NAMES[method];
}

const char *skad_control_error_name(skad_control_error error)
{
    return ERROR_NAMES[error];
}

const char *skad_control_kind_name(skad_control_kind kind)
{
    return KIND_NAMES[kind];
}

/* ---- Reading ---- */

/* Finds the msgid of a request that cannot be read to its end. Reads only its first three items: an
 * array header, the type and the number. */
static bool peek_msgid(const uint8_t *data, size_t len, uint32_t *msgid)
{
    const uint8_t array_of_four = 0x94;
    if (len < 2 || data[0] != array_of_four) {
        return false;
    }
    size_t at = 1;
    uint64_t numbers[2];
    for (size_t i = 0; i < 2; i++) {
        skad_item item;
        size_t count = 0;
        size_t consumed = 0;
        if (skad_cut(data + at, len - at, SKAD_CUT_LENIENT, &item, 1, &count, &consumed) !=
                SKAD_CUT_OK ||
            item.type != SKAD_ITEM_UINT) {
            return false;
        }
        numbers[i] = item.u.number;
        at += consumed;
    }
    *msgid = (uint32_t)numbers[1];
    return numbers[0] == TYPE_REQUEST && numbers[1] <= UINT32_MAX;
}

static bool read_method(skad_reader *reader, skad_control_method *method)
{
    for (size_t i = 0; i < METHODS_COUNT; i++) {
        if (skad_read_str_is(reader, METHOD_NAMES[i])) {
            *method = (skad_control_method)i;
            return true;
        }
    }
    return false;
}

/* [2, "chunk", [msgid, bytes]] or [2, "ack", [msgid, number]]. */
static skad_control_cut read_notification(skad_reader *reader, skad_control_request *out)
{
    const bool chunk = skad_read_str_is(reader, "chunk");
    if (!chunk && !skad_read_str_is(reader, "ack")) {
        return SKAD_CONTROL_IGNORED;
    }
    (void)skad_read_array(reader, 2, 2);
    out->msgid = (uint32_t)skad_read_uint(reader, UINT32_MAX);
    if (!chunk) {
        out->size = skad_read_uint(reader, UINT64_MAX);
    } else if (skad_read_peek(reader) == SKAD_ITEM_STR) {
        out->value = skad_read_str(reader, SKAD_CONTROL_REQUEST_BYTES_MAX);
    } else {
        out->value = skad_read_bin(reader, 0, SKAD_CONTROL_REQUEST_BYTES_MAX);
    }
    return !skad_reader_done(reader) ? SKAD_CONTROL_IGNORED
           : chunk                   ? SKAD_CONTROL_CHUNK
                                     : SKAD_CONTROL_ACK;
}

static skad_control_cut read_items(const skad_item *items, size_t count, skad_control_request *out,
                                   bool *msgid_known)
{
    skad_reader reader;
    skad_reader_init(&reader, items, count);
    size_t elements = skad_read_array(&reader, 3, 4);
    uint64_t type = skad_read_uint(&reader, TYPE_NOTIFICATION);
    if (!reader.failed && elements == 3 && type == TYPE_NOTIFICATION) {
        return read_notification(&reader, out);
    }
    out->msgid = (uint32_t)skad_read_uint(&reader, UINT32_MAX);
    if (reader.failed || elements != 4 || type != TYPE_REQUEST) {
        return SKAD_CONTROL_RUBBISH;
    }
    *msgid_known = true;
    if (!read_method(&reader, &out->method)) {
        return SKAD_CONTROL_NO_METHOD;
    }
    bool ok = skad_control_read_params(&reader, out) && skad_reader_done(&reader);
    return ok ? SKAD_CONTROL_REQUEST : SKAD_CONTROL_WRONG_PARAMS;
}

skad_control_cut skad_control_read(const uint8_t *data, size_t len, skad_control_request *out,
                                   bool *msgid_known, size_t *consumed)
{
    skad_item items[ITEMS_MAX];
    size_t count = 0;

    *msgid_known = false;
    memset(out, 0, sizeof *out);
    size_t visible = len < SKAD_CONTROL_REQUEST_BYTES_MAX ? len : SKAD_CONTROL_REQUEST_BYTES_MAX;
    if (visible == 0) {
        return SKAD_CONTROL_MORE;
    }
    switch (skad_cut(data, visible, SKAD_CUT_LENIENT, items, ITEMS_MAX, &count, consumed)) {
    case SKAD_CUT_OK:
        out->raw = (skad_span){data, *consumed};
        return read_items(items, count, out, msgid_known);
    case SKAD_CUT_MORE:
        if (visible < SKAD_CONTROL_REQUEST_BYTES_MAX) {
            return SKAD_CONTROL_MORE;
        }
        break;
    case SKAD_CUT_INVALID:
        break;
    }
    *msgid_known = peek_msgid(data, visible, &out->msgid);
    return SKAD_CONTROL_RUBBISH;
}

skad_control_cut skad_control_read_batched(skad_span batch, size_t index, skad_control_request *out)
{
    skad_item items[ITEMS_MAX];
    size_t count = 0;
    size_t consumed = 0;
    skad_reader reader;

    memset(out, 0, sizeof *out);
    if (skad_cut(batch.data, batch.len, SKAD_CUT_LENIENT, items, ITEMS_MAX, &count, &consumed) !=
        SKAD_CUT_OK) {
        return SKAD_CONTROL_WRONG_PARAMS;
    }
    skad_reader_init(&reader, items, count);
    (void)skad_read_array(&reader, 4, 4);
    for (size_t i = 0; i < 3; i++) {
        skad_read_skip(&reader); /* type, msgid, "batch" */
    }
    (void)skad_read_array(&reader, index + 1, SKAD_CONTROL_BATCH_MAX);
    for (size_t i = 0; i < index; i++) {
        skad_read_skip(&reader);
    }
    (void)skad_read_array(&reader, 2, 2);
    if (reader.failed || !read_method(&reader, &out->method)) {
        return SKAD_CONTROL_NO_METHOD;
    }
    return skad_control_read_params(&reader, out) ? SKAD_CONTROL_REQUEST
                                                  : SKAD_CONTROL_WRONG_PARAMS;
}

/* ---- Writing ---- */

void skad_control_write_id(skad_writer *writer, const skad_id *id)
{
    char text[SKAD_ID_TEXT_BYTES];
    skad_id_format(id, text);
    skad_write_str(writer, text);
}

void skad_control_write_address(skad_writer *writer, const skad_address *address)
{
    if (address->family == SKAD_FAMILY_NONE) {
        skad_write_nil(writer);
        return;
    }
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address_format(address, text);
    skad_write_str(writer, text);
}

void skad_control_write_request(skad_writer *writer, const skad_control_request *request)
{
    skad_write_array(writer, 4);
    skad_write_uint(writer, TYPE_REQUEST);
    skad_write_uint(writer, request->msgid);
    skad_write_str(writer, METHOD_NAMES[request->method]);
    skad_control_write_params(writer, request);
}

void skad_control_write_result(skad_writer *writer, uint32_t msgid)
{
    skad_write_array(writer, 4);
    skad_write_uint(writer, TYPE_RESPONSE);
    skad_write_uint(writer, msgid);
    skad_write_nil(writer);
}

void skad_control_write_notification(skad_writer *writer, const char *method, uint32_t msgid)
{
    skad_write_array(writer, 3);
    skad_write_uint(writer, TYPE_NOTIFICATION);
    skad_write_str(writer, method);
    skad_write_array(writer, 2);
    skad_write_uint(writer, msgid);
}

void skad_control_write_chunk(skad_writer *writer, uint32_t msgid, skad_span bytes)
{
    skad_control_write_notification(writer, "chunk", msgid);
    skad_write_bin(writer, bytes.data, bytes.len);
}

void skad_control_write_ack(skad_writer *writer, uint32_t msgid, uint64_t taken)
{
    skad_control_write_notification(writer, "ack", msgid);
    skad_write_uint(writer, taken);
}

void skad_control_write_error(skad_writer *writer, uint32_t msgid, skad_control_error error,
                              const char *message)
{
    skad_control_write_blame(writer, msgid, error, message, NULL);
}

void skad_control_write_blame(skad_writer *writer, uint32_t msgid, skad_control_error error,
                              const char *message, const skad_control_blame *blame)
{
    const bool blamed = blame != NULL && blame->parameter != NULL;
    const bool piece = blame != NULL && blame->piece != NULL;
    skad_write_array(writer, 4);
    skad_write_uint(writer, TYPE_RESPONSE);
    skad_write_uint(writer, msgid);
    skad_write_map(writer, 2U + (blamed ? 3U : 0U) + (piece ? 1U : 0U));
    skad_write_str(writer, "code");
    skad_write_str(writer, ERROR_NAMES[error]);
    skad_write_str(writer, "message");
    skad_write_str(writer, message);
    if (blamed) {
        skad_write_str(writer, "parameter");
        skad_write_str(writer, blame->parameter);
        skad_write_str(writer, "index");
        skad_write_uint(writer, blame->index);
        skad_write_str(writer, "expected");
        skad_write_str(writer, blame->expected);
    }
    if (piece) {
        skad_write_str(writer, "piece");
        skad_control_write_id(writer, blame->piece);
    }
    skad_write_nil(writer);
}
