/* Routes that are one request to the daemon: single.c. What is asked, and what the answer looks
 * like.
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

static void tell_value(uint32_t msgid, const char *value, uint64_t sequence)
{
    uint8_t bytes[256];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_result(&writer, msgid);
    skad_write_map(&writer, 2);
    skad_write_str(&writer, "value");
    skad_write_bin(&writer, (const uint8_t *)value, strlen(value));
    skad_write_str(&writer, "sequence");
    skad_write_uint(&writer, sequence);
    test_web_tell(web, SKAD_LINK_FOR_CALLS, &writer);
}

static void a_value_is_bytes_that_no_browser_shows(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /v1/value/" TEST_WEB_KEY, "");
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_CALLS);
    assert_int_equal(asked.method, SKAD_CONTROL_GET);
    tell_value(asked.msgid, "<script>", 0);
    const char *answer = test_web_await(web, client, "<script>", NULL);
    static const char *const lines[] = {
        "Content-Type: application/octet-stream\r\n",
        "X-Content-Type-Options: nosniff\r\n",
        "Content-Disposition: attachment\r\n",
        "Content-Security-Policy: default-src 'none'; sandbox\r\n",
        "ETag: \"" TEST_WEB_KEY "\"\r\n",
        "Cache-Control: public, max-age=31536000, immutable\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_non_null(strstr(answer, lines[i]));
    }
    close(client);
}

static void the_value_of_a_record_may_change(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /v1/record/" TEST_WEB_KEY "/value?salt=%00a", "");
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_CALLS);
    assert_int_equal(asked.method, SKAD_CONTROL_RESOLVE);
    assert_int_equal(asked.salt.len, 2);
    tell_value(asked.msgid, "news", 9);
    const char *answer = test_web_await(web, client, "news", NULL);
    assert_non_null(strstr(answer, "Skad-Sequence: 9\r\n"));
    assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
    assert_null(strstr(answer, "ETag"));
    close(client);
}

static void what_is_stored_is_created(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "POST /v1/value", "Content-Length: 5\r\n");
    assert_int_equal(send(client, "hello", 5, 0), 5);
    const skad_control_request asked = test_web_asked(web, SKAD_LINK_FOR_CALLS);
    assert_int_equal(asked.method, SKAD_CONTROL_PUT);
    assert_memory_equal(asked.value.data, "hello", 5);
    test_web_answer(web, SKAD_LINK_FOR_CALLS, asked.msgid, "stored", 5);
    assert_non_null(strstr(test_web_await(web, client, "{\"stored\":5}\n", NULL), " 201 "));
    close(client);
}

static void a_copy_of_a_value_is_not_asked_for(void **state)
{
    (void)state;
    const int client =
        test_web_ask(web, "GET /v1/value/" TEST_WEB_KEY, "If-None-Match: \"" TEST_WEB_KEY "\"\r\n");
    (void)test_web_await(web, client, " 304 ", NULL);
    assert_int_equal(web->daemons[0].fd, -1);
    close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_value_is_bytes_that_no_browser_shows),
        TEST(the_value_of_a_record_may_change),
        TEST(what_is_stored_is_created),
        TEST(a_copy_of_a_value_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
