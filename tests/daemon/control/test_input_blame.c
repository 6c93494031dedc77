/* Which parameter is to blame: the very requests that a node refuses to start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/daemon/control/input_blame.h"
#include "tests/support/fixture.h"

#define DAY_S 86400U

static test_fixture fixture;
static skad_method_context context;
static uint8_t bytes[1001];

static int begin(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    context = (skad_method_context){
        .node = fixture.node, .store = fixture.store, .profile = &fixture.profile};
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static void what_the_node_refuses_is_blamed_on_its_parameter(void **state)
{
    (void)state;
    static const struct {
        skad_control_request request;
        const char *parameter;
    } cases[] = {
        {{.method = SKAD_CONTROL_PING}, "address"},
        {{.method = SKAD_CONTROL_PUT}, "value"},
        {{.method = SKAD_CONTROL_PUT, .value = {bytes, 1001}}, "value"},
        {{.method = SKAD_CONTROL_STORE, .value = {bytes, 9}}, "record"},
        {{.method = SKAD_CONTROL_PUT, .value = {bytes, 9}, .forward = true, .keep = true}, "keep"},
        {{.method = SKAD_CONTROL_PUT, .forward = true}, "value"},
        {{.method = SKAD_CONTROL_STORE, .value = {bytes, 9}, .forward = true, .keep = true},
         "keep"},
        {{.method = SKAD_CONTROL_STORE, .value = {bytes, 9}, .forward = true, .has_cas = true},
         "cas"},
        {{.method = SKAD_CONTROL_STORE, .value = {bytes, 9}, .forward = true}, "record"},
        {{.method = SKAD_CONTROL_PUBLISH, .value = {bytes, 801}}, "value"},
        {{.method = SKAD_CONTROL_PUBLISH, .salt = {bytes, 65}}, "salt"},
        {{.method = SKAD_CONTROL_PUBLISH, .life_s = 2 * DAY_S + 1}, "life_s"},
        {{.method = SKAD_CONTROL_PUBLISH, .life_s = DAY_S / 6 - 1, .keep = true}, "life_s"},
        {{.method = SKAD_CONTROL_ANNOUNCE, .value = {bytes, 129}}, "metadata"},
        {{.method = SKAD_CONTROL_ANNOUNCE, .life_s = 2 * DAY_S + 1}, "life_s"},
        {{.method = SKAD_CONTROL_ANNOUNCE, .address = {.port = 80}}, "endpoint"},
        {{.method = SKAD_CONTROL_RESOLVE, .salt = {bytes, 65}}, "salt"},
        {{.method = SKAD_CONTROL_WATCH_RECORD, .salt = {bytes, 65}, .every_s = 5}, "salt"},
        {{.method = SKAD_CONTROL_WATCH_RECORD, .every_s = 4}, "every_s"},
        {{.method = SKAD_CONTROL_WATCH_PROVIDERS, .every_s = 4}, "every_s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_op op;
        const skad_status status = skad_method_start(&context, &cases[i].request, fixture.now, &op);
        assert_true(status != SKAD_OK);
        const skad_control_blame blame = skad_input_blame(&context, &cases[i].request, status);
        if (blame.parameter == NULL || strcmp(blame.parameter, cases[i].parameter) != 0) {
            fail_msg("%s: blamed '%s'", cases[i].parameter,
                     blame.parameter != NULL ? blame.parameter : "nothing");
        }
    }
}

static void a_life_at_its_bounds_is_not_blamed(void **state)
{
    (void)state;
    static const skad_control_request cases[] = {
        {.method = SKAD_CONTROL_PUBLISH, .life_s = 2 * DAY_S},
        {.method = SKAD_CONTROL_PUBLISH, .life_s = DAY_S / 6, .keep = true},
        {.method = SKAD_CONTROL_PUBLISH, .life_s = 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_op op;
        assert_int_equal(skad_method_start(&context, &cases[i], fixture.now, &op), SKAD_OK);
        assert_null(skad_input_blame(&context, &cases[i], SKAD_ERR_INPUT).parameter);
    }
}

static void what_the_node_itself_cannot_is_no_parameters_fault(void **state)
{
    (void)state;
    const skad_control_request request = {.method = SKAD_CONTROL_PUT};
    static const skad_status statuses[] = {SKAD_ERR_FULL, SKAD_ERR_MEMORY, SKAD_ERR_IO};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        assert_null(skad_input_blame(&context, &request, statuses[i]).parameter);
    }
}

#define AT_NODE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_NODE(what_the_node_refuses_is_blamed_on_its_parameter),
        AT_NODE(a_life_at_its_bounds_is_not_blamed),
        AT_NODE(what_the_node_itself_cannot_is_no_parameters_fault),
    };
    return cmocka_run_group_tests_name("blame", tests, NULL, NULL);
}
