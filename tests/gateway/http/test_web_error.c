/* Refusals: statuses of codes, and JSON that holds whatever a client sent. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include <jansson.h>

#include "src/gateway/http/web_error.h"
#include "tests/support/result.h"

static skad_web_error of(const char *code)
{
    skad_web_error error;
    skad_writer *writer = test_result_begin();
    skad_write_map(writer, 2);
    skad_write_str(writer, "code");
    skad_write_str(writer, code);
    skad_write_str(writer, "message");
    skad_write_str(writer, "so it is");
    skad_web_from_daemon(test_result_end(), &error);
    return error;
}

static void each_code_of_a_daemon_has_a_status(void **state)
{
    static const struct {
        const char *code;
        unsigned status;
    } cases[] = {
        {"method", 501},    {"params", 400},  {"input", 400},   {"version", 503},
        {"not_found", 404}, {"refused", 409}, {"aborted", 400}, {"timed_out", 504},
        {"storage", 507},   {"busy", 503},    {"denied", 403},  {"something_new", 502},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_web_error error = of(cases[i].code);
        assert_int_equal(error.status, cases[i].status);
        assert_string_equal(error.code, cases[i].code);
        assert_true(error.message[0] != 0);
    }
}

static void an_error_is_json_whatever_is_in_it(void **state)
{
    char text[SKAD_WEB_ERROR_BYTES];
    json_error_t flaw;
    skad_web_error error;
    (void)state;
    memset(&error, '"', sizeof error);
    error.code[sizeof error.code - 1] = 0;
    error.message[sizeof error.message - 1] = 0;
    error.message[3] = '\n';
    error.message[4] = (char)0xff;
    error.message[5] = '\\';
    error.parameter[sizeof error.parameter - 1] = 0;
    error.expected[sizeof error.expected - 1] = 0;
    error.piece[sizeof error.piece - 1] = 0;
    const size_t len = skad_web_error_write(&error, text);
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &flaw);
    assert_non_null(object);
    const json_t *inner = json_object_get(object, "error");
    assert_int_equal(json_object_size(inner), 5);
    assert_int_equal(json_string_length(json_object_get(inner, "message")),
                     sizeof error.message - 1);
    json_decref(object);
}

static void what_is_not_known_is_left_out(void **state)
{
    char text[SKAD_WEB_ERROR_BYTES];
    skad_web_error error;
    (void)state;
    assert_false(skad_web_refuse(&error, 404, "not_found", "none of %d", 7));
    text[skad_web_error_write(&error, text)] = 0;
    assert_string_equal(text, "{\"error\":{\"code\":\"not_found\",\"message\":\"none of 7\"}}\n");
    assert_false(skad_web_blame(&error, "key", "64 hex digits"));
    text[skad_web_error_write(&error, text)] = 0;
    assert_non_null(strstr(text, "\"parameter\":\"key\",\"expected\":\"64 hex digits\"}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_of_a_daemon_has_a_status),
        cmocka_unit_test(an_error_is_json_whatever_is_in_it),
        cmocka_unit_test(what_is_not_known_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
