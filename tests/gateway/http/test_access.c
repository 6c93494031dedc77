/* Who may ask: names, origins, the token and its file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/gateway/http/access.h"

static void a_host_is_a_number_or_listed(void **state)
{
    (void)state;
    static const char *const right[] = {
        "127.0.0.1",      "127.0.0.1:4780", "[::1]:4780", "[::1]",         "localhost",
        "LOCALHOST:4780", "192.0.2.7:1",    "node.lan",   "NODE.lan:4780", "10.0.0.1:",
    };
    static const char *const wrong[] = {
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "[::1",
        "[localhost]",
        "::1",
        "",
        ":80",
        "localhost:80:80",
        "localhost:80a",
        "127.0.0.1@evil.example",
        "node.lan.",
        "0x7f.1",
        "2130706433",
        "localhost,evil.example",
    };
    skad_access access = {.names = {"node.lan"}, .names_count = 1};
    skad_web_error error;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        if (!skad_access_host(&access, right[i], &error)) {
            fail_msg("%s: refused", right[i]);
        }
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (skad_access_host(&access, wrong[i], &error)) {
            fail_msg("%s: taken", wrong[i]);
        }
        assert_true(error.status == 421 || error.status == 400);
    }
    assert_false(skad_access_host(&access, NULL, &error));
}

static void names_and_origins_are_checked_when_they_are_listed(void **state)
{
    (void)state;
    skad_access access = {.names_count = 0};
    skad_failure failure;
    assert_true(skad_access_add_name(&access, "node.lan", &failure));
    assert_false(skad_access_add_name(&access, "node.lan:80", &failure));
    assert_false(skad_access_add_name(&access, "", &failure));
    assert_true(skad_access_add_origin(&access, "https://pages.example", &failure));
    assert_true(skad_access_add_origin(&access, "http://[::1]:8080", &failure));
    assert_false(skad_access_add_origin(&access, "*", &failure));
    assert_false(skad_access_add_origin(&access, "null", &failure));
    assert_false(skad_access_add_origin(&access, "https://", &failure));
    assert_false(skad_access_add_origin(&access, "https://a.example/", &failure));
    assert_true(skad_access_origin(&access, "https://pages.example"));
    assert_false(skad_access_origin(&access, "https://pages.example.evil.example"));
    assert_false(skad_access_origin(&access, "http://pages.example"));
    assert_false(skad_access_origin(&access, "null"));
    assert_false(skad_access_origin(&access, NULL));
    while (access.names_count < SKAD_ACCESS_NAMES_MAX) {
        assert_true(skad_access_add_name(&access, "a", &failure));
    }
    assert_false(skad_access_add_name(&access, "a", &failure));
}

static void only_the_token_allows_to_write(void **state)
{
    (void)state;
    skad_access access = {.token = "0123456789abcdef"};
    const skad_access none = {.names_count = 0};
    skad_web_error error;
    assert_true(skad_access_write(&access, "Bearer 0123456789abcdef", &error));
    assert_true(skad_access_write(&access, "bearer 0123456789abcdef", &error));
    static const char *const wrong[] = {
        NULL,
        "",
        "0123456789abcdef",
        "Bearer ",
        "Bearer 0123456789abcde",
        "Bearer 0123456789abcdef0",
        "Bearer  0123456789abcdef",
        "Basic 0123456789abcdef",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(skad_access_write(&access, wrong[i], &error));
        assert_int_equal(error.status, 401);
    }
    assert_false(skad_access_write(&none, "Bearer ", &error));
    assert_int_equal(error.status, 403);
}

static bool read_from(const char *path, const char *text, mode_t mode, skad_access *out,
                      skad_failure *failure)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return skad_access_read_token(path, out, failure);
}

static void a_token_file_is_private_and_long_enough(void **state)
{
    char path[] = "/tmp/skad-token-XXXXXX";
    char text[SKAD_ACCESS_TOKEN_BYTES + 2];
    skad_access access = {.names_count = 0};
    skad_failure failure;
    (void)state;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(read_from(path, "0123456789abcdef\n", 0600, &access, &failure));
    assert_string_equal(access.token, "0123456789abcdef");
    assert_true(read_from(path, "0123456789abcdeX\r\nmore\n", 0400, &access, &failure));
    assert_string_equal(access.token, "0123456789abcdeX");
    assert_int_equal(chmod(path, 0600), 0);
    assert_false(read_from(path, "0123456789abcdef\n", 0640, &access, &failure));
    assert_non_null(strstr(failure.text, "chmod 600"));
    assert_false(read_from(path, "0123456789abcdef\n", 0604, &access, &failure));
    assert_false(read_from(path, "0123456789abcde\n", 0600, &access, &failure));
    assert_false(read_from(path, "0123456789 abcdef\n", 0600, &access, &failure));
    assert_false(read_from(path, "", 0600, &access, &failure));
    memset(text, 'x', sizeof text);
    text[SKAD_ACCESS_TOKEN_BYTES] = 0;
    assert_true(read_from(path, text, 0600, &access, &failure));
    text[SKAD_ACCESS_TOKEN_BYTES] = 'x';
    text[SKAD_ACCESS_TOKEN_BYTES + 1] = 0;
    assert_false(read_from(path, text, 0600, &access, &failure));
    assert_int_equal(unlink(path), 0);
    assert_false(skad_access_read_token(path, &access, &failure));
    assert_false(skad_access_read_token("/tmp", &access, &failure));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_a_number_or_listed),
        cmocka_unit_test(names_and_origins_are_checked_when_they_are_listed),
        cmocka_unit_test(only_the_token_allows_to_write),
        cmocka_unit_test(a_token_file_is_private_and_long_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
