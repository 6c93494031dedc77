/* The connection to a daemon, which this test is: answers, notices, ends, and a daemon that is
 * gone, older, newer, silent, or none at all. Time is virtual. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/gateway/link/link.h"

static skad_link tested;
static int daemon_fd; /* our end; -1: no connection is made */
static bool refuses;
static uint8_t read_bytes[1 << 16];
static size_t read_len;

static unsigned notices;
static unsigned ends;
static skad_web_error last_error;
static uint64_t last_number;

static int connect_to_us(void *user)
{
    int pair[2];
    (void)user;
    if (refuses) {
        return -1;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    daemon_fd = pair[1];
    read_len = 0;
    return pair[0];
}

static void on_notice(void *user, skad_span kind, skad_answer value)
{
    assert_ptr_equal(user, &notices);
    assert_memory_equal(kind.data, "step", kind.len);
    last_number = value.item->u.number;
    notices++;
}

static void on_done(void *user, const skad_web_error *error, skad_answer result)
{
    assert_ptr_equal(user, &notices);
    ends++;
    if (error != NULL) {
        last_error = *error;
    } else {
        last_number = result.item->u.number;
    }
}

static const skad_link_hooks hooks = {on_notice, on_done, &notices};

static int open_link(void **state)
{
    (void)state;
    memset(&tested, 0, sizeof tested);
    memset(&last_error, 0, sizeof last_error);
    tested.connect = connect_to_us;
    tested.path = "/run/node.sock";
    refuses = false;
    daemon_fd = -1;
    notices = 0;
    ends = 0;
    return skad_link_init(&tested) ? 0 : -1;
}

static int close_link(void **state)
{
    (void)state;
    skad_link_free(&tested);
    if (daemon_fd >= 0) {
        close(daemon_fd);
    }
    return 0;
}

/* What the link sent: the next request. */
static skad_control_request next_request(void)
{
    skad_control_request request;
    bool known;
    size_t consumed = 0;
    const ssize_t got =
        recv(daemon_fd, read_bytes + read_len, sizeof read_bytes - read_len, MSG_DONTWAIT);
    read_len += got > 0 ? (size_t)got : 0;
    const skad_control_cut cut =
        skad_control_read(read_bytes, read_len, &request, &known, &consumed);
    assert_true(cut == SKAD_CONTROL_REQUEST || cut == SKAD_CONTROL_CHUNK ||
                cut == SKAD_CONTROL_ACK);
    read_len -= consumed;
    memmove(read_bytes, read_bytes + consumed, read_len);
    return request;
}

static uint32_t begin(skad_control_method method, uint64_t now_us)
{
    skad_control_request request = {.method = method};
    skad_web_error error;
    uint32_t handle = SKAD_LINK_NONE;
    if (!skad_link_begin(&tested, &request, &hooks, now_us, &handle, &error)) {
        last_error = error;
        return SKAD_LINK_NONE;
    }
    return handle;
}

static void tell(const skad_writer *writer)
{
    assert_int_equal(send(daemon_fd, writer->data, writer->len, 0), writer->len);
    skad_link_ready(&tested, POLLIN);
}

static void answer(uint32_t msgid, uint64_t number)
{
    uint8_t bytes[256];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_result(&writer, msgid);
    skad_write_uint(&writer, number);
    tell(&writer);
}

static void answers_come_to_the_calls_they_belong_to(void **state)
{
    uint8_t bytes[256];
    skad_writer writer;
    (void)state;
    const uint32_t first = begin(SKAD_CONTROL_STATUS, 0);
    const uint32_t second = begin(SKAD_CONTROL_TRACE, 0);
    assert_int_equal(next_request().method, SKAD_CONTROL_HELLO);
    assert_int_equal(next_request().msgid, first);
    assert_int_equal(next_request().msgid, second);
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_notification(&writer, "step", second);
    skad_write_uint(&writer, 7);
    /* In pieces. */
    for (size_t i = 0; i < writer.len; i++) {
        assert_int_equal(send(daemon_fd, writer.data + i, 1, 0), 1);
        skad_link_ready(&tested, POLLIN);
    }
    assert_int_equal(notices, 1);
    assert_int_equal(last_number, 7);
    answer(second, 8);
    assert_int_equal(ends, 1);
    assert_int_equal(last_number, 8);
    answer(second, 9); /* it is over */
    answer(first, 10);
    assert_int_equal(ends, 2);
    assert_int_equal(last_number, 10);
}

static void an_error_of_the_daemon_has_its_status(void **state)
{
    uint8_t bytes[256];
    skad_writer writer;
    (void)state;
    const uint32_t handle = begin(SKAD_CONTROL_GET, 0);
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_error(&writer, handle, SKAD_CONTROL_ERROR_NOT_FOUND, "there is none");
    tell(&writer);
    assert_int_equal(ends, 1);
    assert_int_equal(last_error.status, 404);
    assert_string_equal(last_error.message, "there is none");
}

static void a_daemon_that_hangs_up_ends_all_calls_and_is_asked_anew(void **state)
{
    (void)state;
    assert_int_not_equal(begin(SKAD_CONTROL_GET, 0), SKAD_LINK_NONE);
    assert_int_not_equal(begin(SKAD_CONTROL_GET_FILE, 0), SKAD_LINK_NONE);
    close(daemon_fd);
    daemon_fd = -1;
    skad_link_ready(&tested, POLLIN | POLLHUP);
    assert_int_equal(ends, 2);
    assert_string_equal(last_error.code, "unavailable");
    assert_int_equal(last_error.status, 503);
    assert_int_equal(skad_link_events(&tested), 0);
    assert_int_equal(begin(SKAD_CONTROL_GET, 1000), SKAD_LINK_NONE); /* too soon */
    assert_int_not_equal(begin(SKAD_CONTROL_GET, 1000000), SKAD_LINK_NONE);
    assert_int_equal(next_request().method, SKAD_CONTROL_HELLO);
}

static void without_a_daemon_the_error_says_what_to_do(void **state)
{
    (void)state;
    refuses = true;
    assert_int_equal(begin(SKAD_CONTROL_GET, 0), SKAD_LINK_NONE);
    assert_int_equal(last_error.status, 503);
    assert_string_equal(last_error.code, "unavailable");
    assert_non_null(strstr(last_error.message, "/run/node.sock"));
    assert_non_null(strstr(last_error.message, "skad run"));
}

static void another_program_is_told_apart(void **state)
{
    (void)state;
    assert_int_not_equal(begin(SKAD_CONTROL_GET, 0), SKAD_LINK_NONE);
    assert_int_equal(send(daemon_fd, "HTTP/1.1 400", 12, 0), 12);
    skad_link_ready(&tested, POLLIN);
    assert_int_equal(ends, 1);
    assert_non_null(strstr(last_error.message, "not a skad daemon"));
}

static void a_daemon_of_another_api_is_refused_and_an_older_one_is_not(void **state)
{
    uint8_t bytes[256];
    skad_writer writer;
    (void)state;
    assert_int_not_equal(begin(SKAD_CONTROL_GET, 0), SKAD_LINK_NONE);
    const skad_control_request hello = next_request();
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_error(&writer, hello.msgid, SKAD_CONTROL_ERROR_METHOD, "none such");
    tell(&writer);
    assert_int_not_equal(begin(SKAD_CONTROL_GET, 0), SKAD_LINK_NONE); /* of 1.0 */
    close(daemon_fd);
    skad_link_ready(&tested, POLLIN);

    assert_int_not_equal(begin(SKAD_CONTROL_GET, 1000000), SKAD_LINK_NONE);
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_error(&writer, next_request().msgid, SKAD_CONTROL_ERROR_VERSION,
                             "this is API 2");
    tell(&writer);
    assert_int_equal(begin(SKAD_CONTROL_GET, 1000000), SKAD_LINK_NONE);
    assert_string_equal(last_error.code, "version");
    assert_int_equal(last_error.status, 503);
    assert_non_null(strstr(last_error.message, "this is API 2"));
}

static void what_is_forgotten_is_ended_at_the_daemon(void **state)
{
    static const skad_control_method pairs[][2] = {
        {SKAD_CONTROL_WATCH_RECORD, SKAD_CONTROL_UNWATCH},
        {SKAD_CONTROL_WATCH_PROVIDERS, SKAD_CONTROL_UNWATCH},
        {SKAD_CONTROL_SUBSCRIBE_STATUS, SKAD_CONTROL_UNSUBSCRIBE},
        {SKAD_CONTROL_SUBSCRIBE_EVENTS, SKAD_CONTROL_UNSUBSCRIBE},
        {SKAD_CONTROL_GET_FILE, SKAD_CONTROL_ABORT},
        {SKAD_CONTROL_PUT_FILE, SKAD_CONTROL_ABORT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const uint32_t handle = begin(pairs[i][0], 0);
        if (i == 0) {
            assert_int_equal(next_request().method, SKAD_CONTROL_HELLO);
        }
        assert_int_equal(next_request().method, pairs[i][0]);
        skad_link_forget(&tested, handle);
        const skad_control_request ending = next_request();
        assert_int_equal(ending.method, pairs[i][1]);
        assert_int_equal(ending.watched, handle);
        answer(ending.msgid, 1);
        answer(handle, 1);
    }
    const uint32_t handle = begin(SKAD_CONTROL_GET, 0);
    skad_link_forget(&tested, handle); /* it ends by itself */
    answer(handle, 1);
    assert_int_equal(ends, 0);
    assert_int_equal(tested.calls_count, 1); /* the hello */
    skad_link_forget(&tested, handle);
    skad_link_forget(&tested, SKAD_LINK_NONE);
}

static void a_daemon_that_stands_still_is_not_waited_for(void **state)
{
    (void)state;
    const uint32_t handle = begin(SKAD_CONTROL_STATUS, 0);
    assert_int_not_equal(begin(SKAD_CONTROL_WATCH_RECORD, 0), SKAD_LINK_NONE);
    skad_link_tick(&tested, 9000000);
    assert_int_equal(ends, 0);
    skad_link_tick(&tested, 10000000);
    assert_int_equal(ends, 1); /* a watch lasts */
    assert_int_equal(last_error.status, 504);
    answer(handle, 1); /* too late */
    assert_int_equal(ends, 1);
}

static void too_many_calls_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_LINK_CALLS_MAX - 1; i++) { /* one place has the hello */
        assert_int_not_equal(begin(SKAD_CONTROL_GET, 0), SKAD_LINK_NONE);
    }
    assert_int_equal(begin(SKAD_CONTROL_GET, 0), SKAD_LINK_NONE);
    assert_string_equal(last_error.code, "busy");
}

static void pieces_of_files_carry_their_msgid(void **state)
{
    (void)state;
    const uint32_t handle = begin(SKAD_CONTROL_PUT_FILE, 0);
    assert_int_equal(next_request().method, SKAD_CONTROL_HELLO);
    assert_int_equal(next_request().method, SKAD_CONTROL_PUT_FILE);
    skad_link_chunk(&tested, handle, (skad_span){(const uint8_t *)"abc", 3});
    const skad_control_request chunk = next_request();
    assert_int_equal(chunk.msgid, handle);
    assert_int_equal(chunk.value.len, 3);
    skad_link_ack(&tested, handle, 77);
    assert_int_equal(next_request().size, 77);
    skad_link_chunk(&tested, handle + 1, (skad_span){(const uint8_t *)"abc", 3});
    assert_int_equal(recv(daemon_fd, read_bytes, 1, MSG_DONTWAIT), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_link, close_link)
    const struct CMUnitTest tests[] = {
        TEST(answers_come_to_the_calls_they_belong_to),
        TEST(an_error_of_the_daemon_has_its_status),
        TEST(a_daemon_that_hangs_up_ends_all_calls_and_is_asked_anew),
        TEST(without_a_daemon_the_error_says_what_to_do),
        TEST(another_program_is_told_apart),
        TEST(a_daemon_of_another_api_is_refused_and_an_older_one_is_not),
        TEST(what_is_forgotten_is_ended_at_the_daemon),
        TEST(a_daemon_that_stands_still_is_not_waited_for),
        TEST(too_many_calls_are_refused),
        TEST(pieces_of_files_carry_their_msgid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
