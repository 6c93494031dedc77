/* The table of routes: what a method and a path lead to, and the request to the daemon they make.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/gateway/http/routes.h"

#define KEY "e90f503c9667c216739b76ed41d3fefbf93f79580594c1541df7db4caeaf559b"

static const skad_route *find(const char *method, const char *raw, skad_target *target,
                              skad_web_error *error)
{
    char allowed[SKAD_ROUTE_ALLOWED_BYTES];
    assert_true(skad_target_read(raw, target, error));
    return skad_route_find(method, target, allowed, error);
}

static void each_row_is_found_by_its_own_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_ROUTES_COUNT; i++) {
        skad_target target;
        skad_web_error error;
        char raw[128] = {0};
        const char *open = strchr(SKAD_ROUTES[i].path, '{');
        strcpy(raw, SKAD_ROUTES[i].path);
        if (open != NULL) {
            strcpy(raw + (open - SKAD_ROUTES[i].path), KEY);
            strcat(raw, strchr(open, '}') + 1);
        }
        assert_ptr_equal(find(SKAD_ROUTES[i].method, raw, &target, &error), &SKAD_ROUTES[i]);
        skad_control_request request;
        assert_true(skad_route_request(&SKAD_ROUTES[i], &target, &request, &error));
        assert_int_equal(request.method, SKAD_ROUTES[i].call);
    }
}

static void another_method_or_path_is_told_apart(void **state)
{
    (void)state;
    skad_target target;
    skad_web_error error;
    char allowed[SKAD_ROUTE_ALLOWED_BYTES];
    assert_non_null(find("HEAD", "/v1/status", &target, &error));
    assert_null(find("PUT", "/v1/status", &target, &error));
    assert_int_equal(error.status, 405);
    assert_null(find("GET", "/v1/value", &target, &error));
    assert_int_equal(error.status, 405);
    assert_null(find("get", "/v1/status", &target, &error));
    assert_null(find("GET", "/v2/status", &target, &error));
    assert_int_equal(error.status, 404);
    assert_null(find("GET", "/v1/value/" KEY "/x", &target, &error));
    assert_int_equal(error.status, 404);
    assert_true(skad_target_read("/v1/providers/" KEY, &target, &error));
    assert_null(skad_route_find("DELETE", &target, allowed, &error));
    assert_string_equal(allowed, "GET, HEAD, POST");
}

static bool makes(const char *method, const char *raw, skad_control_request *out,
                  skad_web_error *error)
{
    static skad_target target;
    const skad_route *route = find(method, raw, &target, error);
    assert_non_null(route);
    return skad_route_request(route, &target, out, error);
}

static void a_query_sets_what_its_address_takes(void **state)
{
    (void)state;
    skad_control_request request;
    skad_web_error error;
    assert_true(makes("GET", "/v1/record/" KEY "/watch?salt=a%20b&every_s=5", &request, &error));
    assert_int_equal(request.every_s, 5);
    assert_int_equal(request.salt.len, 3);
    assert_true(makes("GET", "/v1/status/watch", &request, &error));
    assert_int_equal(request.every_s, SKAD_CONTROL_PERIOD_S_DEFAULT);
    assert_true(makes("POST", "/v1/value?keep=true", &request, &error));
    assert_true(request.keep);
    assert_true(makes("POST", "/v1/value", &request, &error));
    assert_false(request.keep);
    assert_true(makes("GET", "/v1/events", &request, &error));
    assert_int_equal(request.kinds, SKAD_CONTROL_KINDS_ALL);
}

static void a_wrong_parameter_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *raw;
        const char *parameter;
    } cases[] = {
        {"GET", "/v1/value/xyz", "key"},
        {"GET", "/v1/lookup/00", "id"},
        {"GET", "/v1/record/" KEY "0", "publisher"},
        {"GET", "/v1/record/" KEY "/watch?every_s=4", "every_s"},
        {"GET", "/v1/record/" KEY "/watch?every_s=4294967296", "every_s"},
        {"GET", "/v1/status/watch?every_s=0", "every_s"},
        {"GET", "/v1/status/watch?every_s=3601", "every_s"},
        {"POST", "/v1/value?keep=1", "keep"},
        {"GET", "/v1/status?keep=true", ""},
        {"GET", "/v1/record/" KEY "?every_s=5", ""},
        {"GET",
         "/v1/record/" KEY
         "?salt=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "salt"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_control_request request;
        skad_web_error error;
        assert_false(makes(cases[i].method, cases[i].raw, &request, &error));
        assert_int_equal(error.status, 400);
        assert_string_equal(error.parameter, cases[i].parameter);
    }
}

static void only_posts_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_ROUTES_COUNT; i++) {
        assert_int_equal(SKAD_ROUTES[i].writes, strcmp(SKAD_ROUTES[i].method, "POST") == 0);
        assert_int_equal(SKAD_ROUTES[i].writes, SKAD_ROUTES[i].body != SKAD_BODY_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_found_by_its_own_path),
        cmocka_unit_test(another_method_or_path_is_told_apart),
        cmocka_unit_test(a_query_sets_what_its_address_takes),
        cmocka_unit_test(a_wrong_parameter_is_named),
        cmocka_unit_test(only_posts_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
