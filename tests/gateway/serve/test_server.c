/* The turns of a server: crowds, half requests, garbage, and an end while requests are under way.
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

static void half_requests_give_way_to_whole_ones(void **state)
{
    int halves[12];
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        test_web_now_us += 1;
        halves[i] = test_web_send(web, "GET /v1/sta");
    }
    assert_true(web->gateway.guests.count <= 8 + 1);
    for (size_t i = 0; i < 4; i++) {
        assert_true(test_web_ended(web, halves[i]));
    }
    const int whole = test_web_ask(web, "GET /v1/nothing", "");
    (void)test_web_await(web, whole, " 404 ", NULL);
    assert_true(test_web_ended(web, halves[4]));
    assert_false(test_web_ended(web, halves[11]));
    for (size_t i = 0; i < 12; i++) {
        close(halves[i]);
    }
    close(whole);
}

static void a_request_has_ten_seconds_to_be_whole(void **state)
{
    (void)state;
    const int half = test_web_send(web, "GET /v1/status HTTP/1.1\r\nHost: loc");
    test_web_now_us += SKAD_GUEST_IDLE_US - 1000000;
    test_web_turns(web);
    assert_int_equal(send(half, "alh", 3, 0), 3); /* a byte now and then buys nothing */
    test_web_turns(web);
    test_web_now_us += 2000000;
    assert_true(test_web_ended(web, half));
    assert_int_equal(web->gateway.guests.turned_away, 1);
    close(half);
}

static void garbage_is_not_answered_as_if_it_were_a_request(void **state)
{
    static const char *const texts[] = {
        "\r\n\r\n\r\n",
        "x\r\n\r\n",
        "GET\r\n\r\n",
        "GET /v1/status\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
        "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const int client = test_web_send(web, texts[i]);
        char answer[512] = {0};
        test_web_turns(web);
        (void)recv(client, answer, sizeof answer - 1, MSG_DONTWAIT);
        assert_null(strstr(answer, " 200 "));
        close(client);
    }
}

/* test_web_close ends the server with all of these under way. */
static void it_ends_whatever_is_under_way(void **state)
{
    (void)state;
    (void)test_web_ask(web, "GET /v1/status", "");
    (void)test_web_ask(web, "GET /v1/lookup/" TEST_WEB_KEY, "");
    (void)test_web_ask(web, "GET /v1/events", "");
    (void)test_web_ask(web, "GET /v1/file/" TEST_WEB_KEY, "");
    (void)test_web_ask(web, "POST /v1/file", "Content-Length: 10\r\n");
    (void)test_web_send(web, "GET ");
    assert_int_equal(web->gateway.guests.count, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(half_requests_give_way_to_whole_ones),
        TEST(a_request_has_ten_seconds_to_be_whole),
        TEST(garbage_is_not_answered_as_if_it_were_a_request),
        TEST(it_ends_whatever_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
