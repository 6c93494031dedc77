/* Files from clients: no more goes on than the window lets; too long ones, errors, clients that go.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/web.h"

static test_web *web;

static int open_web(void **state)
{
    (void)state;
    web = test_web_open();
    return 0;
}

static int close_web(void **state)
{
    (void)state;
    test_web_close(web);
    return 0;
}

static uint32_t begin(const char *headers, int *client)
{
    *client = test_web_ask(web, "POST /v1/file?keep=true", headers);
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_FILES);
    assert_int_equal(asked.method, SKAD_CONTROL_PUT_FILE);
    assert_true(asked.keep);
    return asked.msgid;
}

static void open_window(uint32_t asked, uint64_t received, uint64_t window)
{
    uint8_t bytes[128];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_notification(&writer, "progress", asked);
    skad_write_map(&writer, 2);
    skad_write_str(&writer, "received");
    skad_write_uint(&writer, received);
    skad_write_str(&writer, "window");
    skad_write_uint(&writer, window);
    test_web_tell(web, SKAD_LINK_FOR_FILES, &writer);
}

static void no_more_goes_on_than_the_window_lets(void **state)
{
    int client;
    (void)state;
    const uint32_t asked = begin("Content-Length: 10\r\n", &client);
    assert_int_equal(send(client, "0123456789", 10, 0), 10);
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_FILES));
    open_window(asked, 0, 4);
    skad_control_request chunk = test_web_asked(web, SKAD_LINK_FOR_FILES);
    assert_int_equal(chunk.value.len, 4);
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_FILES));
    open_window(asked, 4, 100);
    chunk = test_web_asked(web, SKAD_LINK_FOR_FILES);
    assert_int_equal(chunk.value.len, 6);
    assert_memory_equal(chunk.value.data, "456789", 6);
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_FILES)); /* the size ends it */
    test_web_answer(web, SKAD_LINK_FOR_FILES, asked, "bytes", 10);
    assert_non_null(strstr(test_web_await(web, client, "{\"bytes\":10}", NULL), " 201 "));
    close(client);
}

static void an_empty_chunk_ends_one_whose_length_is_not_told(void **state)
{
    int client;
    (void)state;
    const uint32_t asked = begin("Transfer-Encoding: chunked\r\n", &client);
    open_window(asked, 0, 100);
    assert_int_equal(send(client, "3\r\nabc\r\n0\r\n\r\n", 13, 0), 13);
    assert_int_equal(test_web_asked(web, SKAD_LINK_FOR_FILES).value.len, 3);
    assert_int_equal(test_web_asked(web, SKAD_LINK_FOR_FILES).value.len, 0);
    open_window(asked, 3, 100);
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_FILES)); /* once */
    test_web_answer(web, SKAD_LINK_FOR_FILES, asked, "bytes", 3);
    (void)test_web_await(web, client, " 201 ", NULL);
    close(client);
}

static void one_that_is_too_long_is_refused(void **state)
{
    static char part[30000];
    int client = test_web_ask(web, "POST /v1/file", "Content-Length: 100001\r\n");
    (void)state;
    assert_non_null(strstr(test_web_await(web, client, "}}\n", NULL), " 413 "));
    assert_int_equal(web->daemons[0].fd, -1);
    close(client);
    const uint32_t asked = begin("Transfer-Encoding: chunked\r\n", &client);
    open_window(asked, 0, 1000000);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(send(client, "7530\r\n", 6, 0), 6);
        assert_int_equal(send(client, part, sizeof part, 0), sizeof part);
        assert_int_equal(send(client, "\r\n", 2, 0), 2);
        test_web_turns(web);
    }
    skad_control_request last;
    do {
        last = test_web_asked(web, SKAD_LINK_FOR_FILES);
    } while (last.method != SKAD_CONTROL_ABORT);
    assert_int_equal(send(client, "0\r\n\r\n", 5, 0), 5);
    assert_non_null(strstr(test_web_await(web, client, "}}\n", NULL), " 413 "));
    close(client);
}

static void an_error_on_the_way_is_the_answer(void **state)
{
    int client;
    (void)state;
    const uint32_t asked = begin("Content-Length: 6\r\n", &client);
    test_web_refuse(web, SKAD_LINK_FOR_FILES, asked, SKAD_CONTROL_ERROR_REFUSED);
    assert_int_equal(send(client, "abcdef", 6, 0), 6);
    assert_non_null(strstr(test_web_await(web, client, "}}\n", NULL), " 409 "));
    close(client);
}

static void a_client_that_goes_or_stops_aborts(void **state)
{
    int client;
    (void)state;
    const uint32_t asked = begin("Content-Length: 6\r\n", &client);
    open_window(asked, 0, 100);
    close(client);
    const skad_control_request ending = test_web_asked(web, SKAD_LINK_FOR_FILES);
    assert_int_equal(ending.method, SKAD_CONTROL_ABORT);
    assert_int_equal(ending.watched, asked);
    (void)begin("Content-Length: 6\r\n", &client);
    test_web_now_us += SKAD_GUEST_BODY_US + 1000000;
    test_web_turns(web);
    assert_true(test_web_ended(web, client));
    assert_int_equal(test_web_asked(web, SKAD_LINK_FOR_FILES).method, SKAD_CONTROL_ABORT);
    close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_more_goes_on_than_the_window_lets),
        TEST(an_empty_chunk_ends_one_whose_length_is_not_told),
        TEST(one_that_is_too_long_is_refused),
        TEST(an_error_on_the_way_is_the_answer),
        TEST(a_client_that_goes_or_stops_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
