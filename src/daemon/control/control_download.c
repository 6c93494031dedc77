/* A download: the machine asks for records, and its bytes go out in order, as far as the client
 * acknowledges them. */
#include "src/daemon/control/control_files.h"
#include "src/daemon/control/file_result.h"
#include "src/daemon/control/records_result.h"

#define TELL_RECORDS 64
#define TRIES_MAX    3 /* for a record that some node may have, but did not give in time */

/* ---- Asking ---- */

/* False when the file has ended. */
static bool ask(skad_control_file *file)
{
    const skad_control *control = file->client->control;
    skad_file_part part;
    while (file->operations < skad_control_file_share(control) &&
           skad_file_fetch_next(file->fetch, &part)) {
        const skad_control_request request = {
            .method = SKAD_CONTROL_GET, .msgid = file->msgid, .id = part.key};
        const skad_control_file_op of = {.part = part};
        const skad_status status = skad_control_file_begin(file, &request, &of);
        if (status == SKAD_ERR_FULL) {
            skad_file_fetch_again(file->fetch, &part);
            return true;
        }
        if (status != SKAD_OK) {
            skad_writer writer = skad_control_begin(file->client->control);
            skad_method_refuse(control->config.context, &request, status, &writer);
            skad_control_file_end(file, &writer);
            return false;
        }
    }
    return true;
}

/* ---- Giving ---- */

static bool may_give(const skad_control_file *file)
{
    return skad_file_fetch_given(file->fetch) - file->acked < SKAD_CONTROL_FILE_WINDOW &&
           skad_connection_unsent(&file->client->buffers) <= SKAD_CONNECTION_OUT_BYTES_PAUSE;
}

/* True if some bytes went out. */
static bool give(skad_control_file *file)
{
    const skad_pending_call call = {.client = file->client};
    bool gave = false;
    while (may_give(file)) {
        const uint64_t ahead = skad_file_fetch_given(file->fetch) - file->acked;
        const uint64_t room = SKAD_CONTROL_FILE_WINDOW - ahead;
        const skad_span bytes = skad_file_fetch_ready(
            file->fetch,
            room < SKAD_CONTROL_CHUNK_BYTES_MAX ? (size_t)room : SKAD_CONTROL_CHUNK_BYTES_MAX);
        if (bytes.len == 0) {
            return gave;
        }
        skad_writer writer = skad_control_begin(file->client->control);
        skad_control_write_chunk(&writer, file->msgid, bytes);
        skad_control_respond(&call, &writer);
        skad_file_fetch_gave(file->fetch, bytes.len);
        gave = true;
    }
    return gave;
}

/* The size comes first, before any chunk. False when the file has ended. */
static bool tell(skad_control_file *file)
{
    uint64_t size;
    if (!skad_file_fetch_size(file->fetch, &size)) {
        return true;
    }
    if (file->offset > size) {
        const skad_control_blame blame = skad_control_blame_of(SKAD_CONTROL_GET_FILE, "offset");
        skad_control_file_fail(file, SKAD_CONTROL_ERROR_INPUT,
                               "the offset lies behind the end of the file", &blame);
        return false;
    }
    if (!file->told_size ||
        skad_file_fetch_records(file->fetch) - file->told_records >= TELL_RECORDS) {
        file->told_size = true;
        skad_control_get_progress(file);
    }
    return true;
}

bool skad_control_download_go_on(skad_control_file *file)
{
    if (!tell(file)) {
        return false;
    }
    /* What was given makes room for more. */
    do {
        if (!ask(file)) {
            return false;
        }
    } while (give(file));
    if (skad_file_fetch_is_done(file->fetch)) {
        skad_writer writer = skad_control_begin(file->client->control);
        skad_get_file_result(file, &writer);
        skad_control_file_end(file, &writer);
        return false;
    }
    return true;
}

bool skad_control_download_ack(skad_control_file *file, uint64_t taken)
{
    if (taken > skad_file_fetch_given(file->fetch)) {
        skad_control_file_fail(file, SKAD_CONTROL_ERROR_INPUT,
                               "more bytes were acknowledged than were sent", NULL);
        return false;
    }
    file->acked = taken > file->acked ? taken : file->acked;
    return skad_control_download_go_on(file);
}

/* ---- What came ---- */

static bool fail_piece(skad_control_file *file, const skad_control_file_op *of,
                       skad_control_error error, const char *message)
{
    const skad_control_blame blame = {.piece = &of->part.key};
    skad_control_file_fail(file, error, message, &blame);
    return false;
}

bool skad_control_download_event(skad_control_file *file, const skad_control_file_op *of,
                                 const skad_event *event)
{
    const skad_get_report *report = &event->u.get;
    skad_file_bytes bytes;
    if (event->outcome == SKAD_OUTCOME_TIMED_OUT && of->part.tries + 1 < TRIES_MAX) {
        skad_file_part part = of->part;
        part.tries++;
        skad_file_fetch_again(file->fetch, &part);
        return skad_control_download_go_on(file);
    }
    if (event->outcome != SKAD_OUTCOME_DONE) {
        skad_failure why;
        return fail_piece(file, of, skad_get_failure(event, &why), why.text);
    }
    switch (skad_file_fetch_took(file->fetch, &of->part, (skad_span){report->value, report->len},
                                 &bytes)) {
    case SKAD_FILE_TAKEN:
        break;
    case SKAD_FILE_NO_FILE:
        return fail_piece(file, of, SKAD_CONTROL_ERROR_INPUT,
                          "there is a record of this key, but it is not a file");
    case SKAD_FILE_WRONG:
        return fail_piece(file, of, SKAD_CONTROL_ERROR_INPUT,
                          "a record is not what a file has there");
    }
    return skad_control_download_go_on(file);
}
