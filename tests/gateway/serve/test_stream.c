/* Streams of events: what comes, how they end, and clients that do not read or are gone. */
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

#define TRACE "GET /v1/lookup/" TEST_WEB_KEY "/trace"

static void events_come_as_they_happen_and_the_end_is_one(void **state)
{
    bool ended = false;
    (void)state;
    const int client = test_web_ask(web, TRACE, "Connection: close\r\n");
    (void)test_web_await(web, client, "text/event-stream", NULL);
    const uint32_t asked = test_web_asked(web, SKAD_LINK_FOR_STREAMS).msgid;
    test_web_notify(web, SKAD_LINK_FOR_STREAMS, "step", asked, "hop", 1);
    (void)test_web_await(web, client, "event: step\ndata: {\"hop\":1}\n\n", NULL);
    test_web_answer(web, SKAD_LINK_FOR_STREAMS, asked, "rpcs", 3);
    (void)test_web_await(web, client, "event: done\ndata: {\"rpcs\":3}\n\n", NULL);
    (void)test_web_await(web, client, "never", &ended);
    assert_true(ended);
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_STREAMS));
    close(client);
}

static void an_error_is_an_event(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /v1/events", "");
    const uint32_t asked = test_web_asked(web, SKAD_LINK_FOR_STREAMS).msgid;
    test_web_refuse(web, SKAD_LINK_FOR_STREAMS, asked, SKAD_CONTROL_ERROR_BUSY);
    (void)test_web_await(web, client, "event: failed\ndata: {\"error\":{\"code\":\"busy\"", NULL);
    close(client);
}

static void a_comment_shows_that_the_gateway_is_there(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /v1/events", "");
    (void)test_web_await(web, client, ":\n\n", NULL);
    (void)test_web_asked(web, SKAD_LINK_FOR_STREAMS);
    test_web_now_us += 14000000;
    test_web_turns(web);
    char byte;
    assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1 && byte == ':', 0);
    test_web_now_us += 1000000;
    (void)test_web_await(web, client, ":\n\n", NULL);
    close(client);
}

static void a_client_that_is_gone_ends_the_watch_at_the_daemon(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /v1/providers/" TEST_WEB_KEY "/watch?every_s=5", "");
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_STREAMS);
    assert_int_equal(asked.method, SKAD_CONTROL_WATCH_PROVIDERS);
    assert_int_equal(asked.every_s, 5);
    close(client);
    test_web_now_us += 1000000;
    const skad_control_request ending = test_web_asked(web, SKAD_LINK_FOR_STREAMS);
    assert_int_equal(ending.method, SKAD_CONTROL_UNWATCH);
    assert_int_equal(ending.watched, asked.msgid);
}

/* The kernel's buffers between take some; then ours fills, and then the stream ends. */
static void a_client_that_does_not_read_is_ended(void **state)
{
    uint8_t bytes[60000];
    static char text[50001];
    skad_writer writer;
    (void)state;
    const int client = test_web_ask(web, "GET /v1/events", "");
    const uint32_t asked = test_web_asked(web, SKAD_LINK_FOR_STREAMS).msgid;
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < 400 && web->gateway.streams > 0; i++) {
        skad_writer_init(&writer, bytes, sizeof bytes);
        skad_control_write_notification(&writer, "event", asked);
        skad_write_str(&writer, text);
        test_web_tell(web, SKAD_LINK_FOR_STREAMS, &writer);
        if (web->gateway.guests.first->exchange->flow.broken) {
            break;
        }
        assert_true(web->gateway.guests.first->exchange->flow.cap <= 256U * 1024);
    }
    assert_true(web->gateway.guests.first->exchange->flow.broken);
    assert_int_equal(test_web_asked(web, SKAD_LINK_FOR_STREAMS).method, SKAD_CONTROL_UNSUBSCRIBE);
    close(client);
}

static void there_are_no_more_than_allowed(void **state)
{
    (void)state;
    const int one = test_web_ask(web, "GET /v1/events", "");
    const int two = test_web_ask(web, "GET /v1/status/watch", "");
    const int three = test_web_ask(web, "GET /v1/events", "");
    assert_non_null(strstr(test_web_await(web, three, "}}\n", NULL), " 503 "));
    close(one);
    close(two);
    close(three);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_come_as_they_happen_and_the_end_is_one),
        TEST(an_error_is_an_event),
        TEST(a_comment_shows_that_the_gateway_is_there),
        TEST(a_client_that_is_gone_ends_the_watch_at_the_daemon),
        TEST(a_client_that_does_not_read_is_ended),
        TEST(there_are_no_more_than_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
