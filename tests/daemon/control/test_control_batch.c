/* Batches at the control socket of a daemon: one response for several requests. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/daemon/app/daemon_inside.h"
#include "src/daemon/control/control_inside.h"
#include "tests/support/control.h"

static const uint8_t KEY[SKAD_ID_BYTES] = {0x17, 0x23};

static void add_plain(skad_writer *writer, const char *method)
{
    skad_write_array(writer, 2);
    skad_write_str(writer, method);
    skad_write_array(writer, 0);
}

static void add_get(skad_writer *writer)
{
    skad_write_array(writer, 2);
    skad_write_str(writer, "get");
    skad_write_array(writer, 1);
    skad_write_bin(writer, KEY, sizeof KEY);
}

static void add_put(skad_writer *writer, const char *value)
{
    skad_write_array(writer, 2);
    skad_write_str(writer, "put");
    skad_write_array(writer, 1);
    skad_write_str(writer, value);
}

/* The results of the one response that comes. */
static skad_answer results_of(test_control *self, int fd, uint64_t msgid)
{
    skad_answer answer;
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(test_control_msgid(answer), msgid);
    return skad_answer_get(skad_answer_at(answer, 3), "results");
}

/* Of a result, [error, result], the code of the error; "" if it is none. */
static void expect_code(skad_answer results, size_t at, const char *code)
{
    skad_answer error = skad_answer_at(skad_answer_at(results, at), 0);
    skad_answer result = skad_answer_at(skad_answer_at(results, at), 1);
    skad_span text = skad_answer_bytes(error, "code");
    if (text.len != strlen(code) || (text.len > 0 && memcmp(text.data, code, text.len) != 0)) {
        fail_msg("result %zu: '%.*s' instead of '%s'", at, (int)text.len,
                 text.len > 0 ? (const char *)text.data : "", code);
    }
    assert_int_equal(result.item->type == SKAD_ITEM_NIL, code[0] != 0);
}

static void results_come_in_the_order_of_the_requests(void **state)
{
    test_control *self = *state;
    uint8_t bytes[512];
    int fd = test_control_dial(self);
    skad_writer writer = test_control_request(bytes, 9, "batch", 8);
    add_put(&writer, "first");
    add_plain(&writer, "health");
    add_plain(&writer, "stp");
    add_put(&writer, "");
    add_plain(&writer, "put");
    add_plain(&writer, "batch");
    add_get(&writer);
    add_plain(&writer, "hello");
    test_control_send_request(fd, &writer);

    skad_answer results = results_of(self, fd, 9);
    static const char *const codes[] = {"",       "",       "method",    "input",
                                        "params", "params", "not_found", ""};
    assert_int_equal(skad_answer_count(results), 8);
    for (size_t i = 0; i < 8; i++) {
        expect_code(results, i, codes[i]);
    }
    skad_answer put = skad_answer_at(skad_answer_at(results, 0), 1);
    assert_int_equal(skad_answer_uint(put, "stored"), 1);
    skad_answer missing = skad_answer_at(skad_answer_at(results, 4), 0);
    assert_int_equal(skad_answer_bytes(missing, "parameter").len, strlen("value"));
    close(fd);
}

static void what_stays_open_is_no_part_of_a_batch(void **state)
{
    test_control *self = *state;
    uint8_t bytes[512];
    int fd = test_control_dial(self);
    skad_writer writer = test_control_request(bytes, 9, "batch", 3);
    skad_write_array(&writer, 2);
    skad_write_str(&writer, "watch_providers");
    skad_write_array(&writer, 1);
    skad_write_bin(&writer, KEY, sizeof KEY);
    add_plain(&writer, "subscribe_events");
    add_plain(&writer, "status");
    test_control_send_request(fd, &writer);
    skad_answer results = results_of(self, fd, 9);
    expect_code(results, 0, "input");
    expect_code(results, 1, "input");
    expect_code(results, 2, "");
    close(fd);
}

static void a_batch_has_1_to_32_requests_of_two_parts(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    uint8_t bytes[512];
    int fd = test_control_dial(self);
    for (size_t count = 0; count <= 33; count += 33) {
        skad_writer writer = test_control_request(bytes, 9, "batch", count);
        for (size_t i = 0; i < count; i++) {
            add_plain(&writer, "bans");
        }
        test_control_send_request(fd, &writer);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
        test_control_expect_error(answer, "params");
    }
    skad_writer writer = test_control_request(bytes, 9, "batch", 2);
    add_plain(&writer, "bans");
    skad_write_str(&writer, "bans");
    test_control_send_request(fd, &writer);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    test_control_expect_error(answer, "params");
    assert_int_equal(skad_answer_uint(skad_answer_at(answer, 2), "index"), 1);
    close(fd);
}

static void send_gets(int fd, uint64_t msgid)
{
    static uint8_t bytes[2048];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_write_array(&writer, 4);
    skad_write_uint(&writer, 0);
    skad_write_uint(&writer, msgid);
    skad_write_str(&writer, "batch");
    skad_write_array(&writer, SKAD_CONTROL_BATCH_MAX);
    for (size_t i = 0; i < SKAD_CONTROL_BATCH_MAX; i++) {
        add_get(&writer);
    }
    test_control_send_request(fd, &writer);
}

/* 320 gets are more than a client may have under way, and ten batches more than it may have. */
static void batches_wait_for_room_and_all_are_answered(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    int fd = test_control_dial(self);
    for (uint64_t i = 0; i < 10; i++) {
        send_gets(fd, i);
    }
    assert_int_equal(test_control_read(self, fd, 10, &answer), 10);
    skad_answer results = skad_answer_get(skad_answer_at(answer, 3), "results");
    assert_int_equal(skad_answer_count(results), SKAD_CONTROL_BATCH_MAX);
    expect_code(results, SKAD_CONTROL_BATCH_MAX - 1, "not_found");
    assert_int_equal(test_control_status(self, "operations"), 0);
    close(fd);
}

static void a_fifth_batch_of_a_client_waits(void **state)
{
    test_control *self = *state;
    skad_control *control = self->daemon->control;
    skad_answer answer;
    uint8_t bytes[512];
    int fd = test_control_dial(self);
    test_control_send_number(fd, 1, "unwatch", 1);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    control->clients[0]->batches += SKAD_CONTROL_CLIENT_BATCHES_MAX;
    skad_writer writer = test_control_request(bytes, 9, "batch", 1);
    add_plain(&writer, "bans");
    test_control_send_request(fd, &writer);
    for (size_t i = 0; i < 10; i++) {
        ev_run(self->loop, EVRUN_NOWAIT);
    }
    assert_true(control->clients[0]->waiting);
    control->clients[0]->batches -= SKAD_CONTROL_CLIENT_BATCHES_MAX;
    control->ended_some = true; /* as when an operation has ended */
    assert_int_equal(skad_answer_count(results_of(self, fd, 9)), 1);
    close(fd);
}

/* A traced lookup has steps to report, but the batch keeps the one answer that it will have. */
static void steps_of_a_trace_in_a_batch_are_not_told(void **state)
{
    test_control *self = *state;
    skad_control *control = self->daemon->control;
    skad_answer answer;
    int fd = test_control_dial(self);
    test_control_send_number(fd, 1, "unwatch", 1);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    const skad_op op = UINT64_MAX; /* of no other operation */
    const skad_event step = {.kind = SKAD_EVENT_STEP, .op = op};
    uint8_t kept = 0; /* a batch that nothing may look into */
    skad_pending_call call = {.op = op,
                              .client = control->clients[0],
                              .method = SKAD_CONTROL_TRACE,
                              .batch = (struct skad_control_batch *)(void *)&kept};
    skad_pending_calls_add(&control->operations, &call);
    skad_control_step(control, &step);
    assert_int_equal(skad_connection_unsent(&control->clients[0]->buffers), 0);
    control->operations.entries[0].batch = NULL;
    skad_control_step(control, &step); /* and without a batch it is told */
    (void)skad_pending_calls_take(&control->operations, 0);
    assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    assert_int_equal(skad_answer_at(answer, 0).item->u.number, 2);
    close(fd);
}

static void a_client_that_leaves_takes_its_batches_along(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    for (uint64_t i = 0; i < 8; i++) {
        send_gets(fd, i);
    }
    ev_run(self->loop, EVRUN_NOWAIT);
    close(fd);
    test_control_expect_healthy(self);
    assert_int_equal(test_control_status(self, "operations"), 0);
}

static void a_client_that_sends_no_more_still_gets_its_answer(void **state)
{
    test_control *self = *state;
    int fd = test_control_dial(self);
    send_gets(fd, 5);
    shutdown(fd, SHUT_WR);
    assert_int_equal(skad_answer_count(results_of(self, fd, 5)), SKAD_CONTROL_BATCH_MAX);
    assert_true(test_control_hangs_up(self, fd));
    close(fd);
}

/* A page of 1024 records takes some 170 KiB, so ten of them do not fit a response. */
static void an_answer_that_does_not_fit_is_told_in_its_place(void **state)
{
    test_control *self = *state;
    skad_answer answer;
    uint8_t bytes[512];
    int fd = test_control_dial(self);
    for (unsigned i = 0; i < 1024; i++) {
        char value[16];
        (void)snprintf(value, sizeof value, "value %u", i);
        skad_writer writer = test_control_request(bytes, i, "put", 1);
        skad_write_str(&writer, value);
        test_control_send_request(fd, &writer);
        assert_int_equal(test_control_read(self, fd, 1, &answer), 1);
    }
    skad_writer writer = test_control_request(bytes, 9, "batch", 10);
    for (size_t i = 0; i < 10; i++) {
        skad_write_array(&writer, 2);
        skad_write_str(&writer, "records");
        skad_write_array(&writer, 3);
        skad_write_str(&writer, "held");
        skad_write_nil(&writer);
        skad_write_uint(&writer, 1024);
    }
    test_control_send_request(fd, &writer);
    skad_answer results = results_of(self, fd, 9);
    expect_code(results, 0, "");
    expect_code(results, 9, "busy");
    close(fd);
}

#define AT_DAEMON(test) cmocka_unit_test_setup_teardown(test, test_control_begin, test_control_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DAEMON(results_come_in_the_order_of_the_requests),
        AT_DAEMON(what_stays_open_is_no_part_of_a_batch),
        AT_DAEMON(a_batch_has_1_to_32_requests_of_two_parts),
        AT_DAEMON(batches_wait_for_room_and_all_are_answered),
        AT_DAEMON(a_fifth_batch_of_a_client_waits),
        AT_DAEMON(steps_of_a_trace_in_a_batch_are_not_told),
        AT_DAEMON(a_client_that_leaves_takes_its_batches_along),
        AT_DAEMON(a_client_that_sends_no_more_still_gets_its_answer),
        AT_DAEMON(an_answer_that_does_not_fit_is_told_in_its_place),
    };
    return cmocka_run_group_tests_name("batches", tests, NULL, NULL);
}
