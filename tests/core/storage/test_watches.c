/* Places of watches: bounded, named, touched by key and type, and never told the same thing twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/core/storage/watches.h"

static void places_are_bounded_and_names_go_stale(void **state)
{
    (void)state;
    skad_watches watches;
    skad_watches_init(&watches, 2);
    assert_int_equal(skad_watches_take(&watches), 0);
    assert_int_equal(skad_watches_take(&watches), 1);
    assert_int_equal(skad_watches_take(&watches), -1);
    skad_op old = skad_watches_name(&watches, 0);
    assert_int_equal(skad_watches_find(&watches, old), 0);
    skad_watches_release(&watches, 0);
    assert_int_equal(skad_watches_find(&watches, old), -1);
    assert_int_equal(skad_watches_take(&watches), 0);
    assert_int_equal(skad_watches_find(&watches, old), -1);
    assert_int_equal(skad_watches_find(&watches, skad_watches_name(&watches, 0)), 0);
    assert_int_equal(skad_watches_find(&watches, 0), -1);
    assert_int_equal(skad_watches_find(&watches, UINT64_MAX), -1);
    /* An operation's name has its slot in the lower half, without the mark of watches. */
    assert_int_equal(skad_watches_find(&watches, (uint64_t)watches.generation << 32), -1);
    skad_watches_free(&watches);
}

static void none_are_possible(void **state)
{
    (void)state;
    skad_watches watches;
    skad_watches_init(&watches, 0);
    assert_int_equal(skad_watches_take(&watches), -1);
    skad_watches_touch(&watches, SKAD_RECORD_MUTABLE, &(skad_id){{1}}, 5);
    skad_watches_free(&watches);
}

static void only_the_watched_key_and_type_is_touched(void **state)
{
    (void)state;
    skad_watches watches;
    skad_watches_init(&watches, 4);
    for (uint8_t i = 0; i < 4; i++) {
        assert_int_equal(skad_watches_take(&watches), i);
        watches.slots[i]->type = i < 2 ? SKAD_RECORD_MUTABLE : SKAD_RECORD_ANNOUNCEMENT;
        watches.slots[i]->key = (skad_id){{(uint8_t)(i % 2)}};
        watches.slots[i]->due_us = 100;
    }
    skad_watches_touch(&watches, SKAD_RECORD_ANNOUNCEMENT, &(skad_id){{1}}, 5);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(watches.slots[i]->due_us, i == 3 ? 5 : 100);
    }
    skad_watches_free(&watches);
}

static void what_was_told_is_no_news(void **state)
{
    (void)state;
    skad_watched watched = {0};
    const uint64_t first[] = {1, 2};
    const uint64_t second[] = {2, 3};
    assert_false(skad_watched_news(&watched, first, 0));
    assert_true(skad_watched_news(&watched, first, 2));
    assert_false(skad_watched_news(&watched, first, 2));
    assert_true(skad_watched_news(&watched, second, 2));
    assert_false(skad_watched_news(&watched, first, 2));
    for (uint64_t i = 10; i < 10 + SKAD_WATCH_KNOWN_MAX; i++) {
        assert_true(skad_watched_news(&watched, &i, 1));
    }
    assert_true(skad_watched_news(&watched, first, 1)); /* so long ago that it is news again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_bounded_and_names_go_stale),
        cmocka_unit_test(none_are_possible),
        cmocka_unit_test(only_the_watched_key_and_type_is_touched),
        cmocka_unit_test(what_was_told_is_no_news),
    };
    return cmocka_run_group_tests_name("watches", tests, NULL, NULL);
}
