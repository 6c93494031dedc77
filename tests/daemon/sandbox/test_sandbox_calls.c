/* The filter of system calls, where it cannot be made: each step fails once. The linker hands the
 * steps to this test, and no filter comes into force. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "src/daemon/sandbox/sandbox_calls.h"

/* seccomp.h of libseccomp and of Linux; the header itself belongs to sandbox_calls.c. */
#define KILL_PROCESS 0x80000000U
#define LOG          0x7ffc0000U
#define ALLOW        0x7fff0000U
#define FAILS        0x00050000U /* and the error */

void *__wrap_seccomp_init(uint32_t otherwise);
void __wrap_seccomp_release(void *filter);
int __wrap_seccomp_attr_set(void *filter, int attribute, uint32_t value);
int __wrap_seccomp_rule_add(void *filter, uint32_t action, int call, unsigned count, ...);
int __wrap_seccomp_rule_add_array(void *filter, uint32_t action, int call, unsigned count,
                                  const void *conditions);
int __wrap_seccomp_load(void *filter);

static struct {
    size_t nth; /* the step that fails; 0: none */
    size_t steps;
    bool without_memory;
    uint32_t otherwise;
    unsigned released;
    unsigned loaded;
    unsigned allowed;
    unsigned conditions;
    unsigned refused;
    unsigned missing; /* calls that are said not to exist */
    bool badarch;     /* other architectures are treated likewise */
} maker;

static int filter_there; /* only its address counts */

static int step(const void *filter)
{
    assert_ptr_equal(filter, &filter_there);
    return ++maker.steps == maker.nth ? -EINVAL : 0;
}

void *__wrap_seccomp_init(uint32_t otherwise)
{
    maker.otherwise = otherwise;
    return maker.without_memory ? NULL : &filter_there;
}

void __wrap_seccomp_release(void *filter)
{
    assert_ptr_equal(filter, &filter_there);
    maker.released++;
}

int __wrap_seccomp_attr_set(void *filter, int attribute, uint32_t value)
{
    (void)attribute;
    maker.badarch |= value == maker.otherwise;
    return step(filter);
}

int __wrap_seccomp_rule_add(void *filter, uint32_t action, int call, unsigned count, ...)
{
    (void)call;
    assert_int_equal(count, 0);
    maker.allowed += action == ALLOW;
    maker.missing += action == (FAILS | ENOSYS);
    return step(filter);
}

int __wrap_seccomp_rule_add_array(void *filter, uint32_t action, int call, unsigned count,
                                  const void *conditions)
{
    (void)call;
    (void)conditions;
    assert_in_range(count, 1, 2);
    maker.conditions += action == ALLOW;
    maker.refused += (action & 0xffff0000U) == FAILS;
    return step(filter);
}

int __wrap_seccomp_load(void *filter)
{
    maker.loaded++;
    return step(filter);
}

static void what_is_not_allowed_kills_or_is_logged(void **state)
{
    (void)state;
    static const uint32_t otherwise[] = {KILL_PROCESS, LOG};
    for (size_t log_only = 0; log_only < 2; log_only++) {
        memset(&maker, 0, sizeof maker);
        assert_int_equal(skad_sandbox_close_calls(log_only == 1), 0);
        assert_int_equal(maker.otherwise, otherwise[log_only]);
        assert_true(maker.badarch);
        assert_int_equal(maker.loaded, 1);
        assert_int_equal(maker.released, 1);
        assert_true(maker.allowed > 50);
        assert_int_equal(maker.conditions, 38);             /* of the tables, and tgkill */
        assert_true(maker.missing >= 1);                    /* clone3 */
        assert_int_equal(maker.refused > 0, log_only == 0); /* other ioctls */
    }
}

/* All steps but one: the shape of the filter is only a matter of speed. */
static void a_step_that_fails_is_told_and_nothing_comes_into_force(void **state)
{
    (void)state;
    memset(&maker, 0, sizeof maker);
    assert_int_equal(skad_sandbox_close_calls(false), 0);
    size_t steps = maker.steps;
    for (size_t nth = 1; nth <= steps; nth++) {
        bool speed = nth == steps - 1;
        memset(&maker, 0, sizeof maker);
        maker.nth = nth;
        assert_int_equal(skad_sandbox_close_calls(false), speed ? 0 : EINVAL);
        assert_int_equal(maker.steps, speed ? steps : nth); /* it goes no further */
        assert_int_equal(maker.loaded, nth >= steps - 1);
        assert_int_equal(maker.released, 1);
    }
    memset(&maker, 0, sizeof maker);
    maker.without_memory = true;
    assert_int_equal(skad_sandbox_close_calls(false), ENOMEM);
    assert_int_equal(maker.steps + maker.released, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_allowed_kills_or_is_logged),
        cmocka_unit_test(a_step_that_fails_is_told_and_nothing_comes_into_force),
    };
    return cmocka_run_group_tests_name("sandbox_calls", tests, NULL, NULL);
}
