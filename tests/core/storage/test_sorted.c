/* Sorted arrays: their order, whatever comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/core/storage/sorted.h"

static int compare(const void *a, const void *b)
{
    const unsigned left = *(const unsigned *)a;
    const unsigned right = *(const unsigned *)b;
    return (left > right) - (left < right);
}

static void what_comes_and_goes_stays_in_order(void **state)
{
    (void)state;
    enum { MANY = 100 };
    static unsigned numbers[MANY];
    skad_sorted array = {.compare = compare};
    for (unsigned i = 0; i < MANY; i++) {
        numbers[i] = i * 37 % MANY;
        assert_true(skad_sorted_reserve(&array));
        skad_sorted_insert(&array, &numbers[i]);
    }
    for (unsigned i = 0; i < MANY; i += 2) {
        skad_sorted_remove(&array, &numbers[i]);
    }
    assert_int_equal(array.count, MANY / 2);
    for (size_t i = 1; i < array.count; i++) {
        assert_true(compare(array.items[i - 1], array.items[i]) < 0);
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_ptr_equal(skad_sorted_find(&array, &numbers[i]), i % 2 == 0 ? NULL : &numbers[i]);
    }
    free(array.items);
}

static void a_position_is_that_of_the_first_item_not_before(void **state)
{
    (void)state;
    static unsigned numbers[] = {10, 20};
    static const struct {
        unsigned what;
        size_t position;
    } cases[] = {{5, 0}, {10, 0}, {11, 1}, {20, 1}, {21, 2}};
    skad_sorted array = {.compare = compare};
    assert_int_equal(skad_sorted_position(&array, &numbers[0]), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_true(skad_sorted_reserve(&array));
        skad_sorted_insert(&array, &numbers[i]);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(skad_sorted_position(&array, &cases[i].what), cases[i].position);
    }
    free(array.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_and_goes_stays_in_order),
        cmocka_unit_test(a_position_is_that_of_the_first_item_not_before),
    };
    return cmocka_run_group_tests_name("sorted", tests, NULL, NULL);
}
