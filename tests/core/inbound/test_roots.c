/* Batch roots that verified: how many are remembered, and which one is forgotten first. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/inbound/roots.h"
#include "tests/support/failing_allocation.h"

#define ROOTS 4

static skad_roots roots;

static int begin(void **state)
{
    (void)state;
    return skad_roots_init(&roots, ROOTS, false) == SKAD_OK ? 0 : -1;
}

static int begin_lazily(void **state)
{
    (void)state;
    return skad_roots_init(&roots, ROOTS, true) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    test_allocation_fail(0);
    skad_roots_free(&roots);
    return 0;
}

static void remember(uint8_t number)
{
    const uint8_t fingerprint[SKAD_HASH_BYTES] = {number, [SKAD_HASH_BYTES - 1] = number};
    skad_roots_remember(&roots, fingerprint);
}

static bool remembers(uint8_t number)
{
    const uint8_t fingerprint[SKAD_HASH_BYTES] = {number, [SKAD_HASH_BYTES - 1] = number};
    for (size_t i = 0; i < ROOTS && roots.fingerprints != NULL; i++) {
        if (memcmp(roots.fingerprints[i], fingerprint, sizeof fingerprint) == 0) {
            return true;
        }
    }
    return false;
}

static void the_last_few_are_remembered_and_the_oldest_gives_way(void **state)
{
    (void)state;
    for (uint8_t number = 1; number <= 20; number++) {
        remember(number);
        assert_true(remembers(number));
        assert_true(number < ROOTS || remembers((uint8_t)(number - ROOTS + 1)));
        assert_false(number > ROOTS && remembers((uint8_t)(number - ROOTS)));
    }
}

static void nothing_is_remembered_at_first(void **state)
{
    (void)state;
    assert_false(remembers(1));
}

static void memory_comes_with_the_first_root(void **state)
{
    (void)state;
    assert_null(roots.fingerprints);
    remember(1);
    assert_true(remembers(1));
}

static void without_memory_a_root_is_forgotten_and_the_next_is_not(void **state)
{
    (void)state;
    test_allocation_fail(1);
    remember(1);
    assert_true(test_allocation_failed());
    assert_null(roots.fingerprints);
    remember(2);
    assert_true(remembers(2));
    assert_false(remembers(1));
}

static void a_ring_without_memory_is_refused(void **state)
{
    (void)state;
    skad_roots none;
    test_allocation_fail(1);
    assert_int_equal(skad_roots_init(&none, ROOTS, false), SKAD_ERR_MEMORY);
    skad_roots_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_few_are_remembered_and_the_oldest_gives_way, begin,
                                        end),
        cmocka_unit_test_setup_teardown(nothing_is_remembered_at_first, begin, end),
        cmocka_unit_test_setup_teardown(memory_comes_with_the_first_root, begin_lazily, end),
        cmocka_unit_test_setup_teardown(without_memory_a_root_is_forgotten_and_the_next_is_not,
                                        begin_lazily, end),
        cmocka_unit_test(a_ring_without_memory_is_refused),
    };
    return cmocka_run_group_tests_name("roots", tests, NULL, NULL);
}
