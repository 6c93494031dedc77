/* docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/file_result.h"

#include "src/daemon/control/records_result.h"
#include "src/daemon/control/results.h"

static skad_writer begin_progress(const skad_control_file *file)
{
    skad_writer writer = skad_control_begin(file->client->control);
    skad_control_write_notification(&writer, "progress", file->msgid);
    skad_write_map(&writer, 4);
    return writer;
}

static void send_progress(const skad_control_file *file, const skad_writer *writer)
{
    const skad_pending_call call = {.client = file->client};
    skad_control_respond(&call, writer);
}

void skad_control_put_progress(skad_control_file *file)
{
    const skad_file_store *store = file->store;
    skad_writer writer = begin_progress(file);
    skad_result_uint(&writer, "received", store->taken);
    skad_result_uint(&writer, "stored", store->totals.bytes);
    skad_result_uint(&writer, "pieces", store->totals.records);
    skad_result_uint(&writer, "window", SKAD_CONTROL_FILE_WINDOW);
    file->told_bytes = store->taken;
    file->told_records = store->totals.records;
    send_progress(file, &writer);
}

void skad_control_get_progress(skad_control_file *file)
{
    uint64_t size;
    skad_writer writer = begin_progress(file);
    (void)skad_file_fetch_size(file->fetch, &size);
    skad_result_uint(&writer, "size", size);
    skad_result_uint(&writer, "sent", skad_file_fetch_given(file->fetch));
    skad_result_uint(&writer, "pieces", skad_file_fetch_records(file->fetch));
    skad_result_uint(&writer, "window", SKAD_CONTROL_FILE_WINDOW);
    file->told_records = skad_file_fetch_records(file->fetch);
    send_progress(file, &writer);
}

void skad_put_file_result(const skad_control_file *file, skad_writer *writer)
{
    const skad_file_totals *totals = &file->store->totals;
    skad_control_write_result(writer, file->msgid);
    skad_result_map(writer, 12);
    skad_result_id(writer, "key", &file->store->root);
    skad_result_uint(writer, "bytes", file->store->taken);
    skad_result_uint(writer, "pieces", totals->records);
    skad_result_uint(writer, "holders_min", totals->stored_min);
    skad_result_uint(writer, "asked_min", totals->asked_min);
    skad_result_uint(writer, "wanted", totals->wanted_min);
    skad_result_uint(writer, "refused", totals->refused);
    skad_result_uint(writer, "silent", totals->unresponsive);
    skad_result_refusals(writer, totals->refusals);
    skad_result_uint(writer, "alone", totals->alone);
    skad_result_uint(writer, "dense", totals->dense);
    skad_result_bool(writer, "kept", file->keep && totals->kept == totals->records);
}

void skad_get_file_result(const skad_control_file *file, skad_writer *writer)
{
    uint64_t size;
    (void)skad_file_fetch_size(file->fetch, &size);
    skad_control_write_result(writer, file->msgid);
    skad_result_map(writer, 4);
    skad_result_id(writer, "key", &file->key);
    skad_result_uint(writer, "size", size);
    skad_result_uint(writer, "bytes", skad_file_fetch_given(file->fetch));
    skad_result_uint(writer, "pieces", skad_file_fetch_records(file->fetch));
}
