/* Nodes that were silent lately: for how long, at which address, and what gives way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/core/routing/departed.h"
#include "tests/support/prng.h"

static skad_id id_of(uint8_t number)
{
    return (skad_id){{number, 1, 2, 3}};
}

static void it_is_remembered_for_five_minutes(void **state)
{
    (void)state;
    skad_departed departed = {0};
    const skad_id id = id_of(1);
    const skad_address at = test_prng_address(1);
    assert_false(skad_departed_lately(&departed, &id, &at, 0));
    skad_departed_note(&departed, &id, &at, 1);
    assert_true(skad_departed_lately(&departed, &id, &at, 1));
    assert_true(skad_departed_lately(&departed, &id, &at, SKAD_DEPARTED_US));
    assert_false(skad_departed_lately(&departed, &id, &at, SKAD_DEPARTED_US + 1));
    skad_departed_note(&departed, &id, &at, SKAD_DEPARTED_US); /* again: its time begins anew */
    assert_true(skad_departed_lately(&departed, &id, &at, 2 * SKAD_DEPARTED_US - 1));
    skad_departed_back(&departed, &id, &at);
    assert_false(skad_departed_lately(&departed, &id, &at, SKAD_DEPARTED_US));
}

/* A liar that names a living node at a wrong address does not keep others from it. */
static void it_counts_for_one_id_at_one_address(void **state)
{
    (void)state;
    skad_departed departed = {0};
    const skad_id id = id_of(1);
    const skad_id other = id_of(2);
    const skad_address at = test_prng_address(1);
    skad_address elsewhere = at;
    elsewhere.port++;
    skad_departed_note(&departed, &id, &at, 5);
    assert_false(skad_departed_lately(&departed, &id, &elsewhere, 5));
    assert_false(skad_departed_lately(&departed, &other, &at, 5));
    skad_departed_back(&departed, &id, &elsewhere);
    skad_departed_back(&departed, &other, &at);
    assert_true(skad_departed_lately(&departed, &id, &at, 5));
}

static void when_there_is_no_room_the_earliest_gives_way(void **state)
{
    (void)state;
    skad_departed departed = {0};
    const skad_address at = test_prng_address(1);
    for (uint8_t i = 0; i <= SKAD_DEPARTED_MAX; i++) {
        const skad_id id = id_of(i);
        skad_departed_note(&departed, &id, &at, 1U + i);
    }
    for (uint8_t i = 0; i <= SKAD_DEPARTED_MAX; i++) {
        const skad_id id = id_of(i);
        assert_int_equal(skad_departed_lately(&departed, &id, &at, 100), i != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_remembered_for_five_minutes),
        cmocka_unit_test(it_counts_for_one_id_at_one_address),
        cmocka_unit_test(when_there_is_no_room_the_earliest_gives_way),
    };
    return cmocka_run_group_tests_name("departed", tests, NULL, NULL);
}
