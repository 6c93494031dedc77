/* The page: what is served is what lies in the folder, and its policy lets it do little. */
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

static size_t read_file(const char *name, char *out, size_t cap)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/src/gateway/page/%s", SKAD_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t len = fread(out, 1, cap - 1, file);
    out[len] = 0;
    (void)fclose(file);
    return len;
}

static void each_file_is_served_as_it_is(void **state)
{
    static const struct {
        const char *request;
        const char *file;
        const char *type;
        const char *end; /* of the file */
    } cases[] = {
        {"GET /", "index.html", "text/html; charset=utf-8", "</html>\n"},
        {"GET /page.js", "page.js", "text/javascript; charset=utf-8", "watchEvents();\n"},
        {"GET /draw.js", "draw.js", "text/javascript; charset=utf-8", "return svg;\n}\n"},
        {"GET /style.css", "style.css", "text/css; charset=utf-8", "transition:"},
        {"GET /v1/openapi.json", "openapi.json", "application/json", "\n}\n"},
    };
    static char text[1U << 17];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool ended = false;
        const size_t len = read_file(cases[i].file, text, sizeof text);
        const int client = test_web_ask(web, cases[i].request, "Connection: close\r\n");
        const char *answer = test_web_await(web, client, "never", &ended);
        assert_true(ended);
        assert_non_null(strstr(answer, cases[i].type));
        const char *body = strstr(answer, "\r\n\r\n") + 4;
        assert_int_equal(strlen(body), len);
        assert_memory_equal(body, text, len);
        assert_non_null(strstr(body, cases[i].end));
        close(client);
    }
}

static void its_policy_allows_its_own_files_alone(void **state)
{
    (void)state;
    const int client = test_web_ask(web, "GET /", "");
    const char *answer = test_web_await(web, client, "</html>", NULL);
    assert_non_null(strstr(answer,
                           "Content-Security-Policy: default-src 'none'; script-src 'self'; "
                           "style-src 'self'; connect-src 'self'; "));
    assert_non_null(strstr(answer, "frame-ancestors 'none'"));
    assert_null(strstr(answer, "unsafe"));
    close(client);
}

/* Nothing in the page would be refused by that policy. */
static void no_style_or_script_lies_within_the_page(void **state)
{
    static char text[1U << 17];
    (void)state;
    (void)read_file("index.html", text, sizeof text);
    assert_null(strstr(text, "style=\""));
    assert_null(strstr(text, "<style"));
    assert_null(strstr(text, " onclick"));
    assert_null(strstr(text, "http://"));
    assert_null(strstr(text, "https://"));
    (void)read_file("page.js", text, sizeof text);
    assert_null(strstr(text, "innerHTML"));
    assert_null(strstr(text, "eval("));
    (void)read_file("draw.js", text, sizeof text);
    assert_null(strstr(text, "innerHTML"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_file_is_served_as_it_is),
        TEST(its_policy_allows_its_own_files_alone),
        TEST(no_style_or_script_lies_within_the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
