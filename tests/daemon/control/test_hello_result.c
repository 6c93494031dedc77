/* What a node says of itself when a client says hello. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "proto/address.h"
#include "skad/version.h"
#include "src/daemon/control/hello_result.h"
#include "tests/support/fixture.h"
#include "tests/support/result.h"

static test_fixture fixture;
static skad_method_context context;

static int begin(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    context = (skad_method_context){.node = fixture.node, .profile = &fixture.profile};
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_answer hello(uint64_t api, bool monitors)
{
    const skad_control_request request = {.method = SKAD_CONTROL_HELLO, .msgid = 3, .api = api};
    skad_hello_answer(&context, &request, monitors, test_result_begin());
    return test_result_end();
}

static bool names(skad_answer methods, const char *name)
{
    for (size_t i = 0; i < skad_answer_count(methods); i++) {
        const skad_item *item = skad_answer_at(methods, i).item;
        if (item->count == strlen(name) && memcmp(item->u.data, name, item->count) == 0) {
            return true;
        }
    }
    return false;
}

static void a_node_tells_who_it_is_and_what_one_client_may_have(void **state)
{
    (void)state;
    char id[SKAD_ID_TEXT_BYTES];
    skad_id_format(skad_node_self(fixture.node), id);
    skad_answer result = skad_answer_at(hello(SKAD_CONTROL_API, false), 3);
    test_result_expect(result, "api", 1);
    test_result_expect(result, "minor", SKAD_CONTROL_MINOR);
    test_result_expect_text(skad_answer_get(result, "version"), SKAD_VERSION);
    test_result_expect_text(skad_answer_get(result, "socket"), "control");
    test_result_expect_text(skad_answer_get(result, "profile"), fixture.profile.name);
    test_result_expect_text(skad_answer_get(result, "id"), id);
    skad_answer limits = skad_answer_get(result, "limits");
    static const test_number numbers[] = {
        {"request_bytes", 4096},
        {"operations", 64},
        {"watches", 64},
        {"unread_bytes", 1 << 20},
        {"value_bytes", 1000},
        {"mutable_bytes", 800},
        {"salt_bytes", 64},
        {"metadata_bytes", 128},
        {"subscriptions", 8},
        {"batch", 32},
        {"files", 4},
        {"chunk_bytes", 4000},
    };
    test_result_expect_all(limits, numbers, sizeof numbers / sizeof numbers[0]);
}

static void a_socket_names_the_methods_that_it_takes(void **state)
{
    (void)state;
    skad_answer result = skad_answer_at(hello(SKAD_CONTROL_API, false), 3);
    assert_true(names(skad_answer_get(result, "methods"), "put"));
    assert_true(names(skad_answer_get(result, "methods"), "hello"));
    result = skad_answer_at(hello(SKAD_CONTROL_API, true), 3);
    test_result_expect_text(skad_answer_get(result, "socket"), "monitor");
    assert_false(names(skad_answer_get(result, "methods"), "put"));
    assert_true(names(skad_answer_get(result, "methods"), "hello"));
    assert_true(names(skad_answer_get(result, "methods"), "status"));
}

static void an_api_that_the_node_does_not_have_is_an_error_that_names_both(void **state)
{
    (void)state;
    skad_answer whole = hello(2, false);
    test_result_expect_error(whole, 3, "version",
                             "this node speaks API 1 of the control protocol, the client asks for "
                             "2: take a client and a node of the same API");
    test_result_expect_text(skad_answer_get(skad_answer_at(whole, 2), "parameter"), "api");
}

#define AT_NODE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_NODE(a_node_tells_who_it_is_and_what_one_client_may_have),
        AT_NODE(a_socket_names_the_methods_that_it_takes),
        AT_NODE(an_api_that_the_node_does_not_have_is_an_error_that_names_both),
    };
    return cmocka_run_group_tests_name("hello", tests, NULL, NULL);
}
