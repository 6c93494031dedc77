/* The result of a lookup: the closest that have answered, and no more of an address group than its
 * share. A node's number is its distance and its address (lookup_script.h). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/lookup/nearest.h"
#include "src/core/routing/diversity.h"
#include "tests/support/lookup_script.h"

#define OF_ANOTHER_16 0x10000U

static int begin(void **state)
{
    *state = script_make(1, 8, 8, 4);
    return 0;
}

static int end(void **state)
{
    skad_lookup_free(*state);
    return 0;
}

static void assert_closest(const skad_lookup *lookup, size_t max, const uint32_t *numbers,
                           size_t count)
{
    uint16_t indices[SKAD_K_MAX];
    assert_int_equal(skad_lookup_closest(lookup, max, indices), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(script_number_of(lookup, indices[i]), numbers[i]);
    }
}

/* Has all numbers asked. */
static void ask_all(skad_lookup *lookup, const uint32_t *numbers, size_t count)
{
    script_seed(lookup, numbers, count);
    script_assert_asks(lookup, numbers, count);
}

static void only_those_that_answered_count_in_ascending_distance(void **state)
{
    skad_lookup *lookup = *state;
    assert_closest(lookup, 4, NULL, 0);
    ask_all(lookup, NUMBERS(1, 2, 3, 4, 5, 6));
    script_answer(lookup, 5, NULL, 0);
    script_answer(lookup, 2, NULL, 0);
    script_answer(lookup, 4, NULL, 0);
    script_fail_node(lookup, 1);
    skad_lookup_slow(lookup, script_index_of(lookup, 3));
    assert_closest(lookup, 4, NUMBERS(2, 4, 5));
    assert_closest(lookup, 2, NUMBERS(2, 4));
    assert_closest(lookup, 0, NULL, 0);
}

static void a_group_has_its_share_of_the_closest(void **state)
{
    skad_lookup *lookup = *state;
    ask_all(lookup, NUMBERS(1, 2, 3, OF_ANOTHER_16));
    script_answer(lookup, 1, NULL, 0);
    script_answer(lookup, 2, NULL, 0);
    script_answer(lookup, 3, NULL, 0);
    script_answer(lookup, OF_ANOTHER_16, NULL, 0);
    lookup->group_path_max = 2;
    assert_closest(lookup, 4, NUMBERS(1, 2, OF_ANOTHER_16));
    lookup->group_path_max = 0;
    assert_closest(lookup, 4, NUMBERS(1, 2, 3, OF_ANOTHER_16));
}

/* A group is a /24, so a number's last byte tells nothing. Private addresses are in none. */
static void candidates_are_counted_by_their_groups(void **state)
{
    static const uint32_t numbers[] = {1, 2, 0x100, 0x101, OF_ANOTHER_16};
    static const size_t groups[] = {1, 1, 2, 2, 3};
    uint16_t indices[5];
    skad_lookup *lookup = *state;
    script_seed(lookup, numbers, 5);
    assert_int_equal(skad_lookup_groups(lookup, indices, 0), 0);
    for (size_t i = 0; i < 5; i++) {
        indices[i] = script_index_of(lookup, numbers[i]);
        assert_int_equal(skad_lookup_groups(lookup, indices, i + 1), groups[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        skad_address *address = &lookup->candidates.all[indices[i]].address;
        memcpy(address->ip, (const uint8_t[]){127, 0, 0, 1}, 4);
        lookup->candidates.groups[indices[i]] = skad_address_group(address);
    }
    assert_int_equal(skad_lookup_groups(lookup, indices, 5), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_those_that_answered_count_in_ascending_distance),
        TEST(a_group_has_its_share_of_the_closest),
        TEST(candidates_are_counted_by_their_groups),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
