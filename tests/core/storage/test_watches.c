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

static void touches_begin_no_more_than_a_get_in_five_seconds(void **state)
{
    (void)state;
    const uint64_t second_us = SKAD_US_PER_S;
    static const struct {
        const char *label;
        uint64_t began_s, due_s, touched_s, wanted_s;
    } cases[] = {
        {"never begun", 0, 100, 3, 3},         {"begun long ago", 10, 100, 15, 15},
        {"begun just now", 10, 100, 11, 15},   {"begun in this very moment", 10, 100, 10, 15},
        {"due sooner anyway", 10, 12, 11, 12},
    };
    skad_watches watches;
    skad_watches_init(&watches, 1);
    assert_int_equal(skad_watches_take(&watches), 0);
    skad_watched *watched = watches.slots[0];
    watched->type = SKAD_RECORD_ANNOUNCEMENT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        watched->began_us = cases[i].began_s * second_us;
        watched->due_us = cases[i].due_s * second_us;
        for (unsigned times = 0; times < 3; times++) {
            skad_watches_touch(&watches, SKAD_RECORD_ANNOUNCEMENT, &watched->key,
                               cases[i].touched_s * second_us);
        }
        if (watched->due_us != cases[i].wanted_s * second_us) {
            fail_msg("%s", cases[i].label);
        }
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
        cmocka_unit_test(touches_begin_no_more_than_a_get_in_five_seconds),
        cmocka_unit_test(what_was_told_is_no_news),
    };
    return cmocka_run_group_tests_name("watches", tests, NULL, NULL);
}
