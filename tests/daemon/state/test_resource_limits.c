/* What an operator lets a node use: rates, and limits of the process. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/daemon/state/limits.h"

static void without_limits_rates_stay(void **state)
{
    (void)state;
    static const char *const names[] = {"public", "test"};
    for (size_t i = 0; i < 2; i++) {
        const skad_limits none = {.memory_mib = 100, .disk_mib = 100, .descriptors = 200};
        skad_node_rates before;
        skad_node_rates after;
        skad_node_rates_default(skad_profile_builtin(names[i]), &before);
        after = before;
        skad_limits_change_rates(&none, &after);
        assert_memory_equal(&before, &after, sizeof before);
    }
}

static void a_rate_keeps_the_length_of_its_burst(void **state)
{
    (void)state;
    const skad_limits limits = {
        .bandwidth_kib = 100, .rate_all = 60, .rate_unproven = 100, .rate_address = 5};
    skad_node_rates rates;
    skad_node_rates_default(skad_profile_builtin("public"), &rates);
    skad_limits_change_rates(&limits, &rates);
    assert_int_equal(rates.answer_bytes.per_s, 100 << 10);
    assert_int_equal(rates.answer_bytes.burst, 100 << 10); /* of one second, as before */
    assert_int_equal(rates.validated_all.per_s, 60);
    assert_int_equal(rates.validated_all.burst, 30); /* of half a second */
    assert_int_equal(rates.unvalidated_all.burst, 50);
    assert_int_equal(rates.unvalidated[0].per_s, 5);
    assert_int_equal(rates.unvalidated[0].burst, 10); /* of two */
}

/* A rate of zero would let nothing in. */
static void a_network_without_rates_gets_those_of_the_public_one(void **state)
{
    (void)state;
    const skad_limits limits = {.rate_address = 1};
    skad_node_rates rates;
    skad_node_rates usual;
    skad_node_rates_default(skad_profile_builtin("test"), &rates);
    skad_node_rates_default(skad_profile_builtin("public"), &usual);
    assert_int_equal(rates.cells, 0);
    skad_limits_change_rates(&limits, &rates);
    assert_int_equal(rates.unvalidated[0].per_s, 1);
    rates.unvalidated[0] = usual.unvalidated[0];
    assert_memory_equal(&rates, &usual, sizeof usual);
}

/* In a process of its own, since limits are for good. */
static int enter(const skad_limits *limits, int resource)
{
    const pid_t child = fork();
    if (child == 0) {
        skad_failure failure;
        struct rlimit found;
        const bool entered = skad_limits_enter(limits, &failure);
        (void)getrlimit(resource, &found);
        _exit(entered && found.rlim_cur == found.rlim_max ? (int)(found.rlim_cur >> 20) : 255);
    }
    int end;
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_true(WIFEXITED(end));
    return WEXITSTATUS(end);
}

static void the_process_is_limited_for_good(void **state)
{
    (void)state;
    const skad_limits memory = {.memory_mib = 100};
    const skad_limits descriptors = {.descriptors = 200};
    assert_int_equal(enter(&memory, RLIMIT_DATA), 100);
    assert_int_equal(enter(&descriptors, RLIMIT_NOFILE), 0); /* of a million */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_rates_stay),
        cmocka_unit_test(a_rate_keeps_the_length_of_its_burst),
        cmocka_unit_test(a_network_without_rates_gets_those_of_the_public_one),
        cmocka_unit_test(the_process_is_limited_for_good),
    };
    return cmocka_run_group_tests_name("resource_limits", tests, NULL, NULL);
}
