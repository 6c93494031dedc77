/* The table of what clients wait for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "src/daemon/control/pending_calls.h"

static skad_pending_calls calls;

/* Only their addresses count. */
static int clients[2];

static struct skad_control_client *client(size_t i)
{
    return (struct skad_control_client *)&clients[i];
}

static int fill(void **state)
{
    (void)state;
    calls.count = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const skad_pending_call call = {
            .op = 10 + i, .client = client(i % 2), .msgid = 20 + i / 2, .sequence = i};
        skad_pending_calls_add(&calls, &call);
    }
    return 0;
}

static void each_is_found_by_what_names_it(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(skad_pending_calls_find(&calls, 10 + i), i);
        assert_int_equal(skad_pending_calls_find_msgid(&calls, client(i % 2), 20 + i / 2), i);
    }
    assert_int_equal(skad_pending_calls_find_client(&calls, client(0)), 0);
    assert_int_equal(skad_pending_calls_find_client(&calls, client(1)), 1);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(skad_pending_calls_find(&calls, 9), 4);
    assert_int_equal(skad_pending_calls_find(&calls, 14), 4);
    assert_int_equal(skad_pending_calls_find_msgid(&calls, client(0), 22), 4);
    assert_int_equal(skad_pending_calls_find_client(&calls, NULL), 4);
    skad_pending_calls none = {.count = 0};
    assert_int_equal(skad_pending_calls_find(&none, 10), 0);
}

static void the_last_moves_to_the_place_of_what_is_taken(void **state)
{
    (void)state;
    skad_pending_call taken = skad_pending_calls_take(&calls, 1);
    assert_int_equal(taken.op, 11);
    assert_int_equal(taken.sequence, 1);
    assert_int_equal(calls.count, 3);
    assert_int_equal(skad_pending_calls_find(&calls, 13), 1);
    assert_int_equal(skad_pending_calls_find(&calls, 11), 3);
    taken = skad_pending_calls_take(&calls, 2); /* itself the last */
    assert_int_equal(taken.op, 12);
    assert_int_equal(calls.count, 2);
    assert_int_equal(skad_pending_calls_find_client(&calls, client(1)), 1);
}

static void there_is_room_for_1024(void **state)
{
    (void)state;
    const skad_pending_call call = {.op = 99};
    calls.count = 0;
    for (size_t i = 0; i < 1024; i++) {
        skad_pending_calls_add(&calls, &call);
    }
    assert_int_equal(calls.count, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_is_found_by_what_names_it, fill),
        cmocka_unit_test_setup(what_is_not_there_is_not_found, fill),
        cmocka_unit_test_setup(the_last_moves_to_the_place_of_what_is_taken, fill),
        cmocka_unit_test_setup(there_is_room_for_1024, fill),
    };
    return cmocka_run_group_tests_name("pending_calls", tests, NULL, NULL);
}
