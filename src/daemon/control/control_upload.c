/* An upload: chunks wait until the machine takes them, records go out as operations.
 *
 *   chunk -> waiting -> machine -> put -> stored
 *              |           |
 *              +-- progress: received, stored, and so how much may be sent */
#include <string.h>

#include "src/daemon/control/control_files.h"
#include "src/daemon/control/file_result.h"
#include "src/daemon/control/records_result.h"

#define TELL_BYTES   16384 /* a quarter of the window */
#define TELL_RECORDS 32

/* Gives the machine what waits; true if it took some. */
static bool feed(skad_control_file *file)
{
    const size_t taken =
        skad_file_store_take(file->store, file->waiting + file->waiting_first, file->waiting_len);
    file->waiting_first += taken;
    file->waiting_len -= taken;
    if (file->waiting_len == 0) {
        file->waiting_first = 0;
    }
    return taken > 0;
}

static skad_status put(skad_control_file *file, const skad_file_record *record)
{
    const skad_control_request request = {.method = SKAD_CONTROL_PUT,
                                          .msgid = file->msgid,
                                          .value = {record->value, record->len},
                                          .keep = file->keep};
    const skad_control_file_op of = {.bytes = record->bytes};
    const skad_status status = skad_control_file_begin(file, &request, &of);
    if (status == SKAD_OK) {
        skad_file_store_sent(file->store);
    } else if (status != SKAD_ERR_FULL) {
        skad_control *control = file->client->control;
        skad_writer writer = skad_control_begin(control);
        skad_method_refuse(control->config.context, &request, status, &writer);
        skad_control_file_end(file, &writer);
    }
    return status;
}

static void tell(skad_control_file *file)
{
    const skad_file_store *store = file->store;
    if (store->taken - file->told_bytes >= TELL_BYTES ||
        store->totals.records - file->told_records >= TELL_RECORDS) {
        skad_control_put_progress(file);
    }
}

bool skad_control_upload_go_on(skad_control_file *file)
{
    const skad_control *control = file->client->control;
    skad_file_record record;
    bool moved = true;
    while (moved) {
        moved = !file->store->ended && feed(file);
        if (file->ended && file->waiting_len == 0 && !file->store->ended) {
            skad_file_store_end(file->store);
            moved = true;
        }
        skad_status status = SKAD_OK;
        while (status == SKAD_OK && file->operations < skad_control_file_share(control) &&
               skad_file_store_next(file->store, &record)) {
            status = put(file, &record);
            moved = moved || status == SKAD_OK;
        }
        if (status != SKAD_OK && status != SKAD_ERR_FULL) {
            return false;
        }
    }
    if (skad_file_store_is_done(file->store)) {
        skad_control_put_progress(file);
        skad_writer writer = skad_control_begin(file->client->control);
        skad_put_file_result(file, &writer);
        skad_control_file_end(file, &writer);
        return false;
    }
    tell(file);
    return true;
}

static bool refuse_chunk(skad_control_file *file, const char *why)
{
    skad_control_file_fail(file, SKAD_CONTROL_ERROR_INPUT, why, NULL);
    return false;
}

bool skad_control_upload_chunk(skad_control_file *file, skad_span bytes)
{
    if (file->ended) {
        return refuse_chunk(file, "a chunk came after the end of the file");
    }
    if (bytes.len > SKAD_CONTROL_CHUNK_BYTES_MAX) {
        return refuse_chunk(file, "a chunk has at most 4000 bytes");
    }
    if (file->has_size && bytes.len > file->size - file->arrived) {
        return refuse_chunk(file, "more bytes came than the size that was told");
    }
    if (bytes.len > SKAD_CONTROL_FILE_WINDOW - file->waiting_len) {
        return refuse_chunk(file, "more bytes came than the window lets: wait for progress");
    }
    if (file->waiting_first + file->waiting_len + bytes.len > SKAD_CONTROL_FILE_WINDOW) {
        memmove(file->waiting, file->waiting + file->waiting_first, file->waiting_len);
        file->waiting_first = 0;
    }
    if (bytes.len > 0) {
        memcpy(file->waiting + file->waiting_first + file->waiting_len, bytes.data, bytes.len);
    }
    file->waiting_len += bytes.len;
    file->arrived += bytes.len;
    file->ended = bytes.len == 0 || (file->has_size && file->arrived == file->size);
    return skad_control_upload_go_on(file);
}

bool skad_control_upload_event(skad_control_file *file, const skad_control_file_op *of,
                               const skad_event *event)
{
    if (event->outcome != SKAD_OUTCOME_DONE) {
        skad_writer writer = skad_control_begin(file->client->control);
        skad_put_error(event, file->msgid, &writer);
        skad_control_file_end(file, &writer);
        return false;
    }
    skad_file_store_put(file->store, of->bytes, &event->u.put);
    return skad_control_upload_go_on(file);
}
