/* What is remembered of peers that were handed records. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/upkeep/handed.h"

static skad_id id_of(uint8_t number)
{
    return (skad_id){{number, 1, 2, 3}};
}

static void the_last_time_counts(void **state)
{
    (void)state;
    skad_handed handed = {0};
    const skad_id id = id_of(1);
    const skad_id other = id_of(2);
    assert_null(skad_handed_find(&handed, &id));
    skad_handed_note(&handed, &id, 7, 1);
    skad_handed_note(&handed, &other, 8, 2);
    skad_handed_note(&handed, &id, 9, 3);
    assert_int_equal(skad_handed_find(&handed, &id)->token, 9);
    assert_int_equal(skad_handed_find(&handed, &id)->us, 3);
    assert_int_equal(skad_handed_find(&handed, &other)->token, 8);
}

static void where_there_is_no_room_the_earliest_gives_way(void **state)
{
    (void)state;
    skad_handed handed = {0};
    for (uint8_t i = 0; i <= SKAD_HANDED_MAX; i++) {
        const skad_id id = id_of(i);
        skad_handed_note(&handed, &id, i, 10U + i);
    }
    for (uint8_t i = 0; i <= SKAD_HANDED_MAX; i++) {
        const skad_id id = id_of(i);
        assert_int_equal(skad_handed_find(&handed, &id) == NULL, i == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_time_counts),
        cmocka_unit_test(where_there_is_no_room_the_earliest_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
