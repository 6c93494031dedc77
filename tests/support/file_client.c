#include "tests/support/file_client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/address.h"
#include "proto/control.h"

#define PATIENCE_S 30.0

void test_file_client_open(test_control *control, test_file_client *out)
{
    memset(out, 0, sizeof *out);
    out->control = control;
    out->fd = test_control_dial(control);
    out->in = malloc(TEST_FILE_CLIENT_BYTES);
    assert_non_null(out->in);
}

void test_file_client_close(test_file_client *self)
{
    close(self->fd);
    free(self->in);
}

/* ---- Messages ---- */

static void receive(test_file_client *self)
{
    const double given_up = ev_time() + PATIENCE_S;
    memmove(self->in, self->in + self->at, self->len - self->at);
    self->len -= self->at;
    self->at = 0;
    for (;;) {
        const ssize_t got =
            recv(self->fd, self->in + self->len, TEST_FILE_CLIENT_BYTES - self->len, MSG_DONTWAIT);
        if (got > 0) {
            self->len += (size_t)got;
            return;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR) || ev_time() > given_up) {
            fail_msg("no message comes");
        }
        ev_run(self->control->loop, EVRUN_NOWAIT);
    }
}

void test_file_client_next(test_file_client *self, test_file_message *out)
{
    size_t count = 0;
    size_t consumed = 0;
    const size_t items_max = sizeof self->items / sizeof self->items[0];
    while (self->at == self->len ||
           skad_cut(self->in + self->at, self->len - self->at, SKAD_CUT_LENIENT, self->items,
                    items_max, &count, &consumed) != SKAD_CUT_OK) {
        receive(self);
    }
    self->at += consumed;
    const skad_answer whole = {self->items, self->items + count};
    memset(out, 0, sizeof *out);
    if (skad_answer_at(whole, 0).item->u.number == 1) {
        out->msgid = skad_answer_at(whole, 1).item->u.number;
        out->error = skad_answer_at(whole, 2);
        out->value = skad_answer_at(whole, 3);
        return;
    }
    skad_answer_line(skad_answer_at(whole, 1), out->name, sizeof out->name);
    const skad_answer params = skad_answer_at(whole, 2);
    out->msgid = skad_answer_at(params, 0).item->u.number;
    out->value = skad_answer_at(params, 1);
    if (out->value.item->type == SKAD_ITEM_BIN) {
        out->chunk = (skad_span){out->value.item->u.data, out->value.item->count};
    }
}

static void send_all(test_file_client *self, const skad_writer *writer)
{
    assert_false(writer->overflow);
    for (size_t at = 0; at < writer->len;) {
        const ssize_t sent =
            send(self->fd, writer->data + at, writer->len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            at += (size_t)sent;
        } else {
            assert_int_equal(errno, EAGAIN);
            ev_run(self->control->loop, EVRUN_NOWAIT);
        }
    }
}

void test_file_client_begin_put(test_file_client *self, uint32_t msgid, uint64_t size)
{
    uint8_t bytes[512];
    skad_writer writer = test_control_request(bytes, msgid, "put_file", 1);
    if (size == UINT64_MAX) {
        skad_write_nil(&writer);
    } else {
        skad_write_uint(&writer, size);
    }
    send_all(self, &writer);
}

void test_file_client_chunk(test_file_client *self, uint32_t msgid, const uint8_t *data, size_t len)
{
    uint8_t bytes[4200];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_chunk(&writer, msgid, (skad_span){data, len});
    send_all(self, &writer);
}

void test_file_client_begin_get(test_file_client *self, uint32_t msgid, const skad_id *key)
{
    uint8_t bytes[512];
    skad_writer writer = test_control_request(bytes, msgid, "get_file", 1);
    skad_write_bin(&writer, key->bytes, sizeof key->bytes);
    send_all(self, &writer);
}

void test_file_client_ack(test_file_client *self, uint32_t msgid, uint64_t taken)
{
    uint8_t bytes[64];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_ack(&writer, msgid, taken);
    send_all(self, &writer);
}

/* ---- Files ---- */

void test_file_client_put(test_file_client *self, uint32_t msgid, const uint8_t *data, size_t len,
                          bool known, skad_id *key)
{
    test_file_message message;
    uint64_t may = 0;
    size_t sent = 0;
    bool ended = known;
    test_file_client_begin_put(self, msgid, known ? len : UINT64_MAX);
    for (;;) {
        test_file_client_next(self, &message);
        if (message.name[0] == 0) {
            break;
        }
        assert_string_equal(message.name, "progress");
        may =
            skad_answer_uint(message.value, "received") + skad_answer_uint(message.value, "window");
        while (sent < len && sent < may) {
            const size_t some = len - sent < 3999 ? len - sent : 3999;
            const size_t most = (size_t)(may - sent);
            test_file_client_chunk(self, msgid, data + sent, some < most ? some : most);
            sent += some < most ? some : most;
        }
        if (sent == len && !ended) {
            test_file_client_chunk(self, msgid, data, 0);
            ended = true;
        }
    }
    char text[SKAD_ID_TEXT_BYTES];
    assert_int_equal(message.msgid, msgid);
    assert_int_equal(message.error.item->type, SKAD_ITEM_NIL);
    assert_int_equal(skad_answer_uint(message.value, "bytes"), len);
    skad_answer_line(skad_answer_get(message.value, "key"), text, sizeof text);
    assert_true(skad_id_parse(text, key));
}

size_t test_file_client_get(test_file_client *self, uint32_t msgid, const skad_id *key,
                            uint8_t *out, size_t max)
{
    test_file_message message;
    size_t came = 0;
    test_file_client_begin_get(self, msgid, key);
    for (;;) {
        test_file_client_next(self, &message);
        if (message.name[0] == 0) {
            assert_int_equal(message.error.item->type, SKAD_ITEM_NIL);
            return came;
        }
        if (strcmp(message.name, "chunk") == 0) {
            assert_true(came + message.chunk.len <= max);
            memcpy(out + came, message.chunk.data, message.chunk.len);
            came += message.chunk.len;
            test_file_client_ack(self, msgid, came);
        }
    }
}
