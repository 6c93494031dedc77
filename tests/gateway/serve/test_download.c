/* Files for clients: whole, in part, by name alone; errors before and behind the first byte; slow
 * readers. */
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

#define FILE_OF "/v1/file/" TEST_WEB_KEY

static uint32_t begin(const char *request, const char *headers, int *client)
{
    *client = test_web_ask(web, request, headers);
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_FILES);
    assert_int_equal(asked.method, SKAD_CONTROL_GET_FILE);
    return asked.msgid;
}

static void bytes_go_on_as_they_come_and_are_acknowledged(void **state)
{
    static char text[4000];
    int client;
    (void)state;
    memset(text, 'a', sizeof text);
    const uint32_t asked = begin("GET " FILE_OF, "", &client);
    test_web_notify(web, SKAD_LINK_FOR_FILES, "progress", asked, "size", 8000);
    test_web_chunk(web, asked, text, sizeof text);
    const char *head = test_web_await(web, client, "aaaa", NULL);
    assert_non_null(strstr(head, "Content-Length: 8000\r\n"));
    assert_int_equal(test_web_asked(web, SKAD_LINK_FOR_FILES).msgid, asked);
    text[sizeof text - 1] = 'z';
    test_web_chunk(web, asked, text, sizeof text);
    test_web_answer(web, SKAD_LINK_FOR_FILES, asked, "bytes", 8000);
    (void)test_web_await(web, client, "z", NULL);
    close(client);
}

static void a_part_is_asked_for_once_the_size_is_known(void **state)
{
    int client;
    (void)state;
    const uint32_t looked = begin("GET " FILE_OF, "Range: bytes=-3\r\n", &client);
    test_web_notify(web, SKAD_LINK_FOR_FILES, "progress", looked, "size", 10);
    test_web_answer(web, SKAD_LINK_FOR_FILES, looked, "bytes", 0);
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_FILES);
    assert_int_equal(asked.offset, 7);
    assert_int_equal(asked.length, 3);
    test_web_notify(web, SKAD_LINK_FOR_FILES, "progress", asked.msgid, "size", 10);
    test_web_chunk(web, asked.msgid, "xyz", 3);
    test_web_answer(web, SKAD_LINK_FOR_FILES, asked.msgid, "bytes", 3);
    const char *answer = test_web_await(web, client, "xyz", NULL);
    assert_non_null(strstr(answer, " 206 "));
    assert_non_null(strstr(answer, "Content-Range: bytes 7-9/10\r\n"));
    close(client);
}

static void a_head_has_the_size_and_no_bytes(void **state)
{
    int client;
    (void)state;
    const uint32_t looked = begin("HEAD " FILE_OF, "", &client);
    test_web_notify(web, SKAD_LINK_FOR_FILES, "progress", looked, "size", 10);
    test_web_answer(web, SKAD_LINK_FOR_FILES, looked, "bytes", 0);
    assert_non_null(
        strstr(test_web_await(web, client, "\r\n\r\n", NULL), "Content-Length: 10\r\n"));
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_FILES));
    close(client);
}

static void an_error_before_the_first_byte_has_its_status(void **state)
{
    int client;
    (void)state;
    const uint32_t asked = begin("GET " FILE_OF, "", &client);
    test_web_refuse(web, SKAD_LINK_FOR_FILES, asked, SKAD_CONTROL_ERROR_NOT_FOUND);
    assert_non_null(strstr(test_web_await(web, client, "}}\n", NULL), " 404 "));
    close(client);
}

static void an_error_behind_it_cuts_the_file_off(void **state)
{
    int client;
    bool ended = false;
    (void)state;
    const uint32_t asked = begin("GET " FILE_OF, "", &client);
    test_web_notify(web, SKAD_LINK_FOR_FILES, "progress", asked, "size", 10);
    test_web_chunk(web, asked, "half!", 5);
    test_web_refuse(web, SKAD_LINK_FOR_FILES, asked, SKAD_CONTROL_ERROR_TIMED_OUT);
    const char *answer = test_web_await(web, client, "never", &ended);
    assert_true(ended);
    assert_non_null(strstr(answer, "half!"));
    close(client);
}

static void a_reader_that_takes_nothing_is_ended_and_the_file_aborted(void **state)
{
    static char text[4000];
    int client;
    (void)state;
    const uint32_t asked = begin("GET " FILE_OF, "", &client);
    test_web_notify(web, SKAD_LINK_FOR_FILES, "progress", asked, "size", 100000000);
    test_web_chunk(web, asked, text, sizeof text);
    /* It is the gateway that waits now, for the daemon: no deadline runs. */
    (void)test_web_await(web, client, "Accept-Ranges", NULL);
    test_web_now_us += 3600000000;
    test_web_turns(web);
    assert_int_equal(web->gateway.guests.turned_away, 0);
    /* The kernel's buffers fill; then it is the client. */
    while (web->gateway.guests.first->exchange->flow.len < 16 * sizeof text) {
        test_web_chunk(web, asked, text, sizeof text);
    }
    test_web_now_us += SKAD_GUEST_TAKE_US + 1000000;
    test_web_turns(web);
    assert_int_equal(web->gateway.guests.turned_away, 1);
    skad_control_request last;
    do {
        last = test_web_asked(web, SKAD_LINK_FOR_FILES);
    } while (last.method != SKAD_CONTROL_ABORT);
    assert_int_equal(last.watched, asked);
    close(client);
}

static void a_copy_that_the_client_has_is_not_asked_for(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET " FILE_OF, "If-None-Match: \"" TEST_WEB_KEY "\"\r\n");
    (void)test_web_await(web, client, " 304 ", NULL);
    assert_int_equal(web->daemons[0].fd, -1);
    close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_go_on_as_they_come_and_are_acknowledged),
        TEST(a_part_is_asked_for_once_the_size_is_known),
        TEST(a_head_has_the_size_and_no_bytes),
        TEST(an_error_before_the_first_byte_has_its_status),
        TEST(an_error_behind_it_cuts_the_file_off),
        TEST(a_reader_that_takes_nothing_is_ended_and_the_file_aborted),
        TEST(a_copy_that_the_client_has_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
