/* Bodies: JSON objects by table, and the bytes of values. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "src/gateway/http/body.h"

#define KEY "e90f503c9667c216739b76ed41d3fefbf93f79580594c1541df7db4caeaf559b"

static skad_body kept;

static const skad_route *route_of(const char *path)
{
    char allowed[SKAD_ROUTE_ALLOWED_BYTES];
    skad_target target;
    skad_web_error error;
    assert_true(skad_target_read(path, &target, &error));
    const skad_route *route = skad_route_find("POST", &target, allowed, &error);
    assert_non_null(route);
    return route;
}

static bool reads(const char *path, const char *text, skad_control_request *out,
                  skad_web_error *error)
{
    const skad_route *route = route_of(path);
    *out = (skad_control_request){.method = route->call, .auto_sequence = true};
    return skad_body_read(route, (skad_span){(const uint8_t *)text, strlen(text)}, &kept, out,
                          error);
}

static void an_object_sets_what_it_names(void **state)
{
    (void)state;
    skad_control_request request;
    skad_web_error error;
    assert_true(reads("/v1/record",
                      "{\"text\":\"a\\u0000\\u00e4\",\"salt\":\"s\",\"cas\":0,\"life_s\":9,"
                      "\"keep\":true}",
                      &request, &error));
    assert_int_equal(request.value.len, 4);
    assert_memory_equal(request.value.data, "a\0\xc3\xa4", 4);
    assert_int_equal(request.salt.len, 1);
    assert_true(request.auto_sequence && request.has_cas && request.cas == 0 && request.keep);
    assert_int_equal(request.life_s, 9);
    assert_true(reads("/v1/record", "{\"value\":\"00ff\",\"sequence\":7}", &request, &error));
    assert_memory_equal(request.value.data, "\0\xff", 2);
    assert_true(!request.auto_sequence && request.sequence == 7);
    assert_true(reads("/v1/record", "{\"text\":\"\"}", &request, &error));
    assert_int_equal(request.value.len, 0);
    assert_true(reads("/v1/providers/" KEY, "{}", &request, &error));
    assert_int_equal(request.address.port, 0);
    assert_true(reads("/v1/providers/" KEY, "{\"endpoint\":8080}", &request, &error));
    assert_int_equal(request.address.port, 8080);
    assert_true(reads("/v1/providers/" KEY, "{\"endpoint\":\"192.0.2.1:5\"}", &request, &error));
    assert_int_equal(request.address.family, SKAD_FAMILY_IPV4);
}

static void what_is_no_such_object_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *text;
        const char *parameter;
    } cases[] = {
        {"/v1/record", "", ""},
        {"/v1/record", "[]", ""},
        {"/v1/record", "{", ""},
        {"/v1/record", "{} {}", ""},
        {"/v1/record", "{\"text\":\"a\",\"text\":\"b\"}", ""},
        {"/v1/record", "{\"txt\":\"a\"}", ""},
        {"/v1/record", "{\"text\":\"\xff\"}", ""},
        {"/v1/record", "{\"endpoint\":1,\"text\":\"a\"}", ""},
        {"/v1/record", "{}", "value"},
        {"/v1/record", "{\"text\":1}", "text"},
        {"/v1/record", "{\"value\":\"0\"}", "value"},
        {"/v1/record", "{\"value\":\"zz\"}", "value"},
        {"/v1/record", "{\"text\":\"a\",\"value\":\"00\"}", "value"},
        {"/v1/record", "{\"text\":\"a\",\"salt\":1}", "salt"},
        {"/v1/record", "{\"text\":\"a\",\"sequence\":-1}", "sequence"},
        {"/v1/record", "{\"text\":\"a\",\"sequence\":1.5}", "sequence"},
        {"/v1/record", "{\"text\":\"a\",\"cas\":null}", "cas"},
        {"/v1/record", "{\"text\":\"a\",\"life_s\":0}", "life_s"},
        {"/v1/record", "{\"text\":\"a\",\"life_s\":4294967296}", "life_s"},
        {"/v1/record", "{\"text\":\"a\",\"keep\":1}", "keep"},
        {"/v1/providers/" KEY, "{\"endpoint\":0}", "endpoint"},
        {"/v1/providers/" KEY, "{\"endpoint\":65536}", "endpoint"},
        {"/v1/providers/" KEY, "{\"endpoint\":\"somewhere\"}", "endpoint"},
        {"/v1/providers/" KEY, "{\"endpoint\":\"192.0.2.1:0\"}", "endpoint"},
        {"/v1/value", "", "value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_control_request request;
        skad_web_error error;
        if (reads(cases[i].path, cases[i].text, &request, &error)) {
            fail_msg("%s was taken", cases[i].text);
        }
        assert_int_equal(error.status, 400);
        assert_string_equal(error.parameter, cases[i].parameter);
    }
}

static void the_longest_value_fits_and_a_longer_one_does_not(void **state)
{
    (void)state;
    char text[2 * 801 + 64];
    skad_control_request request;
    skad_web_error error;
    char hex[2 * 801 + 1];
    memset(hex, '0', sizeof hex);
    hex[1600] = 0;
    (void)snprintf(text, sizeof text, "{\"value\":\"%s\"}", hex);
    assert_true(reads("/v1/record", text, &request, &error));
    assert_int_equal(request.value.len, 800);
    hex[1600] = '0';
    hex[1602] = 0;
    (void)snprintf(text, sizeof text, "{\"value\":\"%s\"}", hex);
    assert_false(reads("/v1/record", text, &request, &error));
    memset(text, 'v', 1001);
    text[1000] = 0;
    assert_true(reads("/v1/value", text, &request, &error));
    assert_int_equal(request.value.len, 1000);
    text[1000] = 'v';
    text[1001] = 0;
    assert_false(reads("/v1/value", text, &request, &error));
    assert_int_equal(error.status, 413);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_sets_what_it_names),
        cmocka_unit_test(what_is_no_such_object_is_refused),
        cmocka_unit_test(the_longest_value_fits_and_a_longer_one_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
