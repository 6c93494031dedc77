/* Lists of slots: finding one, and closing the gap that one leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/slot_list.h"

static void a_slot_is_found_where_it_stands_first(void **state)
{
    static const skad_peer_slot slots[] = {5, 0, 7, 5, 9};
    (void)state;
    assert_int_equal(skad_slot_list_find(slots, 5, 5), 0);
    assert_int_equal(skad_slot_list_find(slots, 5, 0), 1);
    assert_int_equal(skad_slot_list_find(slots, 5, 9), 4);
}

static void what_is_not_in_the_list_stands_behind_it(void **state)
{
    static const skad_peer_slot slots[] = {5, 0, 7};
    (void)state;
    assert_int_equal(skad_slot_list_find(slots, 3, 8), 3);
    assert_int_equal(skad_slot_list_find(slots, 2, 7), 2); /* beyond the list's end */
    assert_int_equal(skad_slot_list_find(slots, 0, 5), 0);
}

static void the_others_keep_their_order_when_one_goes(void **state)
{
    static const struct {
        size_t at;
        skad_peer_slot left[4];
    } cases[] = {
        {0, {2, 3, 4, 99}},
        {1, {1, 3, 4, 99}},
        {3, {1, 2, 3, 99}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_peer_slot slots[] = {1, 2, 3, 4, 99}; /* the last is not of the list */
        size_t count = 4;
        skad_slot_list_remove(slots, &count, cases[i].at);
        assert_int_equal(count, 3);
        assert_memory_equal(slots, cases[i].left, 3 * sizeof slots[0]);
        assert_int_equal(slots[3], 4); /* no more was moved */
        assert_int_equal(slots[4], 99);
    }
}

static void the_only_one_leaves_an_empty_list(void **state)
{
    (void)state;
    skad_peer_slot slots[] = {1};
    size_t count = 1;
    skad_slot_list_remove(slots, &count, 0);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_is_found_where_it_stands_first),
        cmocka_unit_test(what_is_not_in_the_list_stands_behind_it),
        cmocka_unit_test(the_others_keep_their_order_when_one_goes),
        cmocka_unit_test(the_only_one_leaves_an_empty_list),
    };
    return cmocka_run_group_tests_name("slot_list", tests, NULL, NULL);
}
