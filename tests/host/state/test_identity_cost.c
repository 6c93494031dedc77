/* Networks whose identities this machine can and cannot prove. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/host/state/identity_cost.h"
#include "tests/support/failing_allocation.h"

static void the_built_in_networks_are_affordable(void **state)
{
    (void)state;
    skad_failure failure;
    assert_true(skad_identity_cost_check(skad_profile_builtin("public"), SKAD_IDENTITY_COST_US_MAX,
                                         &failure));
    assert_true(skad_identity_cost_check(skad_profile_builtin("test"), SKAD_IDENTITY_COST_US_MAX,
                                         &failure));
}

static void what_takes_too_long_is_told(void **state)
{
    (void)state;
    skad_failure failure;
    skad_profile slow = *skad_profile_builtin("test");
    slow.memory_kib = 16384;
    assert_false(skad_identity_cost_check(&slow, 1000, &failure));
    assert_non_null(
        strstr(failure.text, "proving an identity of the network 'skad-test-1' takes "));
    assert_non_null(strstr(failure.text, " ms on this machine, more than 1 ms: choose a profile "
                                         "with less memory_kib"));
}

static void what_takes_too_much_memory_is_told(void **state)
{
    (void)state;
    skad_failure failure;
    skad_profile large = *skad_profile_builtin("test");
    large.memory_kib = 65536;
    test_allocation_fail(1);
    assert_false(skad_identity_cost_check(&large, SKAD_IDENTITY_COST_US_MAX, &failure));
    assert_true(test_allocation_failed());
    assert_non_null(strstr(failure.text, "the network 'skad-test-1' takes 65536 KiB of memory to "
                                         "prove an identity, more than this process may use"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_networks_are_affordable),
        cmocka_unit_test(what_takes_too_long_is_told),
        cmocka_unit_test(what_takes_too_much_memory_is_told),
    };
    return cmocka_run_group_tests_name("identity_cost", tests, NULL, NULL);
}
