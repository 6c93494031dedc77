/* Headers that answers have: refusals, and what CORS adds. */
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

static const char *ask(const char *text, const char *until)
{
    static char kept[1U << 16];
    const int client = test_web_send(web, text);
    (void)snprintf(kept, sizeof kept, "%s", test_web_await(web, client, until, NULL));
    close(client);
    return kept;
}

static void a_refusal_is_json_that_is_not_kept(void **state)
{
    (void)state;
    const char *answer = ask("GET /v1/value/x HTTP/1.1\r\nHost: localhost\r\n\r\n", "}}\n");
    assert_non_null(strstr(answer, " 400 "));
    assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none'; sandbox\r\n"));
    assert_non_null(strstr(answer, "\"parameter\":\"key\",\"expected\":\"64 hex digits\""));
}

static void a_missing_token_is_asked_for_and_busy_says_when(void **state)
{
    (void)state;
    assert_non_null(strstr(ask("POST /v1/file HTTP/1.1\r\nHost: localhost\r\n\r\n", "}}\n"),
                           "WWW-Authenticate: Bearer\r\n"));
    web->absent = true;
    const char *answer = ask("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", "}}\n");
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
}

static void origins_are_told_apart_in_shared_answers_too(void **state)
{
    skad_failure failure;
    (void)state;
    assert_true(skad_access_add_origin(&web->config.access, "https://a.example", &failure));
    const int first = test_web_ask(web, "GET /v1/status", "Origin: https://a.example\r\n");
    const int other = test_web_ask(web, "GET /v1/status", "Origin: https://b.example\r\n");
    test_web_answer(web, SKAD_LINK_FOR_CALLS, test_web_asked(web, SKAD_LINK_FOR_CALLS).msgid, "api",
                    1);
    const char *answer = test_web_await(web, first, "{\"api\":1}", NULL);
    assert_non_null(strstr(answer, "Access-Control-Allow-Origin: https://a.example\r\n"));
    assert_non_null(strstr(answer, "Vary: Origin\r\n"));
    answer = test_web_await(web, other, "{\"api\":1}", NULL);
    assert_null(strstr(answer, "Access-Control-Allow-Origin"));
    assert_non_null(strstr(answer, "Vary: Origin\r\n"));
    close(first);
    close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refusal_is_json_that_is_not_kept),
        TEST(a_missing_token_is_asked_for_and_busy_says_when),
        TEST(origins_are_told_apart_in_shared_answers_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
