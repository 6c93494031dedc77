/* Walking over a section. docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/section_result.h"

#include <string.h>

#include "skad/record.h"
#include "src/daemon/control/results.h"

/* A record takes at most 300 bytes, so a full page takes a third of a response. */
_Static_assert(SKAD_CONTROL_LIST_MAX * 300 <= SKAD_CONTROL_RESPONSE_BYTES_MAX / 3 + 1024, "a page");

/* ---- Cursors: key, type, publisher ---- */

static void read_cursor(const uint8_t cursor[static SKAD_CONTROL_CURSOR_BYTES],
                        skad_store_name *name)
{
    memcpy(name->key.bytes, cursor, SKAD_ID_BYTES);
    name->type = cursor[SKAD_ID_BYTES];
    memcpy(name->publisher, cursor + SKAD_ID_BYTES + 1, SKAD_PUBLIC_KEY_BYTES);
}

static void write_cursor(const skad_store_name *name, skad_writer *writer)
{
    uint8_t cursor[SKAD_CONTROL_CURSOR_BYTES];
    memcpy(cursor, name->key.bytes, SKAD_ID_BYTES);
    cursor[SKAD_ID_BYTES] = name->type;
    memcpy(cursor + SKAD_ID_BYTES + 1, name->publisher, SKAD_PUBLIC_KEY_BYTES);
    skad_write_bin(writer, cursor, sizeof cursor);
}

/* ---- Records ---- */

static const char *type_name(uint8_t type)
{
    static const char *const names[] = {
        [SKAD_RECORD_IMMUTABLE] = "value",
        [SKAD_RECORD_MUTABLE] = "record",
        [SKAD_RECORD_ANNOUNCEMENT] = "announcement",
    };
    bool known = type >= SKAD_RECORD_IMMUTABLE && type <= SKAD_RECORD_ANNOUNCEMENT;
    return known ? names[type] : "unknown";
}

static void write_expiry(uint64_t expires_unix_s, uint64_t now_unix_s, skad_writer *writer)
{
    skad_result_key(writer, "expires_s");
    if (expires_unix_s == UINT64_MAX) {
        skad_write_nil(writer);
    } else {
        skad_write_uint(writer, expires_unix_s > now_unix_s ? expires_unix_s - now_unix_s : 0);
    }
}

static void write_record(const skad_store_record *record, uint64_t now_unix_s, skad_writer *writer)
{
    uint64_t stored_unix_s = record->stored_unix_s;

    skad_write_map(writer, 8);
    skad_result_id(writer, "key", &record->name.key);
    skad_result_str(writer, "type", type_name(record->name.type));
    if (record->name.type == SKAD_RECORD_IMMUTABLE) {
        skad_result_key(writer, "publisher");
        skad_write_nil(writer);
    } else {
        skad_result_public_key(writer, "publisher", record->name.publisher);
    }
    skad_result_uint(writer, "bytes", record->len);
    skad_result_uint(writer, "sequence", record->sequence);
    skad_result_uint(writer, "stored_s",
                     now_unix_s > stored_unix_s ? now_unix_s - stored_unix_s : 0);
    write_expiry(record->expires_unix_s, now_unix_s, writer);
    skad_result_bool(writer, "cached", record->cached);
}

/* Returns how many records there are, at most a page; writes them if there is a writer. */
static size_t walk(const skad_store *store, const skad_control_request *request,
                   uint64_t now_unix_s, skad_store_name *name, skad_writer *writer)
{
    const skad_store_section section =
        request->published ? SKAD_STORE_PUBLICATIONS : SKAD_STORE_REPLICAS;
    skad_store_record record;
    size_t count = 0;

    memset(name, 0, sizeof *name);
    if (request->has_cursor) {
        read_cursor(request->cursor, name);
    }
    while (count < request->max && store->ops->next(store->self, section, name, &record)) {
        count++;
        if (writer != NULL) {
            write_record(&record, now_unix_s, writer);
        }
    }
    return count;
}

bool skad_section_result(const skad_method_context *context, const skad_control_request *request,
                         skad_time now, skad_writer *writer)
{
    skad_store_name name;

    /* Walk twice, because a list begins with its length; the store does not change in between. */
    size_t count = walk(&context->store, request, now.unix_s, &name, NULL);
    skad_result_map(writer, 2);
    skad_result_key(writer, "records");
    skad_write_array(writer, count);
    if (walk(&context->store, request, now.unix_s, &name, writer) != count) {
        return false;
    }
    skad_result_key(writer, "next");
    if (count == request->max) {
        write_cursor(&name, writer);
    } else {
        skad_write_nil(writer);
    }
    return true;
}
