/* Asks for what the machine that walks over the tree wants (src/host/files/file_fetch.h), up to
 * SKAD_FILE_GET_WINDOW records at once, and writes each piece to its place as it comes. */
#include "src/cli/file/file_get.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "skad/record.h"
#include "src/cli/client/text.h"
#include "src/cli/file/meter.h"
#include "src/host/files/file_fetch.h"

typedef struct asked {
    uint32_t msgid; /* 0: free */
    skad_file_part part;
} asked;

typedef struct download {
    skad_client *client;
    skad_failure *failure;
    const skad_file_get_request *request;
    int fd;
    skad_file_fetch *fetch;
    asked window[SKAD_FILE_GET_WINDOW];
    size_t in_flight;
    skad_meter meter;
    uint64_t done;    /* bytes of the file that are in their place */
    uint64_t written; /* of these, by us */
    uint64_t there;   /* the length of what an earlier run left */
} download;

static uint64_t size_of(const download *self)
{
    uint64_t size;
    (void)skad_file_fetch_size(self->fetch, &size);
    return size;
}

static skad_exit fail_too_large(download *self)
{
    char size[SKAD_TEXT_BYTES];
    char most[SKAD_TEXT_BYTES];
    skad_text_bytes(size_of(self), size);
    skad_text_bytes(self->request->bytes_max, most);
    (void)skad_fail(self->failure,
                    "the file has %s, more than %s: to fetch it nevertheless, give --max-bytes "
                    "%" PRIu64,
                    size, most, size_of(self));
    return SKAD_EXIT_FAILED;
}

/* ---- Asking ---- */

static asked *find(download *self, uint32_t msgid)
{
    size_t at = 0;
    while (at < SKAD_FILE_GET_WINDOW && self->window[at].msgid != msgid) {
        at++;
    }
    return at < SKAD_FILE_GET_WINDOW ? &self->window[at] : NULL;
}

static skad_exit ask(download *self, const skad_file_part *part)
{
    skad_control_request request = {.method = SKAD_CONTROL_GET,
                                    .id = part->key,
                                    .forward = self->request->forward,
                                    .chains = self->request->chains};
    skad_exit error = skad_client_request(self->client, &request, self->failure);
    asked *place = find(self, 0);
    SKAD_ASSERT(place != NULL); /* the machine has as many in flight, and no more */
    *place = (asked){.msgid = request.msgid, .part = *part};
    self->in_flight++;
    return error;
}

static void show_meter(download *self)
{
    const skad_meter_reading reading = {
        .done = self->done, .total = size_of(self), .moved = self->written};
    skad_meter_show(&self->meter, &reading);
}

/* Whether a piece is in its place already. */
static bool is_there(download *self, const skad_file_part *part)
{
    uint8_t piece[SKAD_PIECE_BYTES];
    skad_id key;

    if (part->level != 0 || part->size > sizeof piece || part->size > self->there ||
        part->offset > self->there - part->size) {
        return false;
    }
    ssize_t got = pread(self->fd, piece, part->size, (off_t)part->offset);
    if (got < 0 || (size_t)got != part->size) {
        return false;
    }
    skad_value_key(piece, part->size, &key);
    if (memcmp(&key, &part->key, sizeof key) != 0) {
        return false;
    }
    self->done += part->size;
    show_meter(self);
    return true;
}

static skad_exit ask_more(download *self)
{
    skad_file_part part;
    skad_exit error = SKAD_EXIT_DONE;
    while (error == SKAD_EXIT_DONE && skad_file_fetch_next(self->fetch, &part)) {
        if (is_there(self, &part)) {
            skad_file_fetch_have(self->fetch, &part);
        } else {
            error = ask(self, &part);
        }
    }
    return error;
}

/* ---- What came ---- */

static skad_exit write_data(download *self, const skad_file_bytes *bytes)
{
    const skad_span data = bytes->data;
    size_t done = 0;
    while (done < data.len) {
        ssize_t written =
            pwrite(self->fd, data.data + done, data.len - done, (off_t)(bytes->offset + done));
        if (written > 0) {
            done += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            (void)skad_fail(self->failure, "cannot write: %s",
                            strerror(written == 0 ? ENOSPC : errno));
            return SKAD_EXIT_FAILED;
        }
    }
    self->written += data.len;
    self->done += data.len;
    show_meter(self);
    return SKAD_EXIT_DONE;
}

static skad_exit fail_wrong(download *self, const skad_file_part *part)
{
    char text[SKAD_ID_TEXT_BYTES];
    skad_id_format(&part->key, text);
    (void)skad_fail(self->failure, "the record %s is not what a file has there", text);
    return SKAD_EXIT_FAILED;
}

static skad_exit take(download *self, const skad_file_part *part, skad_span value)
{
    skad_file_bytes bytes;
    switch (skad_file_fetch_took(self->fetch, part, value, &bytes)) {
    case SKAD_FILE_TAKEN:
        break;
    case SKAD_FILE_NO_FILE:
        (void)skad_fail(self->failure, "there is a record of this key, but it is not a file");
        return SKAD_EXIT_FAILED;
    case SKAD_FILE_WRONG:
        return fail_wrong(self, part);
    }
    return size_of(self) > self->request->bytes_max ? fail_too_large(self)
                                                    : write_data(self, &bytes);
}

static skad_exit fail_missing(download *self, const skad_file_part *part, const skad_reply *reply)
{
    char text[SKAD_ID_TEXT_BYTES];
    skad_id_format(&part->key, text);
    (void)skad_fail(self->failure, "%s: %s", text, reply->message);
    return reply->error;
}

static skad_exit await_one(download *self)
{
    skad_reply reply;
    skad_exit error = skad_client_await(self->client, &reply, self->failure);
    if (error != SKAD_EXIT_DONE) {
        return error;
    }
    asked *one = find(self, reply.msgid);
    if (one == NULL || reply.msgid == 0) {
        (void)skad_fail(self->failure, "the daemon answered what was not asked");
        return SKAD_EXIT_FAILED;
    }
    const skad_file_part part = one->part;
    one->msgid = 0;
    self->in_flight--;
    return reply.error != SKAD_EXIT_DONE
               ? fail_missing(self, &part, &reply)
               : take(self, &part, skad_answer_bytes(reply.result, "value"));
}

/* Cuts the file to its size: bytes beyond belong to another file. */
static skad_exit cut(download *self)
{
    const uint64_t size = size_of(self);
    SKAD_ASSERT(self->done == size);
    if (self->there <= size || ftruncate(self->fd, (off_t)size) == 0) {
        return SKAD_EXIT_DONE;
    }
    (void)skad_fail(self->failure, "cannot write: %s", strerror(errno));
    return SKAD_EXIT_FAILED;
}

static skad_exit fetch(download *self)
{
    skad_exit error = ask_more(self);
    while (error == SKAD_EXIT_DONE && self->in_flight > 0) {
        error = await_one(self);
        if (error == SKAD_EXIT_DONE) {
            error = ask_more(self);
        }
    }
    return error == SKAD_EXIT_DONE ? cut(self) : error;
}

skad_exit skad_file_get(skad_client *client, const skad_file_get_request *request,
                        skad_failure *failure)
{
    struct stat info;
    const skad_file_fetch_config config = {.root = request->root,
                                           .length = UINT64_MAX,
                                           .window = SKAD_FILE_GET_WINDOW,
                                           .ahead = SKAD_FILE_GET_AHEAD};
    download self = {.client = client, .failure = failure, .request = request, .fd = request->fd};
    if (skad_file_fetch_new(&config, &self.fetch) != SKAD_OK) {
        (void)skad_fail(failure, "out of memory");
        return SKAD_EXIT_FAILED;
    }
    self.there = fstat(request->fd, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
    skad_meter_begin(&self.meter, "fetched");
    skad_exit error = fetch(&self);
    skad_meter_end(&self.meter);
    skad_file_fetch_free(self.fetch);
    return error;
}
