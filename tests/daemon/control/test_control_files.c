/* Files at the control socket of a daemon, with clients that keep to the rules and others. The node
 * is alone, and so it is itself the only holder. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/control/control_files.h"
#include "tests/support/control.h"
#include "tests/support/file_client.h"
#include "tests/support/file_records.h"

/* While it is, the node has no room for a put. */
static bool full;

skad_status __real_skad_node_put(skad_node *node, const uint8_t *value, size_t len, skad_time now,
                                 skad_op *op, skad_id *key);
skad_status __wrap_skad_node_put(skad_node *node, const uint8_t *value, size_t len, skad_time now,
                                 skad_op *op, skad_id *key);

skad_status __wrap_skad_node_put(skad_node *node, const uint8_t *value, size_t len, skad_time now,
                                 skad_op *op, skad_id *key)
{
    return full ? SKAD_ERR_FULL : __real_skad_node_put(node, value, len, now, op, key);
}

/* How many gets to come report that a node which may have the record did not answer. */
static unsigned unsure;

bool __real_skad_node_poll_event(skad_node *node, skad_event *out);
bool __wrap_skad_node_poll_event(skad_node *node, skad_event *out);

bool __wrap_skad_node_poll_event(skad_node *node, skad_event *out)
{
    const bool polled = __real_skad_node_poll_event(node, out);
    if (polled && out->kind == SKAD_EVENT_GET && unsure > 0) {
        out->outcome = SKAD_OUTCOME_TIMED_OUT;
        unsure--;
    }
    return polled;
}

static void a_file_comes_back_as_it_was(void **state)
{
    test_control *self = *state;
    static const size_t sizes[] = {0, 1, 992, 993, 4000, 64000, 65537, 1234567};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *data = test_file_bytes(sizes[i]);
        skad_id key;
        test_file_client client;
        test_file_client_open(self, &client);
        const bool known = i % 2 == 0;
        test_file_client_put(&client, 7, data, sizes[i], known, &key);
        uint8_t *copy = malloc(sizes[i] + 1);
        assert_int_equal(test_file_client_get(&client, 8, &key, copy, sizes[i]), sizes[i]);
        assert_memory_equal(copy, data, sizes[i]);
        free(copy);
        free(data);
        test_file_client_close(&client);
        assert_int_equal(test_control_status(self, "operations"), 0);
    }
}

/* ---- Clients that break the rules ---- */

/* Begins an upload of this size, UINT64_MAX: unknown, and waits for the first window. */
static void begin_upload(test_file_client *client, uint32_t msgid, uint64_t size)
{
    test_file_message message;
    test_file_client_begin_put(client, msgid, size);
    test_file_client_next(client, &message);
    assert_string_equal(message.name, "progress");
    assert_int_equal(skad_answer_uint(message.value, "received"), 0);
    assert_int_equal(skad_answer_uint(message.value, "window"), SKAD_CONTROL_FILE_WINDOW);
}

/* The request ends with an error, whatever is told of it before. */
static void expect_end(test_file_client *client, uint32_t msgid, const char *code)
{
    test_file_message message;
    do {
        test_file_client_next(client, &message);
    } while (message.name[0] != 0);
    assert_int_equal(message.msgid, msgid);
    skad_span text = skad_answer_bytes(message.error, "code");
    assert_int_equal(text.len, strlen(code));
    assert_memory_equal(text.data, code, text.len);
}

static void what_breaks_the_rules_of_an_upload_ends_it(void **state)
{
    test_control *self = *state;
    static uint8_t bytes[4096];
    static const struct {
        const char *label;
        uint64_t size;
        size_t chunks[3];
    } cases[] = {
        {"a chunk that is too long", 100000, {4001}},
        {"more than the size", 5000, {4000, 1001}},
        {"a chunk after the end", UINT64_MAX, {0, 1}},
    };
    test_file_client client;
    test_file_client_open(self, &client);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_upload(&client, (uint32_t)i, cases[i].size);
        if (cases[i].chunks[0] == 0) {
            /* Both in one turn: a file that has ended is stored at once. */
            test_file_client_chunk(&client, (uint32_t)i, bytes, 1000);
        }
        for (size_t c = 0; c < 3 && (c == 0 || cases[i].chunks[c] > 0); c++) {
            test_file_client_chunk(&client, (uint32_t)i, bytes, cases[i].chunks[c]);
        }
        expect_end(&client, (uint32_t)i, "input");
    }
    test_control_expect_healthy(self);
    test_file_client_close(&client);
}

/* All of a file at once, without waiting for progress. A node that is alone takes it as it comes,
 * so its operations are held up by others. */
static void more_than_the_window_ends_an_upload(void **state)
{
    test_control *self = *state;
    static uint8_t bytes[4000];
    test_file_client client;
    test_file_client_open(self, &client);
    begin_upload(&client, 1, UINT64_MAX);
    skad_control_file *file = self->daemon->control->files;
    file->waiting_len = SKAD_CONTROL_FILE_WINDOW - 3999; /* as if the machine took nothing */
    test_file_client_chunk(&client, 1, bytes, 4000);
    expect_end(&client, 1, "input");
    test_file_client_close(&client);
}

static void acknowledging_what_was_not_sent_ends_a_download(void **state)
{
    test_control *self = *state;
    uint8_t *data = test_file_bytes(200000);
    skad_id key;
    test_file_client client;
    test_file_client_open(self, &client);
    test_file_client_put(&client, 1, data, 200000, true, &key);
    test_file_client_begin_get(&client, 2, &key);
    test_file_client_ack(&client, 2, 200000);
    expect_end(&client, 2, "input");
    test_file_client_close(&client);
    free(data);
}

static void notices_of_no_file_are_ignored(void **state)
{
    test_control *self = *state;
    test_file_client client;
    test_file_client_open(self, &client);
    test_file_client_chunk(&client, 99, (const uint8_t *)"x", 1);
    test_file_client_ack(&client, 99, 5);
    begin_upload(&client, 1, 10);
    test_file_client_ack(&client, 1, 5); /* it is no download */
    test_control_expect_healthy(self);
    assert_int_equal(self->daemon->control->files_count, 1);
    test_file_client_close(&client);
}

/* ---- Pace ---- */

static void next_but_progress(test_file_client *client, test_file_message *out)
{
    do {
        test_file_client_next(client, out);
    } while (strcmp(out->name, "progress") == 0);
}

/* A client that acknowledges nothing is sent a window and no more, and can ask for other things. */
static void a_reader_that_acknowledges_nothing_is_sent_a_window(void **state)
{
    test_control *self = *state;
    uint8_t *data = test_file_bytes(300000);
    skad_id key;
    test_file_message message;
    test_file_client client;
    size_t came = 0;
    test_file_client_open(self, &client);
    test_file_client_put(&client, 1, data, 300000, true, &key);
    test_file_client_begin_get(&client, 2, &key);
    while (came < SKAD_CONTROL_FILE_WINDOW) {
        test_file_client_next(&client, &message);
        came += strcmp(message.name, "chunk") == 0 ? message.chunk.len : 0;
    }
    assert_int_equal(came, SKAD_CONTROL_FILE_WINDOW);
    test_control_send_number(client.fd, 3, "abort", 99);
    next_but_progress(&client, &message);
    assert_int_equal(message.msgid, 3); /* and no chunk before it */
    test_file_client_ack(&client, 2, 1000);
    next_but_progress(&client, &message);
    assert_int_equal(message.chunk.len, 1000);
    test_file_client_close(&client);
    free(data);
}

static void other_requests_are_answered_while_files_are_under_way(void **state)
{
    test_control *self = *state;
    test_file_client client;
    test_file_client_open(self, &client);
    for (uint32_t i = 0; i < SKAD_CONTROL_CLIENT_FILES_MAX; i++) {
        begin_upload(&client, i, 9000);
    }
    test_control_send_number(client.fd, 77, "unwatch", 5);
    test_file_message message;
    test_file_client_next(&client, &message);
    assert_int_equal(message.msgid, 77);
    test_file_client_close(&client);
}

/* Two clients with 64 operations each, and files of four more: more than the node has room for. All
 * of them end, whichever has to wait. */
static void files_and_operations_share_the_room_of_the_node(void **state)
{
    test_control *self = *state;
    static const size_t size = 60000;
    uint8_t *data = test_file_bytes(4 * size);
    test_file_client clients[4];
    int fds[2] = {test_control_dial(self), test_control_dial(self)};
    skad_answer answer;
    for (uint64_t i = 0; i < 64; i++) {
        for (size_t c = 0; c < 2; c++) {
            uint8_t bytes[512];
            skad_writer writer = test_control_request(bytes, i, "get", 1);
            skad_write_bin(&writer, data + 32 * i, SKAD_ID_BYTES);
            test_control_send_request(fds[c], &writer);
        }
    }
    for (size_t c = 0; c < 4; c++) {
        test_file_client_open(self, &clients[c]);
        test_file_client_begin_put(&clients[c], 1, size);
        for (size_t at = 0; at < size; at += 4000) {
            test_file_client_chunk(&clients[c], 1, data + c * size + at, 4000);
        }
    }
    for (size_t c = 0; c < 4; c++) {
        test_file_message message;
        do {
            test_file_client_next(&clients[c], &message);
        } while (message.name[0] != 0);
        assert_int_equal(skad_answer_uint(message.value, "bytes"), size);
        test_file_client_close(&clients[c]);
    }
    for (size_t c = 0; c < 2; c++) {
        assert_int_equal(test_control_read(self, fds[c], 64, &answer), 64);
        close(fds[c]);
    }
    free(data);
}

/* Nothing else is under way whose end would wake the file. */
static void a_file_that_found_no_room_tries_again_in_a_later_turn(void **state)
{
    test_control *self = *state;
    test_file_message message;
    test_file_client client;
    test_file_client_open(self, &client);
    full = true;
    begin_upload(&client, 1, 5);
    test_file_client_chunk(&client, 1, (const uint8_t *)"hello", 5);
    for (int i = 0; i < 10; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_int_equal(self->daemon->control->files_count, 1);
    full = false;
    do {
        test_file_client_next(&client, &message);
    } while (message.name[0] != 0);
    assert_int_equal(skad_answer_uint(message.value, "pieces"), 1);
    test_file_client_close(&client);
}

/* With more files each has a smaller share of their operations. */
static void files_have_equal_shares(void **state)
{
    test_control *self = *state;
    test_file_client client;
    test_file_client_open(self, &client);
    for (uint32_t i = 0; i < SKAD_CONTROL_CLIENT_FILES_MAX; i++) {
        begin_upload(&client, i, 9000);
        assert_int_equal(skad_control_file_share(self->daemon->control),
                         SKAD_CONTROL_FILE_OPERATIONS / (i + 1));
    }
    test_file_client_close(&client);
}

/* ---- Bounds ---- */

static void one_file_too_many_is_refused(void **state)
{
    test_control *self = *state;
    test_file_client clients[3];
    for (size_t c = 0; c < 3; c++) {
        test_file_client_open(self, &clients[c]);
        for (uint32_t i = 0; c < 2 && i < SKAD_CONTROL_CLIENT_FILES_MAX; i++) {
            begin_upload(&clients[c], i, 9000);
        }
    }
    test_file_client_begin_put(&clients[0], 9, 1);
    expect_end(&clients[0], 9, "busy");
    test_file_client_begin_put(&clients[2], 9, 1); /* of all clients */
    expect_end(&clients[2], 9, "busy");
    test_control_send_number(clients[1].fd, 10, "abort", 0);
    expect_end(&clients[1], 0, "aborted");
    begin_upload(&clients[2], 10, 1);
    for (size_t c = 0; c < 3; c++) {
        test_file_client_close(&clients[c]);
    }
    test_control_expect_healthy(self);
    assert_int_equal(self->daemon->control->files_count, 0);
}

/* ---- Ends ---- */

static void a_client_that_leaves_takes_its_files_along(void **state)
{
    test_control *self = *state;
    static uint8_t bytes[4000];
    test_file_client client;
    test_file_client_open(self, &client);
    begin_upload(&client, 1, 100000);
    test_file_client_chunk(&client, 1, bytes, 4000);
    for (int i = 0; i < 3; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    test_file_client_close(&client);
    test_control_expect_healthy(self);
    assert_int_equal(test_control_status(self, "operations"), 0);
    assert_int_equal(self->daemon->control->files_count, 0);
    assert_int_equal(self->daemon->control->file_ops_count, 0);
}

static void half_a_farewell_ends_what_is_not_complete(void **state)
{
    test_control *self = *state;
    static uint8_t bytes[4000];
    test_file_client client;
    test_file_client_open(self, &client);
    begin_upload(&client, 1, 100000);
    test_file_client_chunk(&client, 1, bytes, 4000);
    shutdown(client.fd, SHUT_WR);
    expect_end(&client, 1, "aborted");
    test_file_client_close(&client);
}

static void half_a_farewell_after_the_last_chunk_is_none(void **state)
{
    test_control *self = *state;
    uint8_t *data = test_file_bytes(30000);
    test_file_message message;
    test_file_client client;
    test_file_client_open(self, &client);
    begin_upload(&client, 1, 30000);
    full = true; /* nothing is stored before the farewell is heard */
    for (size_t at = 0; at < 30000; at += 3000) {
        test_file_client_chunk(&client, 1, data + at, 3000);
    }
    shutdown(client.fd, SHUT_WR);
    const skad_control_client *served = self->daemon->control->files->client;
    for (int i = 0; i < 1000 && !served->buffers.ended; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_true(served->buffers.ended);
    full = false;
    do {
        test_file_client_next(&client, &message);
    } while (message.name[0] != 0);
    assert_int_equal(skad_answer_uint(message.value, "bytes"), 30000);
    test_file_client_close(&client);
    free(data);
}

/* ---- What is missing ---- */

static void a_piece_that_is_missing_is_named(void **state)
{
    test_control *self = *state;
    uint8_t *data = test_file_bytes(50000);
    skad_id piece;
    skad_id key;
    test_file_message message;
    test_file_client client;
    test_file_client_open(self, &client);
    test_file_client_put(&client, 1, data, 50000, true, &key);
    skad_value_key(data + 42000, 1000, &piece);
    const skad_store *store = &self->daemon->driver.store;
    const skad_store_name name = {.key = piece, .type = SKAD_RECORD_IMMUTABLE};
    assert_int_equal(store->ops->drop(store->self, SKAD_STORE_REPLICAS, &name), SKAD_OK);
    test_file_client_begin_get(&client, 2, &key);
    do {
        test_file_client_next(&client, &message);
    } while (message.name[0] != 0);
    char text[SKAD_ID_TEXT_BYTES];
    skad_id_format(&piece, text);
    skad_span named = skad_answer_bytes(message.error, "piece");
    assert_int_equal(named.len, 64);
    assert_memory_equal(named.data, text, 64);
    test_file_client_close(&client);
    free(data);
}

/* All records of this file are its root. */
static void a_record_that_timed_out_is_asked_for_three_times(void **state)
{
    test_control *self = *state;
    uint8_t copy[8];
    skad_id key;
    test_file_client client;
    test_file_client_open(self, &client);
    test_file_client_put(&client, 1, (const uint8_t *)"hello", 5, true, &key);
    unsure = 2;
    assert_int_equal(test_file_client_get(&client, 2, &key, copy, sizeof copy), 5);
    assert_int_equal(unsure, 0);
    unsure = 3;
    test_file_client_begin_get(&client, 3, &key);
    expect_end(&client, 3, "timed_out");
    assert_int_equal(unsure, 0);
    test_file_client_close(&client);
}

#define AT_DAEMON(test) cmocka_unit_test_setup_teardown(test, test_control_begin, test_control_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DAEMON(a_file_comes_back_as_it_was),
        AT_DAEMON(what_breaks_the_rules_of_an_upload_ends_it),
        AT_DAEMON(more_than_the_window_ends_an_upload),
        AT_DAEMON(acknowledging_what_was_not_sent_ends_a_download),
        AT_DAEMON(notices_of_no_file_are_ignored),
        AT_DAEMON(a_reader_that_acknowledges_nothing_is_sent_a_window),
        AT_DAEMON(other_requests_are_answered_while_files_are_under_way),
        AT_DAEMON(files_and_operations_share_the_room_of_the_node),
        AT_DAEMON(a_file_that_found_no_room_tries_again_in_a_later_turn),
        AT_DAEMON(files_have_equal_shares),
        AT_DAEMON(one_file_too_many_is_refused),
        AT_DAEMON(a_client_that_leaves_takes_its_files_along),
        AT_DAEMON(half_a_farewell_ends_what_is_not_complete),
        AT_DAEMON(half_a_farewell_after_the_last_chunk_is_none),
        AT_DAEMON(a_piece_that_is_missing_is_named),
        AT_DAEMON(a_record_that_timed_out_is_asked_for_three_times),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
