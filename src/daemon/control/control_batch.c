/* Batches: several requests in one, and one response when all are answered.
 *
 *   kept --begun, as far as there is room--> answered one by one --all--> one response --> gone
 *
 * The batch keeps the bytes of its request, because the client's buffer moves on, and the responses
 * to its requests until the last of them has come. Together they must fit one response. */
#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"
#include "src/daemon/control/control_inside.h"
#include "src/daemon/control/results.h"

/* [1, 0, error, result]: what is kept begins behind the msgid, which is 0. */
#define RESPONSE_HEAD 3
/* Room for the errors that take the place of what does not fit, and the head of the response. */
#define RESERVED (SKAD_CONTROL_BATCH_MAX * 256)
#define KEPT_MAX (SKAD_CONTROL_RESPONSE_BYTES_MAX - RESERVED)

typedef struct kept {
    bool answered;
    uint8_t *data; /* error and result; NULL: they do not fit, or there was no memory */
    size_t len;
} kept;

struct skad_control_batch {
    skad_control_batch *next;
    skad_control_client *client;
    uint32_t msgid;
    size_t count;
    size_t begun;
    size_t answered;
    size_t bytes; /* kept */
    kept kept[SKAD_CONTROL_BATCH_MAX];
    size_t request_len;
    uint8_t request[SKAD_CONTROL_REQUEST_BYTES_MAX];
};

void skad_control_batch_keep(skad_control_batch *batch, size_t slot, const skad_writer *writer)
{
    kept *one = &batch->kept[slot];
    SKAD_ASSERT(!one->answered && writer->len > RESPONSE_HEAD);
    const size_t len = writer->len - RESPONSE_HEAD;
    one->answered = true;
    batch->answered++;
    one->data = batch->bytes + len <= KEPT_MAX ? malloc(len) : NULL;
    if (one->data != NULL) {
        memcpy(one->data, writer->data + RESPONSE_HEAD, len);
        one->len = len;
        batch->bytes += len;
    }
}

/* ---- Beginning ---- */

static bool may_be_batched(skad_control_method method)
{
    const skad_method_manner manner = skad_method_manner_of(method);
    return manner == SKAD_METHOD_AT_ONCE || manner == SKAD_METHOD_OPERATION;
}

/* False when the next request has to wait. */
static bool begin_next(skad_control_batch *batch)
{
    skad_control *control = batch->client->control;
    skad_control_request request;
    const skad_control_cut cut = skad_control_read_batched(
        (skad_span){batch->request, batch->request_len}, batch->begun, &request);
    const skad_pending_call call = {
        .client = batch->client,
        .method = request.method,
        .started_us = control->config.now->mono_us,
        .sequence = request.sequence,
        .batch = batch,
        .slot = (uint8_t)batch->begun,
    };
    if (cut == SKAD_CONTROL_NO_METHOD) {
        skad_control_refuse_because(&call, SKAD_CONTROL_ERROR_METHOD, "there is no such method");
    } else if (cut != SKAD_CONTROL_REQUEST) {
        skad_writer writer = skad_control_begin(control);
        skad_method_refuse_params(&request, &writer);
        skad_control_respond(&call, &writer);
    } else if (!may_be_batched(request.method)) {
        skad_control_refuse_because(&call, SKAD_CONTROL_ERROR_INPUT,
                                    "only what is answered at once and operations can be batched");
    } else if (!skad_control_handle(&call, &request)) {
        return false;
    }
    batch->begun++;
    return true;
}

/* ---- Ending ---- */

static void unlink_batch(skad_control_batch *batch)
{
    skad_control_batch **link = &batch->client->control->batches;
    while (*link != batch) {
        link = &(*link)->next;
    }
    *link = batch->next;
    batch->client->batches--;
}

static void free_batch(skad_control_batch *batch)
{
    unlink_batch(batch);
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->kept[i].data);
    }
    free(batch);
}

static void write_kept(const kept *one, skad_writer *writer)
{
    skad_write_array(writer, 2);
    if (one->data != NULL) {
        skad_write_raw(writer, one->data, one->len);
        return;
    }
    skad_writer error;
    uint8_t bytes[256];
    skad_writer_init(&error, bytes, sizeof bytes);
    skad_control_write_error(&error, 0, SKAD_CONTROL_ERROR_BUSY,
                             "the answers of this batch do not fit one response: ask for this "
                             "one by itself");
    skad_write_raw(writer, bytes + RESPONSE_HEAD, error.len - RESPONSE_HEAD);
}

static void respond(const skad_control_batch *batch)
{
    const skad_pending_call call = {.client = batch->client, .msgid = batch->msgid};
    skad_writer writer = skad_control_begin(batch->client->control);
    skad_control_write_result(&writer, batch->msgid);
    skad_result_map(&writer, 1);
    skad_result_key(&writer, "results");
    skad_write_array(&writer, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        write_kept(&batch->kept[i], &writer);
    }
    skad_control_respond(&call, &writer);
}

/* Begins what there is room for; answers and frees a batch that is complete. */
static void go_on(skad_control_batch *batch)
{
    while (batch->begun < batch->count && begin_next(batch)) {
    }
    if (batch->answered == batch->count) {
        respond(batch);
        free_batch(batch);
    }
}

/* ---- Life ---- */

bool skad_control_batch_start(const skad_pending_call *call, const skad_control_request *request)
{
    skad_control_client *client = call->client;
    if (client->batches == SKAD_CONTROL_CLIENT_BATCHES_MAX) {
        return false;
    }
    skad_control_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        skad_control_refuse_because(call, SKAD_CONTROL_ERROR_BUSY, "out of memory");
        return true;
    }
    SKAD_ASSERT(request->raw.len <= sizeof batch->request);
    memcpy(batch->request, request->raw.data, request->raw.len);
    batch->request_len = request->raw.len;
    batch->client = client;
    batch->msgid = call->msgid;
    batch->count = request->batch;
    batch->next = client->control->batches;
    client->control->batches = batch;
    client->batches++;
    go_on(batch);
    return true;
}

void skad_control_batch_resume(skad_control *control, skad_control_client *client)
{
    skad_control_batch *next;
    for (skad_control_batch *batch = control->batches; batch != NULL; batch = next) {
        next = batch->next;
        if (client == NULL || batch->client == client) {
            go_on(batch);
        }
    }
}

void skad_control_batch_cancel(skad_control_client *client)
{
    skad_control_batch *next;
    for (skad_control_batch *batch = client->control->batches; batch != NULL; batch = next) {
        next = batch->next;
        if (batch->client == client) {
            free_batch(batch);
        }
    }
}
