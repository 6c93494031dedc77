/* Files: the machines of src/host/files, driven by steps of the host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "skad/record.h"
#include "src/host/api/host_inside.h"
#include "src/host/files/file_fetch.h"
#include "src/host/files/file_store.h"

#define READ_BYTES  65536
#define GETS_WINDOW 32
#define GETS_AHEAD  256

/* ---- Storing ---- */

/* A put that is under way. */
typedef struct sent_put {
    skad_op op; /* 0: the place is free */
    size_t bytes;
} sent_put;

typedef struct upload {
    skad_host_state *self;
    skad_file_store store;
    sent_put puts[SKAD_FILE_STORE_WINDOW];
    uint8_t data[READ_BYTES]; /* read and not taken yet */
    size_t first;
    size_t len;
    int fd;
    bool keep;
    bool over; /* the descriptor has no more */
} upload;

/* Hands bytes over while the machine takes them. */
static skad_status feed(upload *up)
{
    while (!up->over) {
        if (up->len == 0) {
            const ssize_t got = read(up->fd, up->data, sizeof up->data);
            if (got < 0) {
                return skad_host_fail(up->self, SKAD_ERR_IO, "cannot read the file: %s",
                                      strerror(errno));
            }
            up->first = 0;
            up->len = (size_t)got;
            if (got == 0) {
                up->over = true;
                skad_file_store_end(&up->store);
                break;
            }
        }
        const size_t taken = skad_file_store_take(&up->store, up->data + up->first, up->len);
        up->first += taken;
        up->len -= taken;
        if (taken == 0) {
            break;
        }
    }
    return SKAD_OK;
}

/* Starts as many puts as there is room for. */
static skad_status send_puts(upload *up)
{
    skad_file_record record;
    for (size_t i = 0; i < SKAD_FILE_STORE_WINDOW; i++) {
        if (up->puts[i].op != 0 || !skad_file_store_next(&up->store, &record)) {
            continue;
        }
        const skad_status status = skad_host_put(up->self->handle, record.value, record.len,
                                                 up->keep, &up->puts[i].op, NULL);
        if (status == SKAD_ERR_FULL) {
            up->puts[i].op = 0;
            return SKAD_OK; /* later */
        }
        if (status != SKAD_OK) {
            return status;
        }
        up->puts[i].bytes = record.bytes;
        skad_file_store_sent(&up->store);
        const skad_status fed = feed(up);
        if (fed != SKAD_OK) {
            return fed;
        }
    }
    return SKAD_OK;
}

static skad_status take_puts(upload *up)
{
    skad_event event;
    for (size_t i = 0; i < SKAD_FILE_STORE_WINDOW; i++) {
        sent_put *put = &up->puts[i];
        if (put->op == 0 || !skad_event_queue_take(&up->self->events, put->op, &event)) {
            continue;
        }
        put->op = 0;
        if (event.outcome != SKAD_OUTCOME_DONE) {
            return skad_host_fail(up->self, SKAD_ERR_IO,
                                  "no node took a piece of the file: try again later");
        }
        skad_file_store_put(&up->store, put->bytes, &event.u.put);
    }
    return SKAD_OK;
}

static bool advance_upload(void *user, skad_status *status)
{
    upload *up = user;
    *status = take_puts(up);
    *status = *status == SKAD_OK ? feed(up) : *status;
    *status = *status == SKAD_OK ? send_puts(up) : *status;
    return *status != SKAD_OK || skad_file_store_is_done(&up->store);
}

skad_status skad_host_put_file(skad_host host, int from_fd, bool keep, int timeout_ms, skad_id *key)
{
    skad_host_state *self;
    skad_status status = skad_host_enter_files(host, from_fd, &self);
    if (status != SKAD_OK) {
        return status;
    }
    upload *up = calloc(1, sizeof *up);
    if (up == NULL) {
        return skad_host_fail(self, SKAD_ERR_MEMORY, "out of memory");
    }
    up->self = self;
    up->fd = from_fd;
    up->keep = keep;
    status = skad_host_step_until(self, timeout_ms, advance_upload, up);
    if (status == SKAD_OK && key != NULL) {
        *key = up->store.root;
    }
    for (size_t i = 0; i < SKAD_FILE_STORE_WINDOW; i++) {
        if (up->puts[i].op != 0) {
            (void)skad_host_cancel(host, up->puts[i].op);
        }
    }
    free(up);
    return status;
}

/* ---- Fetching ---- */

typedef struct sent_get {
    skad_op op;
    skad_file_part part;
} sent_get;

typedef struct download {
    skad_host_state *self;
    skad_file_fetch *fetch;
    sent_get gets[GETS_WINDOW];
    int fd;
} download;

static skad_status send_gets(download *down)
{
    for (size_t i = 0; i < GETS_WINDOW; i++) {
        sent_get *get = &down->gets[i];
        if (get->op != 0 || !skad_file_fetch_next(down->fetch, &get->part)) {
            continue;
        }
        const skad_status status = skad_host_get(down->self->handle, &get->part.key, &get->op);
        if (status != SKAD_OK) {
            get->op = 0;
            skad_file_fetch_again(down->fetch, &get->part);
            return status == SKAD_ERR_FULL ? SKAD_OK : status;
        }
    }
    return SKAD_OK;
}

static skad_status take_get(download *down, const sent_get *get, const skad_event *event)
{
    skad_file_bytes bytes;
    if (event->outcome != SKAD_OUTCOME_DONE) {
        return skad_host_fail(down->self, SKAD_ERR_MISSING,
                              "the piece at byte %llu was not found: try again later",
                              (unsigned long long)get->part.offset);
    }
    switch (skad_file_fetch_took(down->fetch, &get->part,
                                 (skad_span){event->u.get.value, event->u.get.len}, &bytes)) {
    case SKAD_FILE_TAKEN:
        return SKAD_OK;
    case SKAD_FILE_NO_FILE:
        return skad_host_fail(down->self, SKAD_ERR_FORMAT,
                              "there is a value of this key, but it is not a file");
    case SKAD_FILE_WRONG:
        break;
    }
    return skad_host_fail(down->self, SKAD_ERR_FORMAT, "a record is not what a file has there");
}

static skad_status take_gets(download *down)
{
    skad_event event;
    for (size_t i = 0; i < GETS_WINDOW; i++) {
        sent_get *get = &down->gets[i];
        if (get->op == 0 || !skad_event_queue_take(&down->self->events, get->op, &event)) {
            continue;
        }
        get->op = 0;
        const skad_status status = take_get(down, get, &event);
        if (status != SKAD_OK) {
            return status;
        }
    }
    return SKAD_OK;
}

static skad_status write_ready(download *down)
{
    skad_span ready;
    while ((ready = skad_file_fetch_ready(down->fetch, READ_BYTES)).len > 0) {
        const ssize_t written = write(down->fd, ready.data, ready.len);
        if (written <= 0) {
            return skad_host_fail(down->self, SKAD_ERR_IO, "cannot write the file: %s",
                                  strerror(errno));
        }
        skad_file_fetch_gave(down->fetch, (size_t)written);
    }
    return SKAD_OK;
}

static bool advance_download(void *user, skad_status *status)
{
    download *down = user;
    *status = take_gets(down);
    *status = *status == SKAD_OK ? write_ready(down) : *status;
    *status = *status == SKAD_OK ? send_gets(down) : *status;
    return *status != SKAD_OK || skad_file_fetch_is_done(down->fetch);
}

skad_status skad_host_get_file(skad_host host, const skad_id *key, int to_fd, int timeout_ms,
                               uint64_t *bytes)
{
    skad_host_state *self;
    skad_status status = skad_host_enter_files(host, to_fd, &self);
    if (status != SKAD_OK) {
        return status;
    }
    if (key == NULL) {
        return skad_host_fail(self, SKAD_ERR_INPUT, "key: NULL");
    }
    const skad_file_fetch_config config = {
        .root = *key,
        .length = UINT64_MAX,
        .window = GETS_WINDOW,
        .ahead = GETS_AHEAD,
        .in_order = true,
    };
    download *down = calloc(1, sizeof *down);
    if (down == NULL || skad_file_fetch_new(&config, &down->fetch) != SKAD_OK) {
        free(down);
        return skad_host_fail(self, SKAD_ERR_MEMORY, "out of memory");
    }
    down->self = self;
    down->fd = to_fd;
    status = skad_host_step_until(self, timeout_ms, advance_download, down);
    if (bytes != NULL) {
        *bytes = skad_file_fetch_given(down->fetch);
    }
    for (size_t i = 0; i < GETS_WINDOW; i++) {
        if (down->gets[i].op != 0) {
            (void)skad_host_cancel(host, down->gets[i].op);
        }
    }
    skad_file_fetch_free(down->fetch);
    free(down);
    return status;
}
