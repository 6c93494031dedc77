/* The OpenAPI document tells each route of the table, with its parameters and its need of a token,
 * and no other. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include <jansson.h>

#include "src/gateway/http/routes.h"

static json_t *document;

static int read_document(void **state)
{
    json_error_t flaw;
    (void)state;
    document = json_load_file(SKAD_SOURCE_DIR "/src/gateway/page/openapi.json",
                              JSON_REJECT_DUPLICATES, &flaw);
    return document == NULL ? -1 : 0;
}

static int free_document(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

static const char *lower(const char *method)
{
    return strcmp(method, "GET") == 0 ? "get" : "post";
}

/* Whether a parameter is listed, by reference or by itself. */
static bool has_parameter(const json_t *operation, const char *where, const char *name)
{
    const json_t *all = json_object_get(json_object_get(document, "components"), "parameters");
    const json_t *list = json_object_get(operation, "parameters");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *ref = json_string_value(json_object_get(one, "$ref"));
        if (ref != NULL) {
            one = json_object_get(all, strrchr(ref, '/') + 1);
            assert_non_null(one);
        }
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0 &&
            strcmp(json_string_value(json_object_get(one, "in")), where) == 0) {
            return true;
        }
    }
    return false;
}

static void each_route_is_told(void **state)
{
    (void)state;
    const json_t *paths = json_object_get(document, "paths");
    for (size_t i = 0; i < SKAD_ROUTES_COUNT; i++) {
        const skad_route *route = &SKAD_ROUTES[i];
        if (strncmp(route->path, "/v1/", 4) != 0) {
            continue; /* the page */
        }
        const json_t *operation =
            json_object_get(json_object_get(paths, route->path), lower(route->method));
        if (operation == NULL) {
            fail_msg("%s %s is not told", route->method, route->path);
        }
        assert_int_equal(route->writes, json_object_get(operation, "security") != NULL);
        assert_int_equal(route->body != SKAD_BODY_NONE,
                         json_object_get(operation, "requestBody") != NULL);
        for (size_t f = 0; f < SKAD_ROUTE_FIELDS_MAX && route->fields[f] != NULL; f++) {
            assert_true(has_parameter(operation, "query", route->fields[f]));
        }
        const char *open = strchr(route->path, '{');
        char name[16] = {0};
        if (open != NULL) {
            memcpy(name, open + 1, strcspn(open + 1, "}"));
            assert_true(has_parameter(operation, "path", name));
        }
    }
}

static bool is_route(const char *path, const char *method)
{
    for (size_t i = 0; i < SKAD_ROUTES_COUNT; i++) {
        if (strcmp(SKAD_ROUTES[i].path, path) == 0 &&
            strcmp(lower(SKAD_ROUTES[i].method), method) == 0) {
            return true;
        }
    }
    return false;
}

static void nothing_else_is_told(void **state)
{
    const char *path;
    const char *method;
    json_t *operations;
    json_t *operation;
    (void)state;
    json_object_foreach(json_object_get(document, "paths"), path, operations)
    {
        json_object_foreach(operations, method, operation)
        {
            if (!is_route(path, method)) {
                fail_msg("%s %s is no route", method, path);
            }
        }
    }
}

static void each_code_of_an_error_is_told(void **state)
{
    static const char *const codes[] = {
#define CODE(name, text) text,
        SKAD_CONTROL_ERRORS(CODE)
#undef CODE
            "unavailable",
    };
    (void)state;
    const json_t *list = json_object_get(document, "components");
    static const char *const way[] = {"schemas",    "Error", "properties", "error",
                                      "properties", "code",  "enum"};
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        list = json_object_get(list, way[i]);
    }
    assert_int_equal(json_array_size(list), sizeof codes / sizeof codes[0]);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        bool found = false;
        for (size_t k = 0; k < json_array_size(list); k++) {
            found = found || strcmp(json_string_value(json_array_get(list, k)), codes[i]) == 0;
        }
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_is_told),
        cmocka_unit_test(nothing_else_is_told),
        cmocka_unit_test(each_code_of_an_error_is_told),
    };
    return cmocka_run_group_tests(tests, read_document, free_document);
}
