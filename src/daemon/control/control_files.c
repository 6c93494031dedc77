/* Files under way: their begin, their operations, their end.
 *
 * All files together may have SKAD_CONTROL_FILE_OPERATIONS of the node's operations, in equal
 * shares, so that neither other clients nor other files wait for a large one. */
#include "src/daemon/control/control_files.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/daemon/control/file_result.h"

size_t skad_control_file_share(const skad_control *control)
{
    return SKAD_CONTROL_FILE_OPERATIONS / control->files_count;
}

/* ---- Operations ---- */

skad_status skad_control_file_begin(skad_control_file *file, const skad_control_request *request,
                                    const skad_control_file_op *of)
{
    skad_control *control = file->client->control;
    skad_control_file_op started = *of;
    skad_status status = SKAD_ERR_FULL;
    if (control->file_ops_count < SKAD_CONTROL_FILE_OPERATIONS) {
        status =
            skad_method_start(control->config.context, request, *control->config.now, &started.op);
    }
    if (status == SKAD_OK) {
        started.file = file;
        control->file_ops[control->file_ops_count++] = started;
        file->operations++;
    } else if (status == SKAD_ERR_FULL) {
        control->stalled = true;
    }
    return status;
}

static skad_control_file_op take_op(skad_control *control, size_t at)
{
    const skad_control_file_op taken = control->file_ops[at];
    control->file_ops[at] = control->file_ops[--control->file_ops_count];
    taken.file->operations--;
    control->ended_some = true;
    return taken;
}

void skad_control_file_event(skad_control *control, const skad_event *event)
{
    for (size_t i = 0; i < control->file_ops_count; i++) {
        if (control->file_ops[i].op == event->op) {
            const skad_control_file_op of = take_op(control, i);
            skad_control_client *client = of.file->client;
            (void)(of.file->upload ? skad_control_upload_event(of.file, &of, event)
                                   : skad_control_download_event(of.file, &of, event));
            skad_control_review(client);
            return;
        }
    }
}

/* ---- Ending ---- */

static void free_file(skad_control_file *file)
{
    skad_control *control = file->client->control;
    skad_control_file **link = &control->files;
    for (size_t i = control->file_ops_count; i > 0; i--) {
        if (control->file_ops[i - 1].file == file) {
            skad_node_cancel(control->config.context->node, take_op(control, i - 1).op);
        }
    }
    while (*link != file) {
        link = &(*link)->next;
    }
    *link = file->next;
    control->files_count--;
    file->client->files--;
    free(file->store);
    free(file->waiting);
    skad_file_fetch_free(file->fetch);
    free(file);
}

void skad_control_file_end(skad_control_file *file, const skad_writer *response)
{
    const skad_pending_call call = {.client = file->client};
    skad_control_respond(&call, response);
    free_file(file);
}

void skad_control_file_fail(skad_control_file *file, skad_control_error error, const char *message,
                            const skad_control_blame *blame)
{
    skad_writer writer = skad_control_begin(file->client->control);
    skad_control_write_blame(&writer, file->msgid, error, message, blame);
    skad_control_file_end(file, &writer);
}

void skad_control_files_end(skad_control_client *client, bool answered)
{
    skad_control_file *next;
    for (skad_control_file *file = client->control->files; file != NULL; file = next) {
        next = file->next;
        if (file->client != client || (answered && file->upload && file->ended)) {
            continue; /* what has come in whole is stored, whether its client sends more or not */
        }
        if (answered) {
            skad_control_file_fail(file, SKAD_CONTROL_ERROR_ABORTED,
                                   "the client sends no more, and the file is not complete", NULL);
        } else {
            free_file(file);
        }
    }
}

/* ---- Beginning ---- */

static bool make_upload(skad_control_file *file, const skad_control_request *request)
{
    file->upload = true;
    file->keep = request->keep;
    file->has_size = request->has_size;
    file->size = request->size;
    file->ended = request->has_size && request->size == 0;
    file->store = calloc(1, sizeof *file->store);
    file->waiting = malloc(SKAD_CONTROL_FILE_WINDOW);
    return file->store != NULL && file->waiting != NULL;
}

static bool make_download(skad_control_file *file, const skad_control_request *request)
{
    const skad_file_fetch_config config = {
        .root = request->id,
        .from = request->offset,
        .length = request->length,
        .window = SKAD_CONTROL_FILE_GETS,
        .ahead = SKAD_CONTROL_FILE_AHEAD,
        .in_order = true,
    };
    file->key = request->id;
    file->offset = request->offset;
    return skad_file_fetch_new(&config, &file->fetch) == SKAD_OK;
}

void skad_control_file_start(const skad_pending_call *call, const skad_control_request *request)
{
    skad_control *control = call->client->control;
    const bool upload = request->method == SKAD_CONTROL_PUT_FILE;
    if (call->client->files == SKAD_CONTROL_CLIENT_FILES_MAX ||
        control->files_count == SKAD_CONTROL_FILES_MAX) {
        skad_control_refuse_because(call, SKAD_CONTROL_ERROR_BUSY,
                                    "too many files are under way: wait until one has ended");
        return;
    }
    skad_control_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        skad_control_refuse_because(call, SKAD_CONTROL_ERROR_BUSY, "out of memory");
        return;
    }
    file->client = call->client;
    file->msgid = call->msgid;
    file->next = control->files;
    control->files = file;
    control->files_count++;
    call->client->files++;
    if (!(upload ? make_upload(file, request) : make_download(file, request))) {
        skad_control_file_fail(file, SKAD_CONTROL_ERROR_BUSY, "out of memory", NULL);
        return;
    }
    if (upload) {
        skad_control_put_progress(file); /* the first window */
    }
    (void)(upload ? skad_control_upload_go_on(file) : skad_control_download_go_on(file));
}

/* ---- What clients say of them ---- */

static skad_control_file *find(const skad_control_client *client, uint32_t msgid)
{
    skad_control_file *file = client->control->files;
    while (file != NULL && (file->client != client || file->msgid != msgid)) {
        file = file->next;
    }
    return file;
}

void skad_control_file_notice(skad_control_client *client, const skad_control_request *notice,
                              bool chunk)
{
    skad_control_file *file = find(client, notice->msgid);
    if (file == NULL || file->upload != chunk) {
        return; /* it has ended in the meantime, or never was */
    }
    (void)(chunk ? skad_control_upload_chunk(file, notice->value)
                 : skad_control_download_ack(file, notice->size));
}

void skad_control_abort(const skad_pending_call *call, const skad_control_request *request)
{
    skad_control_file *file = find(call->client, request->watched);
    const bool found = file != NULL;
    if (found) {
        skad_control_file_fail(file, SKAD_CONTROL_ERROR_ABORTED, "the client has ended it", NULL);
    }
    skad_writer writer = skad_control_begin(call->client->control);
    skad_control_write_result(&writer, call->msgid);
    skad_write_bool(&writer, found);
    skad_control_respond(call, &writer);
}

void skad_control_files_resume(skad_control *control, const skad_control_client *client)
{
    skad_control_file *next;
    for (skad_control_file *file = control->files; file != NULL; file = next) {
        next = file->next;
        if (client == NULL || file->client == client) {
            (void)(file->upload ? skad_control_upload_go_on(file)
                                : skad_control_download_go_on(file));
        }
    }
}
