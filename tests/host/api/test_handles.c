/* Handles: none is used again, and none of another table's place is taken for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/host/api/handles.h"

static void a_handle_finds_its_host_until_it_is_freed(void **state)
{
    (void)state;
    int host;
    const skad_host handle = skad_handle_new(&host);
    assert_true(handle != 0);
    assert_ptr_equal(skad_handle_find(handle), &host);
    assert_ptr_equal(skad_handle_hold(handle), &host);
    skad_handle_release();
    skad_handle_free(handle);
    assert_null(skad_handle_find(handle));
    skad_handle_free(handle);
    assert_null(skad_handle_hold(handle));
    skad_handle_release();
}

static void no_handle_is_used_again(void **state)
{
    (void)state;
    int host;
    skad_host before[1000];
    for (size_t i = 0; i < 1000; i++) {
        before[i] = skad_handle_new(&host);
        for (size_t j = 0; j < i; j++) {
            assert_true(before[j] != before[i]);
            assert_null(skad_handle_find(before[j]));
        }
        skad_handle_free(before[i]);
    }
}

static void there_are_only_so_many(void **state)
{
    (void)state;
    int hosts[SKAD_HOSTS_MAX];
    skad_host handles[SKAD_HOSTS_MAX];
    for (size_t i = 0; i < SKAD_HOSTS_MAX; i++) {
        handles[i] = skad_handle_new(&hosts[i]);
        assert_true(handles[i] != 0);
    }
    assert_true(skad_handle_new(&hosts[0]) == 0);
    skad_handle_free(handles[7]);
    const skad_host again = skad_handle_new(&hosts[7]);
    assert_true(again != 0 && again != handles[7]);
    handles[7] = again;
    for (size_t i = 0; i < SKAD_HOSTS_MAX; i++) {
        assert_ptr_equal(skad_handle_find(handles[i]), &hosts[i]);
        skad_handle_free(handles[i]);
    }
}

static void numbers_that_were_never_handles_find_nothing(void **state)
{
    (void)state;
    int host;
    const skad_host handle = skad_handle_new(&host);
    const skad_host others[] = {0,          1,          SKAD_HOSTS_MAX,
                                UINT64_MAX, handle + 1, handle ^ (1ULL << 60)};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_null(skad_handle_find(others[i]));
    }
    skad_handle_free(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_finds_its_host_until_it_is_freed),
        cmocka_unit_test(no_handle_is_used_again),
        cmocka_unit_test(there_are_only_so_many),
        cmocka_unit_test(numbers_that_were_never_handles_find_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
