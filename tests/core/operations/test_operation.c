/* Places of operations: their number is bounded, and a stale name finds nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "src/core/operations/operation.h"

#define SLOTS 6

static int begin(void **state)
{
    static skad_operations operations;
    *state = &operations;
    return skad_operations_init(&operations, SLOTS) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    skad_operations_free(*state);
    return 0;
}

static void a_taken_place_runs_and_is_found_by_its_name(void **state)
{
    skad_operations *operations = *state;
    skad_operation *operation = skad_operations_take(operations, SKAD_OPERATION_GET, 0);
    assert_non_null(operation);
    assert_int_equal(operation->kind, SKAD_OPERATION_GET);
    assert_int_equal(operation->stage, SKAD_STAGE_RUNNING);
    assert_int_equal(operations->taken, 1);
    skad_op name = skad_operation_name(operations, operation);
    assert_true(name != 0);
    assert_ptr_equal(skad_operations_find(operations, name), operation);
}

static void a_name_is_stale_after_release_even_when_the_place_is_taken_again(void **state)
{
    skad_operations *operations = *state;
    skad_operation *operation = skad_operations_take(operations, SKAD_OPERATION_PING, 0);
    skad_op old = skad_operation_name(operations, operation);
    skad_operations_release(operations, operation);
    assert_null(skad_operations_find(operations, old));
    skad_operation *again = skad_operations_take(operations, SKAD_OPERATION_PING, 0);
    assert_int_equal(again->slot, 0); /* as before */
    assert_null(skad_operations_find(operations, old));
    assert_true(skad_operation_name(operations, again) != old);
}

static void names_that_never_were_find_nothing(void **state)
{
    skad_operations *operations = *state;
    skad_operation *operation = skad_operations_take(operations, SKAD_OPERATION_PING, 0);
    skad_op name = skad_operation_name(operations, operation);
    const skad_op remotes[] = {
        0, SLOTS, UINT64_MAX, name + 1, name ^ (1ULL << 32), name + SLOTS, name + (1ULL << 31)};
    for (size_t i = 0; i < sizeof remotes / sizeof remotes[0]; i++) {
        assert_null(skad_operations_find(operations, remotes[i]));
    }
}

static void all_places_can_be_taken_and_no_more(void **state)
{
    skad_operations *operations = *state;
    for (size_t i = 0; i < SLOTS; i++) {
        assert_non_null(skad_operations_take(operations, SKAD_OPERATION_LOOKUP, 0));
    }
    assert_null(skad_operations_take(operations, SKAD_OPERATION_LOOKUP, 0));
    skad_operations_release(operations, operations->slots[3].operation);
    assert_int_equal(skad_operations_take(operations, SKAD_OPERATION_LOOKUP, 0)->slot, 3);
}

static void spare_places_are_left_for_others(void **state)
{
    skad_operations *operations = *state;
    for (size_t i = 0; i < SLOTS - 2; i++) {
        assert_non_null(skad_operations_take(operations, SKAD_OPERATION_LOOKUP, 2));
    }
    assert_null(skad_operations_take(operations, SKAD_OPERATION_LOOKUP, 2));
    assert_non_null(skad_operations_take(operations, SKAD_OPERATION_JOIN, 0));
    assert_non_null(skad_operations_take(operations, SKAD_OPERATION_REFRESH, 0));
    assert_null(skad_operations_take(operations, SKAD_OPERATION_JOIN, 0));
}

static void release_frees_what_an_operation_owns_and_empties_its_slot(void **state)
{
    skad_operations *operations = *state;
    skad_operation *operation = skad_operations_take(operations, SKAD_OPERATION_PUT, 0);
    skad_op name = skad_operation_name(operations, operation);
    operation->lookup = calloc(1, sizeof *operation->lookup);
    operation->lookup->candidates.all = malloc(sizeof(skad_candidate));
    operation->payload.record = malloc(SKAD_RECORD_BYTES_MAX);
    operation->collection =
        skad_collection_new(SKAD_RECORD_ANNOUNCEMENT, &(skad_id){{1}}, &(skad_network_id){{2}});
    operation->holders = malloc(sizeof *operation->holders);
    operation->closest = malloc(sizeof *operation->closest);
    operation->steps = malloc(sizeof *operation->steps);
    operation->payload.keep = true;
    skad_operations_release(operations, operation); /* the sanitizer sees what was forgotten */
    assert_null(skad_operations_find(operations, name));
    operation = skad_operations_take(operations, SKAD_OPERATION_PUT, 0);
    assert_int_equal(operation->slot, 0);
    assert_null(operation->lookup);
    assert_null(operation->payload.record);
    assert_false(operation->payload.keep);
    skad_operations_release(operations, operation);
    assert_int_equal(operations->taken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_taken_place_runs_and_is_found_by_its_name, begin, end),
        cmocka_unit_test_setup_teardown(
            a_name_is_stale_after_release_even_when_the_place_is_taken_again, begin, end),
        cmocka_unit_test_setup_teardown(names_that_never_were_find_nothing, begin, end),
        cmocka_unit_test_setup_teardown(all_places_can_be_taken_and_no_more, begin, end),
        cmocka_unit_test_setup_teardown(spare_places_are_left_for_others, begin, end),
        cmocka_unit_test_setup_teardown(release_frees_what_an_operation_owns_and_empties_its_slot,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("operation", tests, NULL, NULL);
}
