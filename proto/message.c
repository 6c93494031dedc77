/* The bodies of all RPCs. Each is a msgpack array whose arity its kind determines. Every reply
 * begins with the address at which the requester was seen. */
#include "proto/message.h"

#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "proto/audit_body.h"
#include "proto/contacts.h"
#include "proto/reader.h"
#include "proto/writer.h"

const char *skad_error_name(skad_error_code code)
{
    static const char *const names[] = {[SKAD_ERROR_NONE] = "none",
/* NOLINTNEXTLINE(bugprone-macro-parentheses): ISO C forbids a string in parentheses here. */
#define SKAD_ERROR_NAME(name, number, text) [number] = text,
                                        SKAD_ERROR_CODES(SKAD_ERROR_NAME)
#undef SKAD_ERROR_NAME
    };
    size_t index = (size_t)code;

    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

bool skad_kind_is_request(skad_kind kind)
{
    return kind >= SKAD_KIND_PING && kind <= SKAD_KIND_PROVE;
}

bool skad_kind_is_reply(skad_kind kind)
{
    return (kind >= SKAD_KIND_PONG && kind <= SKAD_KIND_PROVEN) || kind == SKAD_KIND_ERROR;
}

bool skad_kind_answers(skad_kind request, skad_kind reply)
{
    return skad_kind_is_request(request) &&
           (reply == SKAD_KIND_ERROR ||
            (unsigned)reply == (unsigned)request + SKAD_KIND_REPLY_OFFSET);
}

/* What a FORWARD is about: a target, or a record that has one. */
static void encode_forward(skad_writer *writer, const skad_message *message)
{
    const bool stores = message->u.forward.aim == SKAD_FORWARD_STORE;
    const skad_span target = {message->u.forward.target.bytes, SKAD_ID_BYTES};
    const skad_span subject = stores ? message->u.forward.record : target;

    skad_write_array(writer, 5);
    skad_write_bin(writer, subject.data, subject.len);
    skad_write_uint(writer, message->u.forward.aim);
    skad_write_uint(writer, message->u.forward.want);
    skad_write_uint(writer, message->u.forward.budget);
    skad_write_uint(writer, message->u.forward.life_ms);
}

static void encode_request(skad_writer *writer, const skad_message *message)
{
    if (message->kind == SKAD_KIND_FIND_NODE) {
        skad_write_array(writer, 2);
        skad_write_bin(writer, message->u.find_node.target.bytes, SKAD_ID_BYTES);
        skad_write_uint(writer, message->u.find_node.want);
    } else if (message->kind == SKAD_KIND_FIND_VALUE) {
        skad_write_array(writer, message->u.find_value.has_from ? 4 : 3);
        skad_write_bin(writer, message->u.find_value.key.bytes, SKAD_ID_BYTES);
        skad_write_uint(writer, message->u.find_value.want);
        skad_write_uint(writer, message->u.find_value.type);
        if (message->u.find_value.has_from) {
            skad_write_bin(writer, message->u.find_value.from, SKAD_PUBLIC_KEY_BYTES);
        }
    } else if (message->kind == SKAD_KIND_STORE) {
        SKAD_ASSERT(message->u.store.life_s > 0);
        skad_write_array(writer, 3);
        skad_write_bin(writer, message->u.store.record.data, message->u.store.record.len);
        if (message->u.store.has_cas) {
            skad_write_uint(writer, message->u.store.cas);
        } else {
            skad_write_nil(writer);
        }
        skad_write_uint(writer, message->u.store.life_s);
    } else if (message->kind == SKAD_KIND_ANNOUNCE) {
        skad_write_array(writer, 1);
        skad_write_bin(writer, message->u.announce.record.data, message->u.announce.record.len);
    } else if (message->kind == SKAD_KIND_COMPARE) {
        skad_write_array(writer, 1);
        skad_write_bin(writer, message->u.compare.held.data, message->u.compare.held.len);
    } else if (message->kind == SKAD_KIND_MATCH) {
        skad_write_array(writer, 2);
        skad_write_uint(writer, message->u.match.bits);
        skad_write_bin(writer, message->u.match.digests.data, message->u.match.digests.len);
    } else if (message->kind == SKAD_KIND_CALL) {
        skad_write_array(writer, 2);
        skad_write_bin(writer, message->u.call.id.bytes, SKAD_ID_BYTES);
        skad_write_address(writer, &message->u.call.endpoint);
    } else if (message->kind == SKAD_KIND_INTRODUCE) {
        skad_write_array(writer, 1);
        skad_write_bin(writer, message->u.introduce.id.bytes, SKAD_ID_BYTES);
    } else if (message->kind == SKAD_KIND_FORWARD) {
        encode_forward(writer, message);
    } else if (skad_audit_body_is(message->kind)) {
        skad_write_array(writer, 2);
        skad_audit_body_write(writer, message);
    } else {
        SKAD_ASSERT(message->kind == SKAD_KIND_PING || message->kind == SKAD_KIND_PROBE);
        skad_write_array(writer, 0);
    }
}

static void encode_value(skad_writer *writer, const skad_message *message)
{
    size_t count = message->u.reply.u.value.records_count;

    SKAD_ASSERT(count <= SKAD_RECORDS_MAX);
    skad_write_array(writer, count);
    for (size_t i = 0; i < count; i++) {
        skad_span record = message->u.reply.u.value.records[i];
        skad_write_bin(writer, record.data, record.len);
    }
    if (message->u.reply.u.value.total > 0) {
        skad_write_uint(writer, message->u.reply.u.value.total);
    }
    skad_write_contacts(writer, message->u.reply.u.value.contacts,
                        message->u.reply.u.value.contacts_count);
}

static void encode_reply(skad_writer *writer, const skad_message *message)
{
    bool is_pong = message->kind == SKAD_KIND_PONG || message->kind == SKAD_KIND_CALLED ||
                   message->kind == SKAD_KIND_INTRODUCED;
    bool is_value = message->kind == SKAD_KIND_VALUE;
    bool has_three =
        is_value || message->kind == SKAD_KIND_ERROR || message->kind == SKAD_KIND_FORWARDED;
    bool has_four =
        (is_value && message->u.reply.u.value.total > 0) || message->kind == SKAD_KIND_PROVEN;

    skad_write_array(writer, is_pong ? 1 : has_four ? 4 : has_three ? 3 : 2);
    skad_write_address(writer, &message->u.reply.observed);
    if (message->kind == SKAD_KIND_NODES) {
        skad_write_contacts(writer, message->u.reply.u.nodes.contacts,
                            message->u.reply.u.nodes.contacts_count);
    } else if (message->kind == SKAD_KIND_VALUE) {
        encode_value(writer, message);
    } else if (message->kind == SKAD_KIND_ERROR) {
        skad_write_uint(writer, message->u.reply.u.error.code);
        skad_write_uint(writer, message->u.reply.u.error.detail);
    } else if (message->kind == SKAD_KIND_COMPARED) {
        skad_write_bin(writer, message->u.reply.u.compared.lacking.data,
                       message->u.reply.u.compared.lacking.len);
    } else if (message->kind == SKAD_KIND_MATCHED) {
        skad_write_uint(writer, message->u.reply.u.matched.differs);
    } else if (message->kind == SKAD_KIND_PROBED) {
        skad_write_address(writer, &message->u.reply.u.probed.caller);
    } else if (message->kind == SKAD_KIND_FORWARDED) {
        skad_write_bin(writer, message->u.reply.u.forwarded.record.data,
                       message->u.reply.u.forwarded.record.len);
        skad_write_bin(writer, message->u.reply.u.forwarded.statement.data,
                       message->u.reply.u.forwarded.statement.len);
    } else if (skad_audit_body_is(message->kind)) {
        skad_audit_body_write(writer, message);
    } else if (!is_pong) {
        skad_write_uint(writer, message->u.reply.u.stored.life_s);
    }
}

size_t skad_message_encode(const skad_message *message, uint8_t *out, size_t cap)
{
    skad_writer writer;

    SKAD_ASSERT(skad_kind_is_request(message->kind) || skad_kind_is_reply(message->kind));
    skad_writer_init(&writer, out, cap);
    if (skad_kind_is_request(message->kind)) {
        encode_request(&writer, message);
    } else {
        encode_reply(&writer, message);
    }
    return writer.overflow ? 0 : writer.len;
}

static uint8_t read_want(skad_reader *reader)
{
    uint64_t want = skad_read_uint(reader, SKAD_FAMILIES_ALL);
    reader->failed = reader->failed || want == 0;
    return (uint8_t)want;
}

static void decode_find_value(skad_reader *reader, skad_message *out)
{
    skad_read_bytes(reader, out->u.find_value.key.bytes, SKAD_ID_BYTES);
    out->u.find_value.want = read_want(reader);
    uint64_t type = skad_read_uint(reader, SKAD_RECORD_ANNOUNCEMENT);
    reader->failed = reader->failed || type == 0 ||
                     (out->u.find_value.has_from && type != SKAD_RECORD_ANNOUNCEMENT);
    out->u.find_value.type = (skad_record_type)type;
    if (out->u.find_value.has_from) {
        skad_read_bytes(reader, out->u.find_value.from, SKAD_PUBLIC_KEY_BYTES);
    }
}

static void decode_store(skad_reader *reader, skad_message *out)
{
    out->u.store.record = skad_read_bin(reader, 1, SKAD_RECORD_BYTES_MAX);
    out->u.store.has_cas = !skad_read_nil(reader);
    out->u.store.cas = out->u.store.has_cas ? skad_read_uint(reader, UINT64_MAX) : 0;
    out->u.store.life_s = (uint32_t)skad_read_uint(reader, UINT32_MAX);
    reader->failed = reader->failed || out->u.store.life_s == 0;
}

static void decode_compare(skad_reader *reader, skad_message *out)
{
    out->u.compare.held = skad_read_bin(reader, SKAD_COMPARE_ITEM_BYTES,
                                        (size_t)SKAD_COMPARE_MAX * SKAD_COMPARE_ITEM_BYTES);
    reader->failed = reader->failed || out->u.compare.held.len % SKAD_COMPARE_ITEM_BYTES != 0;
}

/* Takes the record of a FORWARD, whose key is the target. Returns false if it may not be stored so.
 */
static bool take_subject(skad_span subject, skad_forward *out)
{
    skad_record record;
    if (!skad_record_decode(subject.data, subject.len, &record) ||
        record.type == SKAD_RECORD_ANNOUNCEMENT) {
        return false;
    }
    out->record = subject;
    out->target = record.key;
    return true;
}

static void decode_forward(skad_reader *reader, skad_message *out)
{
    skad_forward *forward = &out->u.forward;
    const skad_span subject = skad_read_bin(reader, 1, SKAD_RECORD_BYTES_MAX);
    const uint64_t aim = skad_read_uint(reader, SKAD_FORWARD_STORE);
    forward->aim = (skad_forward_aim)aim;
    forward->want = read_want(reader);
    forward->budget = (uint8_t)skad_read_uint(reader, SKAD_FORWARD_BUDGET_MAX);
    forward->life_ms = (uint16_t)skad_read_uint(reader, SKAD_FORWARD_LIFE_MS_MAX);
    forward->record = (skad_span){NULL, 0};
    reader->failed = reader->failed || aim == SKAD_RECORD_ANNOUNCEMENT || forward->life_ms == 0;
    if (reader->failed) {
        return;
    }
    if (aim == SKAD_FORWARD_STORE) {
        reader->failed = !take_subject(subject, forward);
    } else if (subject.len == SKAD_ID_BYTES) {
        memcpy(forward->target.bytes, subject.data, SKAD_ID_BYTES);
    } else {
        reader->failed = true;
    }
}

/* A result is a record or a statement, never both, never neither. */
static void decode_forwarded(skad_reader *reader, skad_message *out)
{
    out->u.reply.u.forwarded.record = skad_read_bin(reader, 0, SKAD_RECORD_BYTES_MAX);
    out->u.reply.u.forwarded.statement = skad_read_bin(reader, 0, SKAD_STATEMENT_BYTES_MAX);
    reader->failed = reader->failed || (out->u.reply.u.forwarded.record.len == 0) ==
                                           (out->u.reply.u.forwarded.statement.len == 0);
}

static void decode_value(skad_reader *reader, bool has_total, skad_message *out)
{
    size_t count = skad_read_array(reader, 0, SKAD_RECORDS_MAX);

    for (size_t i = 0; i < count; i++) {
        out->u.reply.u.value.records[i] = skad_read_bin(reader, 1, SKAD_RECORD_BYTES_MAX);
    }
    out->u.reply.u.value.records_count = count;
    out->u.reply.u.value.total = 0;
    if (has_total) { /* a total that says no more than the records do is not sent */
        out->u.reply.u.value.total = (uint32_t)skad_read_uint(reader, UINT32_MAX);
        reader->failed = reader->failed || out->u.reply.u.value.total <= count;
    }
    out->u.reply.u.value.contacts_count = skad_read_contacts(reader, out->u.reply.u.value.contacts);
}

static void decode_error(skad_reader *reader, skad_message *out)
{
    out->u.reply.u.error.code = (uint32_t)skad_read_uint(reader, UINT16_MAX);
    out->u.reply.u.error.detail = skad_read_uint(reader, UINT64_MAX);
    reader->failed = reader->failed || out->u.reply.u.error.code == 0;
}

/* Opens a body's array of so many elements, or one more where `optional`, and reads the common
 * beginning of all replies. Returns whether it has the one more. */
static bool read_head_of(skad_reader *reader, size_t elements, bool optional, skad_message *out)
{
    size_t count = skad_read_array(reader, elements, elements + optional);
    if (skad_kind_is_reply(out->kind)) {
        skad_read_address(reader, false, &out->u.reply.observed);
    }
    return count > elements;
}

static void read_head(skad_reader *reader, size_t elements, skad_message *out)
{
    (void)read_head_of(reader, elements, false, out);
}

static void decode_reply(skad_reader *reader, skad_message *out)
{
    switch (out->kind) {
    case SKAD_KIND_PONG:
    case SKAD_KIND_CALLED:
    case SKAD_KIND_INTRODUCED:
        read_head(reader, 1, out);
        return;
    case SKAD_KIND_NODES:
        read_head(reader, 2, out);
        out->u.reply.u.nodes.contacts_count =
            skad_read_contacts(reader, out->u.reply.u.nodes.contacts);
        return;
    case SKAD_KIND_VALUE:
        decode_value(reader, read_head_of(reader, 3, true, out), out);
        return;
    case SKAD_KIND_STORED:
    case SKAD_KIND_ANNOUNCED:
        read_head(reader, 2, out);
        out->u.reply.u.stored.life_s = (uint32_t)skad_read_uint(reader, UINT32_MAX);
        return;
    case SKAD_KIND_COMPARED:
        read_head(reader, 2, out);
        out->u.reply.u.compared.lacking = skad_read_bin(reader, 1, SKAD_COMPARED_BYTES_MAX);
        return;
    case SKAD_KIND_MATCHED:
        read_head(reader, 2, out);
        out->u.reply.u.matched.differs = skad_read_uint(reader, UINT64_MAX);
        return;
    case SKAD_KIND_PROBED:
        read_head(reader, 2, out);
        skad_read_address(reader, false, &out->u.reply.u.probed.caller);
        return;
    case SKAD_KIND_FORWARDED:
        read_head(reader, 3, out);
        decode_forwarded(reader, out);
        return;
    case SKAD_KIND_AUDITED:
    case SKAD_KIND_PROVEN:
        read_head(reader, out->kind == SKAD_KIND_AUDITED ? 2 : 4, out);
        skad_audit_body_read(reader, out);
        return;
    case SKAD_KIND_ERROR:
        read_head(reader, 3, out);
        decode_error(reader, out);
        return;
    case SKAD_KIND_PING:
    case SKAD_KIND_FIND_NODE:
    case SKAD_KIND_FIND_VALUE:
    case SKAD_KIND_STORE:
    case SKAD_KIND_ANNOUNCE:
    case SKAD_KIND_COMPARE:
    case SKAD_KIND_MATCH:
    case SKAD_KIND_PROBE:
    case SKAD_KIND_CALL:
    case SKAD_KIND_INTRODUCE:
    case SKAD_KIND_FORWARD:
    case SKAD_KIND_AUDIT:
    case SKAD_KIND_PROVE:
        break; /* not replies */
    }
    reader->failed = true;
}

static void decode_body(skad_reader *reader, skad_message *out)
{
    switch (out->kind) {
    case SKAD_KIND_PING:
    case SKAD_KIND_PROBE:
        read_head(reader, 0, out);
        return;
    case SKAD_KIND_FIND_NODE:
        read_head(reader, 2, out);
        skad_read_bytes(reader, out->u.find_node.target.bytes, SKAD_ID_BYTES);
        out->u.find_node.want = read_want(reader);
        return;
    case SKAD_KIND_FIND_VALUE:
        out->u.find_value.has_from = read_head_of(reader, 3, true, out);
        decode_find_value(reader, out);
        return;
    case SKAD_KIND_STORE:
        read_head(reader, 3, out);
        decode_store(reader, out);
        return;
    case SKAD_KIND_ANNOUNCE:
        read_head(reader, 1, out);
        out->u.announce.record = skad_read_bin(reader, 1, SKAD_RECORD_BYTES_MAX);
        return;
    case SKAD_KIND_COMPARE:
        read_head(reader, 1, out);
        decode_compare(reader, out);
        return;
    case SKAD_KIND_MATCH:
        read_head(reader, 2, out);
        out->u.match.bits = (uint8_t)skad_read_uint(reader, SKAD_MATCH_BITS_MAX);
        out->u.match.digests = skad_read_bin(reader, SKAD_MATCH_BYTES, SKAD_MATCH_BYTES);
        return;
    case SKAD_KIND_CALL:
        read_head(reader, 2, out);
        skad_read_bytes(reader, out->u.call.id.bytes, SKAD_ID_BYTES);
        skad_read_address(reader, false, &out->u.call.endpoint);
        return;
    case SKAD_KIND_INTRODUCE:
        read_head(reader, 1, out);
        skad_read_bytes(reader, out->u.introduce.id.bytes, SKAD_ID_BYTES);
        return;
    case SKAD_KIND_FORWARD:
        read_head(reader, 5, out);
        decode_forward(reader, out);
        return;
    case SKAD_KIND_AUDIT:
    case SKAD_KIND_PROVE:
        read_head(reader, 2, out);
        skad_audit_body_read(reader, out);
        return;
    case SKAD_KIND_PONG:
    case SKAD_KIND_NODES:
    case SKAD_KIND_VALUE:
    case SKAD_KIND_STORED:
    case SKAD_KIND_ANNOUNCED:
    case SKAD_KIND_COMPARED:
    case SKAD_KIND_MATCHED:
    case SKAD_KIND_PROBED:
    case SKAD_KIND_CALLED:
    case SKAD_KIND_INTRODUCED:
    case SKAD_KIND_FORWARDED:
    case SKAD_KIND_AUDITED:
    case SKAD_KIND_PROVEN:
    case SKAD_KIND_ERROR:
        decode_reply(reader, out);
        return;
    }
    reader->failed = true;
}

bool skad_message_decode(skad_kind kind, const uint8_t *data, size_t len, skad_message *out)
{
    skad_item items[SKAD_BODY_ITEMS_MAX];
    size_t count;
    size_t consumed;
    skad_reader reader;

    if (len > SKAD_BODY_BYTES_MAX ||
        skad_cut(data, len, SKAD_CUT_STRICT, items, SKAD_BODY_ITEMS_MAX, &count, &consumed) !=
            SKAD_CUT_OK) {
        return false;
    }
    out->kind = kind;
    skad_reader_init(&reader, items, count);
    decode_body(&reader, out);
    return skad_reader_done(&reader);
}
