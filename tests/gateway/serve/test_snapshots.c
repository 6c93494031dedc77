/* Status, health and table: asked of the node once a second, for all that ask. */
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

static void those_who_come_meanwhile_share_one_answer(void **state)
{
    int clients[5];
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        clients[i] = test_web_ask(web, "GET /v1/status", "");
    }
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_CALLS);
    assert_int_equal(asked.method, SKAD_CONTROL_STATUS);
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_CALLS));
    test_web_answer(web, SKAD_LINK_FOR_CALLS, asked.msgid, "peers", 7);
    for (size_t i = 0; i < 5; i++) {
        assert_non_null(strstr(test_web_await(web, clients[i], "{\"peers\":7}", NULL), " 200 OK"));
        close(clients[i]);
    }
    const int later = test_web_ask(web, "GET /v1/status", "");
    (void)test_web_await(web, later, "{\"peers\":7}", NULL);
    assert_true(test_web_quiet(web, SKAD_LINK_FOR_CALLS));
    test_web_now_us += 1000000;
    const int fresh = test_web_ask(web, "GET /v1/status", "");
    const uint32_t again = test_web_asked(web, SKAD_LINK_FOR_CALLS).msgid;
    test_web_answer(web, SKAD_LINK_FOR_CALLS, again, "peers", 8);
    (void)test_web_await(web, fresh, "{\"peers\":8}", NULL);
    close(later);
    close(fresh);
}

static void one_that_goes_meanwhile_is_left_out(void **state)
{
    (void)state;
    const int goes = test_web_ask(web, "GET /v1/health", "");
    const int stays = test_web_ask(web, "GET /v1/health", "");
    const uint32_t asked = test_web_asked(web, SKAD_LINK_FOR_CALLS).msgid;
    close(goes);
    test_web_answer(web, SKAD_LINK_FOR_CALLS, asked, "api", 1);
    (void)test_web_await(web, stays, "{\"api\":1}", NULL);
    close(stays);
}

static void an_error_is_shared_and_not_kept(void **state)
{
    (void)state;
    const int one = test_web_ask(web, "GET /v1/table", "");
    const int other = test_web_ask(web, "GET /v1/table", "");
    const uint32_t asked = test_web_asked(web, SKAD_LINK_FOR_CALLS).msgid;
    test_web_refuse(web, SKAD_LINK_FOR_CALLS, asked, SKAD_CONTROL_ERROR_BUSY);
    assert_non_null(strstr(test_web_await(web, one, "says so", NULL), " 503 "));
    assert_non_null(strstr(test_web_await(web, other, "says so", NULL), "Retry-After: 1"));
    const int again = test_web_ask(web, "GET /v1/table", "");
    assert_int_equal(test_web_asked(web, SKAD_LINK_FOR_CALLS).method, SKAD_CONTROL_TABLE);
    close(one);
    close(other);
    close(again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(those_who_come_meanwhile_share_one_answer),
        TEST(one_that_goes_meanwhile_is_left_out),
        TEST(an_error_is_shared_and_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
