#include "tests/support/fake_daemon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/message.h"
#include "skad/record.h"

#define RECORDS_MAX 4096
#define BURST       8 /* answers are held back and given in reverse, up to so many */

void test_fake_init(test_fake_daemon *self)
{
    *self = (test_fake_daemon){.take_at_most = SIZE_MAX, .give_at_most = SIZE_MAX};
    self->records = calloc(RECORDS_MAX, sizeof *self->records);
    assert_non_null(self->records);
}

void test_fake_free(test_fake_daemon *self)
{
    free(self->records);
}

test_fake_record *test_fake_find(const test_fake_daemon *self, const skad_id *key)
{
    for (size_t i = 0; i < self->records_count; i++) {
        if (memcmp(&self->records[i].key, key, sizeof *key) == 0) {
            return &self->records[i];
        }
    }
    return NULL;
}

void test_fake_keep(test_fake_daemon *self, skad_span value)
{
    skad_id key;
    self->puts++;
    skad_value_key(value.data, value.len, &key);
    if (test_fake_find(self, &key) == NULL && self->records_count < RECORDS_MAX) {
        test_fake_record *record = &self->records[self->records_count++];
        record->key = key;
        record->len = value.len;
        record->withdrawn = false;
        memcpy(record->value, value.data, value.len);
    }
}

static void write_field(skad_writer *writer, const char *key, uint64_t value)
{
    skad_write_str(writer, key);
    skad_write_uint(writer, value);
}

static void answer_put(test_fake_daemon *self, const skad_control_request *request,
                       skad_writer *writer)
{
    bool poor = ++self->answered == self->poor;
    if (self->answered > self->take_at_most) {
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_REFUSED,
                                 "all 5 holders refused: 5 full (no room left)");
        return;
    }
    skad_control_write_result(writer, request->msgid);
    skad_write_map(writer, 7);
    write_field(writer, "holders", 5);
    write_field(writer, "stored", poor ? 2 : 4);
    write_field(writer, "refused", poor ? 2 : 1);
    write_field(writer, "silent", poor ? 1 : 0);
    skad_write_str(writer, "refusals");
    skad_write_map(writer, 1);
    write_field(writer, "full", poor ? 2 : 1);
    skad_write_str(writer, "kept");
    skad_write_bool(writer, request->keep);
    skad_write_str(writer, "dense");
    skad_write_bool(writer, poor);
}

static void answer_withdraw(test_fake_daemon *self, const skad_control_request *request,
                            skad_writer *writer)
{
    test_fake_record *record = test_fake_find(self, &request->id);
    skad_control_write_result(writer, request->msgid);
    skad_write_map(writer, 1);
    write_field(writer, "withdrawn", record != NULL && !record->withdrawn);
    if (record != NULL) {
        record->withdrawn = true;
    }
}

static void answer_get(test_fake_daemon *self, const skad_control_request *request,
                       skad_writer *writer)
{
    const test_fake_record *record = test_fake_find(self, &request->id);
    if (++self->gets > self->give_at_most) {
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_TIMED_OUT, "asleep");
    } else if (record == NULL) {
        skad_control_write_error(writer, request->msgid, SKAD_CONTROL_ERROR_NOT_FOUND, "gone");
    } else {
        skad_control_write_result(writer, request->msgid);
        skad_write_map(writer, 1);
        skad_write_str(writer, "value");
        skad_write_bin(writer, record->value, record->len);
    }
}

static void answer(test_fake_daemon *self, const skad_control_request *request)
{
    uint8_t bytes[2048];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    if (request->method == SKAD_CONTROL_WITHDRAW) {
        answer_withdraw(self, request, &writer);
    } else if (request->method == SKAD_CONTROL_PUT) {
        answer_put(self, request, &writer);
    } else {
        answer_get(self, request, &writer);
    }
    ssize_t sent = send(self->fd, bytes, writer.len, MSG_NOSIGNAL);
    (void)sent; /* the client may have given up */
}

static void answer_backwards(test_fake_daemon *self)
{
    while (self->waiting_count > 0) {
        answer(self, &self->waiting[--self->waiting_count]);
    }
}

static void *serve(void *argument)
{
    test_fake_daemon *self = argument;
    uint8_t in[SKAD_CONTROL_REQUEST_BYTES_MAX];
    size_t len = 0;
    for (;;) {
        skad_control_request request;
        bool known = false;
        size_t consumed = 0;
        if (skad_control_read(in, len, &request, &known, &consumed) == SKAD_CONTROL_REQUEST) {
            if (request.method == SKAD_CONTROL_PUT) {
                test_fake_keep(self, request.value);
                self->kept += request.keep;
            }
            self->waiting[self->waiting_count++] = request;
            len -= consumed;
            memmove(in, in + consumed, len);
            if (self->waiting_count == BURST) {
                answer_backwards(self);
            }
            continue;
        }
        /* Nothing more has come so far: whoever sent so much waits for us. */
        ssize_t got = recv(self->fd, in + len, sizeof in - len, MSG_DONTWAIT);
        if (got < 0) {
            answer_backwards(self);
            got = recv(self->fd, in + len, sizeof in - len, 0);
        }
        if (got <= 0) {
            return NULL;
        }
        len += (size_t)got;
    }
}

void test_fake_start(test_fake_daemon *self, int fd)
{
    self->fd = fd;
    assert_int_equal(pthread_create(&self->thread, NULL, serve, self), 0);
}

void test_fake_stop(test_fake_daemon *self)
{
    pthread_join(self->thread, NULL);
    close(self->fd);
    self->waiting_count = 0;
}
