/* The buffer between a daemon and a client. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/gateway/serve/inside.h"

static void bytes_come_out_as_they_went_in(void **state)
{
    skad_flow flow = {.bytes = NULL};
    char out[8];
    (void)state;
    assert_int_equal(skad_flow_take(&flow, out, sizeof out), 0);
    assert_true(skad_flow_add(&flow, "hello", 5, 16));
    assert_int_equal(skad_flow_take(&flow, out, 3), 3);
    assert_memory_equal(out, "hel", 3);
    assert_true(skad_flow_add(&flow, " you", 4, 16));
    assert_int_equal(skad_flow_take(&flow, out, sizeof out), 6);
    assert_memory_equal(out, "lo you", 6);
    assert_int_equal(skad_flow_take(&flow, out, sizeof out), 0);
    free(flow.bytes);
}

static void it_grows_to_its_bound_and_no_further(void **state)
{
    skad_flow flow = {.bytes = NULL};
    char out[16];
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        assert_true(skad_flow_add(&flow, "x", 1, 16));
    }
    assert_false(skad_flow_add(&flow, "y", 1, 16));
    assert_true(flow.cap <= 16);
    assert_int_equal(skad_flow_take(&flow, out, 4), 4);
    assert_true(skad_flow_add(&flow, "yyyy", 4, 16));
    assert_false(skad_flow_add(&flow, "yyyy", SIZE_MAX, 16));
    assert_int_equal(skad_flow_take(&flow, out, 16), 16);
    assert_memory_equal(out, "xxxxxxxxxxxxyyyy", 16);
    free(flow.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(it_grows_to_its_bound_and_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
