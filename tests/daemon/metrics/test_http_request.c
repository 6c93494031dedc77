/* Heads of requests, right, wrong and hostile. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/daemon/metrics/http_request.h"

static void requests_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        skad_http_request wanted;
    } cases[] = {
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", SKAD_HTTP_METRICS},
        {"GET /metrics HTTP/1.0\n\n", SKAD_HTTP_METRICS},
        {"GET /metrics?name=x HTTP/1.1\r\n\r\n", SKAD_HTTP_METRICS},
        {"HEAD /metrics HTTP/1.1\r\n\r\n", SKAD_HTTP_HEAD},
        {"GET / HTTP/1.1\r\n\r\n", SKAD_HTTP_NOT_FOUND},
        {"GET /metricsx HTTP/1.1\r\n\r\n", SKAD_HTTP_NOT_FOUND},
        {"GET /metric HTTP/1.1\r\n\r\n", SKAD_HTTP_NOT_FOUND},
        {"POST /metrics HTTP/1.1\r\n\r\nx", SKAD_HTTP_METHOD},
        {"DELETE / HTTP/1.1\r\n\r\n", SKAD_HTTP_METHOD},
        {"GET /metrics HTTP/2.0\r\n\r\n", SKAD_HTTP_BAD},
        {"GET /metrics\r\n\r\n", SKAD_HTTP_BAD},
        {"GET metrics HTTP/1.1\r\n\r\n", SKAD_HTTP_BAD},
        {"GET  /metrics HTTP/1.1\r\n\r\n", SKAD_HTTP_BAD},
        {"GET /metrics HTTP/1.1 x\r\n\r\n", SKAD_HTTP_BAD},
        {"get /metrics HTTP/1.1\r\n\r\n", SKAD_HTTP_BAD},
        {"\r\n\r\n", SKAD_HTTP_BAD},
        {"\n\n", SKAD_HTTP_BAD},
        {"\x16\x03\x01\x02\n\n", SKAD_HTTP_BAD},
        {"", SKAD_HTTP_MORE},
        {"GET /metrics HTTP/1.1\r\n", SKAD_HTTP_MORE},
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r", SKAD_HTTP_MORE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_http_request got = skad_http_request_read(cases[i].text, strlen(cases[i].text));
        if (got != cases[i].wanted) {
            fail_msg("%zu: %s", i, skad_http_status(got));
        }
    }
}

static void a_head_has_its_bound(void **state)
{
    (void)state;
    static char text[SKAD_HTTP_HEAD_BYTES_MAX];
    memset(text, 'A', sizeof text);
    assert_int_equal(skad_http_request_read(text, sizeof text - 1), SKAD_HTTP_MORE);
    assert_int_equal(skad_http_request_read(text, sizeof text), SKAD_HTTP_TOO_LARGE);
    memcpy(text, "GET /metrics HTTP/1.1\r\nX: ", 26);
    assert_int_equal(skad_http_request_read(text, sizeof text), SKAD_HTTP_TOO_LARGE);
    memcpy(text + sizeof text - 4, "\r\n\r\n", 4);
    assert_int_equal(skad_http_request_read(text, sizeof text), SKAD_HTTP_METRICS);
}

static void each_has_a_status(void **state)
{
    (void)state;
    static const char *const wanted[] = {"408 ", "200 ", "200 ", "404 ", "405 ", "400 ", "431 "};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_memory_equal(skad_http_status((skad_http_request)i), wanted[i], 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_told_apart),
        cmocka_unit_test(a_head_has_its_bound),
        cmocka_unit_test(each_has_a_status),
    };
    return cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
