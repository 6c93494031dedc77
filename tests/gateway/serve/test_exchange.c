/* One request: what is refused before anything is asked, order, the rate, and a daemon that goes.
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

static void a_refusal_asks_the_daemon_nothing(void **state)
{
    static const struct {
        const char *text;
        const char *status;
    } cases[] = {
        {"GET /v1/lookup/x HTTP/1.1\r\nHost: a.example\r\n\r\n", " 421 "},
        {"GET /v1/lookup/x HTTP/1.1\r\nHost: localhost\r\n\r\n", " 400 "},
        {"GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 "},
        {"PATCH /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", " 405 "},
        {"GET /v1/status HTTP/1.1\r\n\r\n", " 400 "},
        {"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", " 400 "},
        {"POST /v1/value HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", " 401 "},
        {"POST /v1/value HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TEST_WEB_TOKEN
         "\r\nContent-Length: 1001\r\n\r\n",
         " 413 "},
        {"POST /v1/record HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TEST_WEB_TOKEN
         "\r\nContent-Length: 2\r\n\r\n{]",
         " 400 "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int client = test_web_send(web, cases[i].text);
        const char *answer = test_web_await(web, client, "}}\n", NULL);
        if (strstr(answer, cases[i].status) == NULL) {
            fail_msg("%s: %s", cases[i].text, answer);
        }
        close(client);
    }
    for (size_t i = 0; i < SKAD_LINKS; i++) {
        assert_int_equal(web->daemons[i].fd, -1);
    }
}

static void requests_on_one_connection_are_answered_in_order(void **state)
{
    (void)state;
    const int client =
        test_web_send(web, "GET /v1/lookup/" TEST_WEB_KEY " HTTP/1.1\r\nHost: localhost\r\n\r\n"
                           "GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_CALLS);
    assert_int_equal(asked.method, SKAD_CONTROL_LOOKUP);
    char byte;
    assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT), -1);
    test_web_answer(web, SKAD_LINK_FOR_CALLS, asked.msgid, "rpcs", 4);
    const char *answers = test_web_await(web, client, "openapi", NULL);
    assert_true(strstr(answers, "{\"rpcs\":4}") < strstr(answers, " 404 "));
    close(client);
}

static void what_is_above_the_rate_is_refused_and_the_node_is_not_asked(void **state)
{
    (void)state;
    web->config.rate = 8; /* a quarter of it may come at once */
    int clients[3];
    for (size_t i = 0; i < 3; i++) {
        clients[i] = test_web_ask(web, "GET /v1/providers/" TEST_WEB_KEY, "");
    }
    assert_non_null(strstr(test_web_await(web, clients[2], "}}\n", NULL), " 429 "));
    const uint32_t first = test_web_asked(web, SKAD_LINK_FOR_CALLS).msgid;
    const uint32_t second = test_web_asked(web, SKAD_LINK_FOR_CALLS).msgid;
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_CALLS));
    assert_int_equal(web->gateway.searches, 2);
    test_web_answer(web, SKAD_LINK_FOR_CALLS, first, "total", 0);
    test_web_answer(web, SKAD_LINK_FOR_CALLS, second, "total", 0);
    test_web_now_us += 1000000;
    const int later = test_web_ask(web, "GET /v1/providers/" TEST_WEB_KEY, "");
    (void)test_web_asked(web, SKAD_LINK_FOR_CALLS);
    for (size_t i = 0; i < 3; i++) {
        close(clients[i]);
    }
    close(later);
}

static void a_daemon_that_goes_ends_requests_and_one_that_is_absent_is_told(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /v1/value/" TEST_WEB_KEY, "");
    (void)test_web_asked(web, SKAD_LINK_FOR_CALLS);
    test_web_hang_up(web, SKAD_LINK_FOR_CALLS);
    assert_non_null(strstr(test_web_await(web, client, "hung up", NULL), "\"unavailable\""));
    web->absent = true;
    test_web_now_us += 1000000;
    const int late = test_web_ask(web, "GET /v1/value/" TEST_WEB_KEY, "");
    assert_non_null(strstr(test_web_await(web, late, "/run/node.sock", NULL), " 503 "));
    close(client);
    close(late);
}

static void a_daemon_that_stands_still_is_not_waited_for(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /v1/value/" TEST_WEB_KEY, "");
    (void)test_web_asked(web, SKAD_LINK_FOR_CALLS);
    test_web_now_us += 69000000;
    test_web_turns(web);
    assert_int_equal(web->gateway.searches, 1);
    test_web_now_us += 2000000;
    assert_non_null(strstr(test_web_await(web, client, "in time", NULL), " 504 "));
    close(client);
}

static void origins_that_are_listed_may_read(void **state)
{
    skad_failure failure;
    (void)state;
    assert_true(skad_access_add_origin(&web->config.access, "https://a.example", &failure));
    const int asks = test_web_ask(web, "OPTIONS /v1/value", "Origin: https://a.example\r\n");
    (void)test_web_await(web, asks, "Access-Control-Allow-Methods: GET, HEAD, POST", NULL);
    const int other = test_web_ask(web, "OPTIONS /v1/value", "Origin: https://b.example\r\n");
    assert_null(strstr(test_web_await(web, other, "}}\n", NULL), "Access-Control"));
    close(asks);
    close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refusal_asks_the_daemon_nothing),
        TEST(requests_on_one_connection_are_answered_in_order),
        TEST(what_is_above_the_rate_is_refused_and_the_node_is_not_asked),
        TEST(a_daemon_that_goes_ends_requests_and_one_that_is_absent_is_told),
        TEST(a_daemon_that_stands_still_is_not_waited_for),
        TEST(origins_that_are_listed_may_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
